//! A seed file. What is written of one, which has no password in the clear, is read again.
#![no_main]

use bandwidth_fixtures::Seed;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match Seed::parse("fuzzed.json", text) {
        Ok(seed) => {
            let _ = seed.to_json();
        }
        Err(error) => assert!(error.to_string().contains("fuzzed.json"), "{error}"),
    }
});
