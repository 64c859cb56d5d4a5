//! Doors for the fuzz targets and the benchmarks, which are outside of the crate. Not a public
//! interface: it is there with the feature `internals` only, and promises nothing.
//!
//! Each function of [`law`] takes bytes that a client could have sent, and panics when what this
//! crate makes of them breaks a law.

pub mod codec;
pub mod law;
