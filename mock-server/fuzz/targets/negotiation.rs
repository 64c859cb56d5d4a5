//! Values of `Accept`, a line each; the first is also a `Content-Type`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bandwidth_mock::internals::law::negotiation(bytes));
