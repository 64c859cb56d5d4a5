//! Options that the exchanges of a run show: the behaviour that explains a failure, and the profile
//! that fits the target best.

mod readings;

use std::collections::BTreeMap;

use bandwidth_fixtures::{BehaviourId, NamedProfile, Profile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::readings::options;
use crate::{exchange::Purpose, transcript::Transcript};

/// The fit of profiles to a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fit {
    /// The built-in profile that agrees with most of the seen options; the expected one if none
    /// agrees with more.
    pub profile: String,
    /// Number of observed options that it has.
    pub agrees: usize,
    /// Name of the expected profile.
    pub expected: String,
    /// Number of observed options that the expected profile has.
    pub expected_agrees: usize,
    /// The options that the target showed, and never another one of the same behaviour.
    pub seen: Vec<SeenOption>,
}

/// An option that the target showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeenOption {
    /// The behaviour's id.
    pub behaviour: String,
    pub option: String,
}

/// Why a case failed: the target does not show the expected option of a behaviour.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Explanation {
    /// The behaviour's id.
    pub behaviour: String,
    /// The expected option.
    pub expected: String,
    /// The option that the case's own exchanges show; absent if the case only measures the behaviour.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen: Option<String>,
}

impl Fit {
    /// Advice if another profile fits better than the expected one.
    pub fn hint(&self) -> Option<String> {
        (self.profile != self.expected).then(|| {
            format!(
                "this target looks like profile {0} ({1} of {2} seen options; {3}: {4}); run again with --profile {0}",
                self.profile,
                self.agrees,
                self.seen.len(),
                self.expected,
                self.expected_agrees,
            )
        })
    }
}

/// The profile that fits `exchanges` best; `None` if they show no option.
pub fn best<'a>(
    exchanges: impl Iterator<Item = &'a Transcript>,
    expected: &NamedProfile,
) -> Option<Fit> {
    let mut shown: BTreeMap<BehaviourId, Vec<&'static str>> = BTreeMap::new();
    for (id, option) in exchanges.flat_map(options) {
        let options = shown.entry(id).or_default();
        if !options.contains(&option) {
            options.push(option);
        }
    }
    let seen: Vec<(BehaviourId, &str)> = shown
        .into_iter()
        .filter_map(|(id, options)| match *options {
            [option] => Some((id, option)),
            _ => None,
        })
        .collect();
    if seen.is_empty() {
        return None;
    }
    let agreeing = |profile: &NamedProfile| {
        let agrees = |(id, option): &&(BehaviourId, &str)| profile.options().get(*id) == *option;
        seen.iter().filter(agrees).count()
    };
    let expected_agrees = agreeing(expected);
    let (mut profile, mut agrees) = (expected.name().to_owned(), expected_agrees);
    for built_in in NamedProfile::BUILT_IN.iter().copied() {
        let count = NamedProfile::built_in(built_in).map_or(0, |built_in| agreeing(&built_in));
        if count > agrees {
            (profile, agrees) = (built_in.to_owned(), count);
        }
    }
    Some(Fit {
        profile,
        agrees,
        expected: expected.name().to_owned(),
        expected_agrees,
        seen: seen
            .into_iter()
            .map(|(id, option)| SeenOption {
                behaviour: id.to_string(),
                option: option.to_owned(),
            })
            .collect(),
    })
}

/// The behaviour that explains why a case failed which measures the behaviours `measured`. In this
/// order: one of which the case's own exchanges show another option than `expected` has; one that
/// names what a refused request holds, if the target showed another option elsewhere (`seen`); the
/// only measured one.
pub fn explanation(
    exchanges: &[Transcript],
    expected: &Profile,
    measured: &[&str],
    seen: &[SeenOption],
) -> Option<Explanation> {
    let steps = exchanges
        .iter()
        .filter(|exchange| exchange.purpose == Purpose::Case);
    // The last exchange is the one that was judged.
    let shown = steps.clone().rev().find_map(|exchange| {
        let mut contradicted = options(exchange);
        contradicted.retain(|(id, option)| expected.get(*id) != *option);
        let mut of_measured = contradicted.iter();
        let of_measured = of_measured.find(|(id, _)| measured.contains(&id.as_str()));
        of_measured.or(contradicted.first()).copied()
    });
    let refused = || {
        let last = steps.clone().next_back()?;
        let names = names_in_request(last).iter();
        let mut seen = names.filter_map(|name| seen.iter().find(|one| one.behaviour == *name));
        seen.find_map(|one| {
            let id: BehaviourId = one.behaviour.parse().ok()?;
            (expected.get(id) != one.option).then_some((id, one.option.as_str()))
        })
    };
    let (id, seen) = match (shown.or_else(refused), measured) {
        (Some((id, option)), _) => (id, Some(option.to_owned())),
        (None, [only]) => (only.parse().ok()?, None),
        (None, _) => return None,
    };
    Some(Explanation {
        behaviour: id.to_string(),
        expected: expected.get(id),
        seen,
    })
}

/// The behaviours that give the fields of a request their names, if it was rejected.
fn names_in_request(exchange: &Transcript) -> &'static [&'static str] {
    let body = exchange.request_body.trim_start();
    match exchange.status {
        Some(400 | 422) if body.starts_with('{') => &["naming.json_case", "naming.email"],
        Some(400 | 422) if body.starts_with('<') => &["naming.email"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use bandwidth_fixtures::NamedProfile;

    use super::{SeenOption, best, explanation, readings::tests::exchange};
    use crate::{exchange::Purpose, transcript::Transcript};

    #[test]
    fn the_profile_that_agrees_with_most_is_named() {
        let guide = NamedProfile::built_in("guide").unwrap();
        let published = NamedProfile::built_in("published").unwrap();
        let seen = [
            exchange(
                "GET",
                "users/a",
                200,
                r#"{"username":"a","emailAddress":"b","firstName":"c"}"#,
            ),
            exchange("GET", "users", 401, ""),
        ];
        let fit = best(seen.iter(), &guide).unwrap();
        assert_eq!(fit.profile, "published");
        let hint = fit.hint().unwrap();
        assert!(
            hint.ends_with("run again with --profile published"),
            "{hint}"
        );
        assert_eq!(best(seen.iter(), &published).unwrap().hint(), None);
        assert_eq!(best([].iter(), &guide), None);
        // Shown both ways, a behaviour says nothing.
        let both = [
            exchange("DELETE", "users/a", 204, ""),
            exchange("DELETE", "users/a", 200, "{}"),
        ];
        assert_eq!(best(both.iter(), &guide), None);
    }

    #[test]
    fn a_failure_is_explained_by_what_its_own_exchanges_contradict() {
        let guide = NamedProfile::built_in("guide").unwrap();
        let explained = |exchanges: &[Transcript], measured: &[&str]| {
            explanation(exchanges, guide.options(), measured, &[]).map(|one| one.behaviour)
        };
        let email = exchange(
            "GET",
            "users/a",
            200,
            r#"{"UserId":"u","Username":"a","EmailAddress":"b"}"#,
        );
        let mut delete = exchange("DELETE", "users/a", 204, "");
        let both = [email.clone(), delete.clone()];
        assert_eq!(explained(&both, &[]).as_deref(), Some("delete.status"));
        let measured = ["put.semantics", "naming.email"];
        assert_eq!(
            explained(&both, &measured).as_deref(),
            Some("delete.status")
        );
        let measured = ["naming.user_key"];
        let user = exchange(
            "GET",
            "users/a",
            200,
            r#"{"username":"a","EmailAddress":"b"}"#,
        );
        assert_eq!(
            explained(std::slice::from_ref(&user), &[]).as_deref(),
            Some("naming.email")
        );
        assert_eq!(
            explained(&[user], &measured).as_deref(),
            Some("naming.user_key")
        );
        assert_eq!(
            explained(&[], &["put.semantics"]).as_deref(),
            Some("put.semantics")
        );
        assert_eq!(explained(&[], &["put.semantics", "email.unique"]), None);
        // A refused request may hold a name that the target showed to be another.
        let mut create = exchange("POST", "users", 400, "");
        create.request_body = "<Email>a@b</Email>".to_owned();
        let seen = [SeenOption {
            behaviour: "naming.email".to_owned(),
            option: "EmailAddress".to_owned(),
        }];
        let refused = explanation(&[create], guide.options(), &["put.semantics"], &seen);
        assert_eq!(refused.unwrap().behaviour, "naming.email");
        // Responses to the clean-up explain no failure.
        delete.purpose = Purpose::CleanUp;
        assert_eq!(explained(&[delete], &[]), None);
    }
}
