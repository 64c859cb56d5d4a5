//! Emulators of this process for single cases.

use bandwidth_fixtures::{Golden, NamedProfile};

use crate::{
    dialogue::run::{Emulator, Emulators},
    target::embedded::Embedded,
};

/// Emulators of this process.
pub struct Inside;

impl Emulators for Inside {
    fn for_case(&self, profile: &NamedProfile, faults: &[&str]) -> Result<Emulator, String> {
        Embedded::for_suite(profile.clone(), faults).map(running)
    }

    fn for_golden(&self, golden: &Golden) -> Result<Emulator, String> {
        Embedded::of_golden(golden).map(running)
    }
}

fn running(emulator: Embedded) -> Emulator {
    Emulator {
        address: emulator.address(),
        keep: Box::new(emulator),
    }
}
