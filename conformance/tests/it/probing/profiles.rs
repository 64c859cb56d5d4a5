//! Random profiles, from a seed that is always the same.

use std::iter;

use bandwidth_fixtures::{BehaviourId, NamedProfile};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::against::profile;

/// Options of a behaviour that a random profile may have.
fn options(id: BehaviourId) -> Vec<String> {
    let numbers: &[u32] = match id.as_str() {
        "auth.lockout" => &[0, 1, 2, 5, 6, 7, 13, 20],
        "auth.lockout_seconds" => &[0, 900],
        "auth.token_seconds" => &[60, 900, 3_600],
        "password.min_length" => &[1, 2, 5, 6, 8, 12, 16, 17, 24],
        "password.max_length" => &[24, 31, 40, 64, 100, 128, 255, 1_000],
        "password.classes" => &[0, 1, 2, 3, 4],
        "password.repeats" => &[0, 1, 2, 3, 4, 7, 12],
        "password.history" => &[0, 1, 2, 5, 8],
        _ => {
            let options = id.behaviour().options;
            return options
                .iter()
                .map(|option| option.name.to_owned())
                .collect();
        }
    };
    numbers.iter().map(ToString::to_string).collect()
}

/// Profiles that have any option of the behaviours that vary, and the guide's of the others.
fn any_profile(varies: impl Fn(&str) -> bool) -> impl Strategy<Value = Vec<String>> {
    let choices: Vec<_> = BehaviourId::all()
        .filter(|id| varies(id.as_str()))
        .map(|id| {
            proptest::sample::select(options(id)).prop_map(move |option| format!("{id}={option}"))
        })
        .collect();
    choices
}

/// True if a behaviour varies where a profile is complete, has users below the account, and has no
/// limit of requests, which the probe does not look for unasked.
pub(super) fn varies_freely(id: &str) -> bool {
    let fixed = ["rate.limit", "surface.account"];
    !fixed.contains(&id)
}

/// Random profiles with a password that they accept, from a seed that is always the same.
pub(crate) fn random_profiles(count: usize, varies: impl Fn(&str) -> bool) -> Vec<Vec<String>> {
    let config = Config::default();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let any = any_profile(varies);
    iter::repeat_with(|| any.new_tree(&mut runner).unwrap().current())
        .filter(|set| profile("guide", &[]).set(words(set)).is_ok())
        .take(count)
        .collect()
}

/// The guide's profile with these options.
pub(crate) fn guide_with(set: &[String]) -> NamedProfile {
    let mut actual = profile("guide", &[]);
    actual.set(words(set)).unwrap();
    actual
}

pub(crate) fn words(set: &[String]) -> impl Iterator<Item = &str> {
    set.iter().map(String::as_str)
}
