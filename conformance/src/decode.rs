//! The suite's own reading of bodies: strict, and independent of the emulator's codec, so that a
//! mistake made there cannot hide here.

pub mod domain;
pub mod json;
pub mod tolerant;
pub mod tree;
pub mod users;
pub mod xml;
