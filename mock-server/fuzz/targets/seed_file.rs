//! A seed file. One without a password in the clear is written as it was read.
#![no_main]

use bandwidth_fixtures::Seed;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match Seed::parse("fuzzed.json", text) {
        Ok(seed) => {
            let json = seed.to_json();
            let clear = seed.accounts.iter().any(|account| {
                let users = account.users.iter().map(|user| &user.password);
                users
                    .chain([&account.login.password])
                    .any(|password| password.is_some())
            });
            if !clear {
                let again = Seed::parse("again.json", &json).expect("it was written here");
                assert_eq!(again.to_json(), json);
            }
        }
        Err(error) => assert!(error.to_string().contains("fuzzed.json"), "{error}"),
    }
});
