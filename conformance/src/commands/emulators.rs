//! Emulators of this process for single cases.

use std::time::SystemTime;

use bandwidth_fixtures::{Golden, NamedProfile};

use crate::{
    dialogue::run::{Emulator, Emulators},
    target::embedded::Embedded,
};

/// Emulators of this process.
pub struct Inside {
    /// Start of their clocks.
    pub clock: Option<SystemTime>,
}

impl Emulators for Inside {
    fn for_case(
        &self,
        profile: &NamedProfile,
        faults: &[&str],
        clock: Option<SystemTime>,
    ) -> Result<Emulator, String> {
        Embedded::for_suite(profile.clone(), faults, clock.or(self.clock)).map(running)
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
