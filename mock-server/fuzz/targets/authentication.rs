//! The value of `Authorization`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bandwidth_mock::internals::law::authentication(bytes));
