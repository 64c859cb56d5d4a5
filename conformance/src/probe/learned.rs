//! Writes the findings of a probe as a profile file that the mock loads.

use std::{collections::BTreeMap, fmt::Write as _};

use bandwidth_fixtures::{Answer, BehaviourId, Evidence, EvidenceKind, FixtureError, NamedProfile};

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
        Some((id.as_str(), seen.option.as_str()))
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

/// Writes the file. Options that were not observed come from `base`, with a comment. A base that is
/// itself a file may be absent when this one is read, so its options are written here with their
/// evidence.
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
    let all = BehaviourId::all();
    let count = all.filter(|id| observed(findings, *id).is_some()).count();
    let base_name = base.name();
    let built_in = NamedProfile::built_in(base_name).as_ref() == Some(base);
    let mut text = format!(
        "# What {host} showed on {date}: {count} behaviours observed; what it did not show is as in\n# `{base_name}`. The numbers of exchanges are those of {exchanges}.\n#   bandwidth-mock --profile THIS_FILE\nformat = 1\nname = {}\ndescription = {}\n",
        quoted(&format!("learned-{host}-{date}")),
        quoted(&format!(
            "what {host} showed on {date}; the rest is as in {base_name}"
        )),
    );
    // Beside a file's options a base is only for behaviours of later versions.
    let base_of_file = if built_in {
        base_name
    } else {
        NamedProfile::BUILT_IN[0]
    };
    let _ = writeln!(text, "base = {}", quoted(base_of_file));
    let mut areas: Vec<&str> = BehaviourId::all().map(BehaviourId::area).collect();
    areas.sort_unstable();
    areas.dedup();
    // A table `format` would be taken for the version of the file, and what is in no table comes
    // first.
    areas.sort_by_key(|area| *area != "format");
    let mut reasons = BTreeMap::new();
    for area in areas {
        let in_table = area != "format";
        text.push('\n');
        if in_table {
            let _ = writeln!(text, "[{area}]");
        }
        for id in BehaviourId::all().filter(|id| id.area() == area) {
            let key = match id.as_str().split_once('.') {
                Some((_, key)) if in_table => key.to_owned(),
                _ => quoted(id.as_str()),
            };
            if let Some(seen) = observed(findings, id) {
                let _ = writeln!(text, "{key} = {}", quoted(&seen.option));
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
            comment(&mut text, id, base, if is_new { why } else { &above });
            if !built_in {
                let _ = writeln!(text, "{key} = {}", quoted(&base.options().get(id)));
            }
        }
    }
    for id in BehaviourId::all() {
        if let Some(seen) = observed(findings, id) {
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
            let evidence = Evidence {
                kind: EvidenceKind::Observed,
                source: source.into(),
                date: date.to_owned().into(),
                answer: None,
                alternatives: seen.alternatives.clone(),
            };
            write_evidence(&mut text, id, &evidence);
        } else if let (false, Some(own)) = (built_in, own_evidence(base, id)) {
            write_evidence(&mut text, id, own);
        }
    }
    // A file that does not load is no use to anybody.
    NamedProfile::parse("the learned profile", &text)?;
    Ok(text)
}

/// The profile's own evidence for its choice, if it differs from that of the option.
fn own_evidence(profile: &NamedProfile, id: BehaviourId) -> Option<&Evidence> {
    let known = profile.evidence(id);
    let option = id.behaviour().option(&profile.options().get(id));
    match option {
        Some(option) if option.evidence == known => None,
        _ => known.first(),
    }
}

fn comment(text: &mut String, id: BehaviourId, base: &NamedProfile, why: &str) {
    let option = base.options().get(id);
    let name = base.name();
    let _ = writeln!(
        text,
        "# {id} was not observed, so it is {name}'s `{option}`: {}",
        why.replace('\n', " ")
    );
}

fn write_evidence(text: &mut String, id: BehaviourId, evidence: &Evidence) {
    let _ = write!(
        text,
        "\n[evidence.\"{id}\"]\nkind = \"{}\"\ndate = {}\n",
        evidence.kind,
        date(&evidence.date),
    );
    if let Some(Answer { by, ticket }) = &evidence.answer {
        let _ = writeln!(text, "by = {}\nticket = {}", quoted(by), quoted(ticket));
    }
    if !evidence.source.is_empty() {
        let _ = writeln!(text, "source = {}", quoted(&evidence.source));
    }
    if !evidence.alternatives.is_empty() {
        let alternatives: Vec<String> = evidence
            .alternatives
            .iter()
            .map(|text| quoted(text))
            .collect();
        let _ = writeln!(text, "alternatives = [{}]", alternatives.join(", "));
    }
}

/// A day in TOML, or a text if it has none.
fn date(text: &str) -> String {
    if text == "undated" {
        quoted(text)
    } else {
        text.to_owned()
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
