//! Reports for people and machines.

pub mod console;
