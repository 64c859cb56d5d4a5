//! Findings of a probe.

use std::collections::BTreeMap;

use bandwidth_fixtures::BehaviourId;
use serde::{Deserialize, Serialize};

/// Result for one behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The target shows this option.
    Observed(Observation),
    /// No experiment settled it, for this reason.
    Open(String),
}

/// An option that a target showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// As a profile writes it.
    pub option: String,
    /// Options that the evidence does not rule out.
    pub alternatives: Vec<String>,
    /// Further observations; empty if there are none.
    pub note: String,
    /// The numbers of the first and the last exchange of the evidence.
    pub exchanges: (usize, usize),
}

/// The findings by behaviour id.
pub type Findings = BTreeMap<String, Finding>;

/// Ids of behaviours.
pub(super) type Behaviours = &'static [&'static str];

/// The behaviour with that id, of which the experiments name no others.
pub(super) fn behaviour(id: &str) -> BehaviourId {
    id.parse().expect("experiments name behaviours")
}
