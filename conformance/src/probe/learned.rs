//! Writes the findings of a probe as a profile file that the mock loads.

use std::collections::BTreeMap;

use bandwidth_fixtures::{BehaviourId, Evidence, FixtureError, NamedProfile};

use super::findings::{Finding, Findings, Observation};

/// Target and date of a probe.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The target's host.
    pub host: &'a str,
    /// `YYYY-MM-DD`
    pub date: &'a str,
    /// Name of the file that has the exchanges.
    pub exchanges: &'a str,
}

/// The findings that a profile can hold. Findings that do not fit, alone or with options from
/// `base`, are open for that reason.
pub fn fitting(findings: &Findings, base: &NamedProfile) -> Findings {
    let mut findings = findings.clone();
    for id in BehaviourId::all() {
        if let Some(seen) = observed(&findings, id)
            && !id.behaviour().accepts(&seen.option)
        {
            let expected = id.behaviour().expected();
            let why = format!(
                "it is {}, and a profile can only have {expected}",
                seen.option
            );
            findings.insert(id.to_string(), Finding::Open(why));
        }
    }
    // One alone first, so that as much stays as can.
    for dropped in [&LENGTHS[..1], &LENGTHS[1..2], &LENGTHS[2..], &LENGTHS] {
        let Err(error) = chosen(&findings, base) else {
            return findings;
        };
        let mut fewer = findings.clone();
        for name in dropped {
            if let Some(Finding::Observed(seen)) = findings.get(*name) {
                let why = format!(
                    "it is {}, which does not fit the options from {}; probe {} too: {error}",
                    seen.option,
                    base.name(),
                    LENGTHS.join(", "),
                );
                fewer.insert((*name).to_owned(), Finding::Open(why));
            }
        }
        if chosen(&fewer, base).is_ok() {
            return fewer;
        }
    }
    findings
}

/// Longest reason, in bytes, that is repeated for each behaviour.
pub const BRIEF: usize = 40;

/// The behaviours that a profile holds only together.
const LENGTHS: [&str; 3] = [
    "password.classes",
    "password.min_length",
    "password.max_length",
];

/// `base` with what was observed.
fn chosen(findings: &Findings, base: &NamedProfile) -> Result<NamedProfile, FixtureError> {
    let mut profile = base.clone();
    let choices = BehaviourId::all().filter_map(|id| {
        let seen = observed(findings, id)?;
        // The base keeps its evidence for the same option.
        let is_other = seen.option != base.options().get(id);
        is_other.then_some((id.as_str(), seen.option.as_str()))
    });
    profile.choose("what was observed", choices)?;
    Ok(profile)
}

fn observed(findings: &Findings, id: BehaviourId) -> Option<&Observation> {
    match findings.get(id.as_str()) {
        Some(Finding::Observed(observation)) => Some(observation),
        _ => None,
    }
}

/// Writes the file. Options that were not observed come from `base`, with a comment.
pub fn to_toml(
    findings: &Findings,
    base: &NamedProfile,
    origin: Origin<'_>,
) -> Result<String, FixtureError> {
    let Origin {
        host,
        date,
        exchanges,
    } = origin;
    let base_name = base.name();
    let mut profile = chosen(findings, base)?;
    profile.rename(
        &format!("learned-{host}-{date}"),
        &format!("what {host} showed on {date}; the rest is as in {base_name}"),
    );
    let mut count = 0;
    let mut comments = BTreeMap::new();
    let mut reasons = BTreeMap::new();
    for id in BehaviourId::all() {
        if let Some(seen) = observed(findings, id) {
            count += 1;
            profile.give_evidence(id, evidence(seen, host, date));
            continue;
        }
        let why = match findings.get(id.as_str()) {
            Some(Finding::Open(why)) => why,
            _ => "it was not probed",
        };
        // A reason that was given before is not given again.
        let first = *reasons.entry(why).or_insert(id);
        let above = format!("for the same reason as {first}");
        let is_new = first == id || why.len() <= BRIEF;
        let why = if is_new { why } else { &above };
        let option = base.options().get(id);
        let comment = format!("{id} was not observed, so it is {base_name}'s `{option}`: {why}");
        comments.insert(id, comment);
    }
    let heading = format!(
        "What {host} showed on {date}: {count} behaviours observed; what it did not show is as in\n`{base_name}`. The numbers of exchanges are those of {exchanges}.\n  bandwidth-mock --profile THIS_FILE"
    );
    profile.to_toml(base, &heading, &comments)
}

fn evidence(seen: &Observation, host: &str, date: &str) -> Evidence {
    let (first, last) = seen.exchanges;
    let exchanges = if first == last {
        format!("exchange {first}")
    } else {
        format!("exchanges {first} to {last}")
    };
    let mut source = format!("probe of {host}, {exchanges}");
    if !seen.note.is_empty() {
        source = source + ": " + &seen.note;
    }
    Evidence::observed(source, date, seen.alternatives.clone())
}
