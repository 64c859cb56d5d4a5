//! What a probe learned, as a profile file that the mock loads.

use std::fmt::Write as _;

use bandwidth_fixtures::{BehaviourId, FixtureError, NamedProfile};

use super::{Finding, Findings, Observation};

/// Where and when it was learned.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The target's host.
    pub host: &'a str,
    /// `YYYY-MM-DD`
    pub date: &'a str,
    /// Name of the file that has the exchanges.
    pub exchanges: &'a str,
}

/// The file. What was not observed is taken from `base`, and a comment says so.
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
    let observed = findings
        .values()
        .filter(|finding| matches!(finding, Finding::Observed(_)));
    let (count, base_name) = (observed.count(), base.name());
    let mut text = format!(
        "# What {host} showed on {date}: {count} behaviours observed; what it did not show is as in\n# `{base_name}`. The numbers of exchanges are those of {exchanges}.\n#   bandwidth-mock --profile THIS_FILE\nformat = 1\nname = {}\ndescription = {}\nbase = {}\n",
        quoted(&format!("learned-{host}-{date}")),
        quoted(&format!(
            "what {host} showed on {date}; the rest is as in {base_name}"
        )),
        quoted(base_name),
    );
    let mut areas: Vec<&str> = BehaviourId::all().map(BehaviourId::area).collect();
    areas.sort_unstable();
    areas.dedup();
    // A table `format` would be taken for the version of the file, and what is in no table comes
    // first.
    areas.sort_by_key(|area| *area != "format");
    for area in areas {
        let in_table = area != "format";
        text.push('\n');
        if in_table {
            let _ = writeln!(text, "[{area}]");
        }
        for id in BehaviourId::all().filter(|id| id.area() == area) {
            match findings.get(id.as_str()) {
                Some(Finding::Observed(observation)) => {
                    let key = match id.as_str().split_once('.') {
                        Some((_, key)) if in_table => key.to_owned(),
                        _ => quoted(id.as_str()),
                    };
                    let _ = writeln!(text, "{key} = {}", quoted(&observation.option));
                }
                Some(Finding::Open(why)) => comment(&mut text, id, base, why),
                None => comment(&mut text, id, base, "it was not probed"),
            }
        }
    }
    for id in BehaviourId::all() {
        if let Some(Finding::Observed(observation)) = findings.get(id.as_str()) {
            evidence(&mut text, id, observation, origin);
        }
    }
    // A file that does not load is no use to anybody.
    NamedProfile::parse("the learned profile", &text)?;
    Ok(text)
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

fn evidence(text: &mut String, id: BehaviourId, observation: &Observation, origin: Origin<'_>) {
    let (first, last) = observation.exchanges;
    let Origin { host, date, .. } = origin;
    let mut source = format!("probe of {host}, exchanges {first} to {last}");
    if !observation.note.is_empty() {
        source = source + ": " + &observation.note;
    }
    let confidence: Vec<String> = observation
        .alternatives
        .iter()
        .map(|text| quoted(text))
        .collect();
    let _ = write!(
        text,
        "\n[evidence.\"{id}\"]\nkind = \"observed\"\ndate = {date}\nsource = {}\n",
        quoted(&source)
    );
    if !confidence.is_empty() {
        let _ = writeln!(text, "alternatives = [{}]", confidence.join(", "));
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
