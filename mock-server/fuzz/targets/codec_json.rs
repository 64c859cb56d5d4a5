//! A body in JSON.
#![no_main]

use bandwidth_mock::internals::law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    law::json(bytes);
});
