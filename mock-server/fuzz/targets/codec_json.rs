//! A body in JSON. Another reader must agree that what is read is JSON.
#![no_main]

use bandwidth_mock::internals::law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if law::json(bytes) {
        let value: Result<serde_json::Value, _> = serde_json::from_slice(bytes);
        assert!(value.is_ok(), "serde_json refuses what is read here");
    }
});
