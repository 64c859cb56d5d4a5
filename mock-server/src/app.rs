//! What all requests of a server share.

use bandwidth_fixtures::NamedProfile;

use crate::{clock::Clock, fault::FaultRule, store::Store};

/// A server's world.
#[derive(Debug)]
pub struct App {
    /// The accounts.
    pub store: Store,
    /// How it behaves.
    pub profile: NamedProfile,
    /// What fails on purpose, in the order in which rules are asked.
    pub faults: Vec<FaultRule>,
    /// The time.
    pub clock: Clock,
    /// Decides what looks random.
    pub random_seed: u64,
    /// Whether responses say in a header which behaviours shaped them.
    pub explain: bool,
}
