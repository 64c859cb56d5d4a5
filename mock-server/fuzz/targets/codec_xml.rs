//! A body in XML. Another reader must agree that what is read is well-formed.
#![no_main]

use bandwidth_mock::internals::law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(text) = law::xml(bytes)
        && let Err(error) = roxmltree::Document::parse(&text)
    {
        panic!("roxmltree refuses what is read here: {error}");
    }
});
