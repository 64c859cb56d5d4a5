//! Servers for tests: a plain HTTP server with a handler, a proxy in front of an emulator, and an
//! account server that differs from the emulator in chosen ways.

pub(crate) mod http;
pub(crate) mod proxy;
pub(crate) mod sloppy;
