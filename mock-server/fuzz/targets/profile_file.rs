//! A profile file. What one says can be said again, behaviour by behaviour.
#![no_main]

use bandwidth_fixtures::{BehaviourId, NamedProfile};

libfuzzer_sys::fuzz_target!(|text: &str| {
    match NamedProfile::parse("fuzzed.toml", text) {
        Ok(profile) => {
            let mut again = NamedProfile::built_in("guide").expect("it is built in");
            let options: Vec<String> = BehaviourId::all()
                .map(|id| format!("{}={}", id.as_str(), profile.options().get(id)))
                .collect();
            again
                .set(options.iter().map(String::as_str))
                .expect("what a profile says can be set");
            assert!(again.options() == profile.options());
        }
        Err(error) => assert!(error.to_string().contains("fuzzed.toml"), "{error}"),
    }
});
