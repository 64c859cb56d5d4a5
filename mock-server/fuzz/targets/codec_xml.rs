//! A body in XML. Another reader must agree that what is read is well-formed.
#![no_main]

use bandwidth_mock::internals::law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if law::xml(bytes) {
        let text = std::str::from_utf8(bytes).expect("what is read is UTF-8");
        if let Err(error) = roxmltree::Document::parse(text) {
            panic!("roxmltree refuses what is read here: {error}");
        }
    }
});
