//! Known failures: a file that names cases which fail for a known reason, for a while. A listed
//! case still runs, and an entry that is no longer true fails the run.

use std::{fs, net::Ipv6Addr, path::Path};

use bandwidth_fixtures::describe;
use reqwest::Url;
use serde::Deserialize;

use crate::{
    error::ConformanceError,
    outcome::{CaseReport, today},
    registry,
    verdict::Verdict,
};

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFailures {
    #[serde(default, rename = "known")]
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The case's id.
    case: String,
    /// Only against this target: `mock`, or a host.
    target: Option<String>,
    /// Why it fails, for instance a ticket.
    reason: String,
    /// The last day on which this holds.
    expires: toml::value::Datetime,
}

impl Entry {
    fn has_expired(&self) -> bool {
        let day = self.expires.date.map(|date| date.to_string());
        day.is_some_and(|day| day < today())
    }
}

impl KnownFailures {
    /// Reads a file. Every entry names a case that exists, a reason and a day.
    pub fn load(path: &Path) -> Result<Self, ConformanceError> {
        let name = path.display();
        let usage = |what: String| ConformanceError::Usage(format!("--known {name}: {what}"));
        let text = fs::read_to_string(path).map_err(|error| usage(describe::io(&error)))?;
        let known: Self = describe::read_toml(&text).map_err(usage)?;
        for (index, entry) in known.entries.iter().enumerate() {
            registry::find(&entry.case).map_err(|error| usage(error.to_string()))?;
            if entry.reason.trim().is_empty() {
                return Err(usage(format!(
                    "{} has no reason; name a ticket, or say why it fails",
                    entry.case
                )));
            }
            if entry.expires.date.is_none() {
                return Err(usage(format!(
                    "{}: `expires` is a day, as 2027-01-31, without quotes",
                    entry.case
                )));
            }
            if let Some(target) = &entry.target {
                check_target(target)
                    .map_err(|what| usage(format!("{}: `target` {what}", entry.case)))?;
            }
            let twice = |other: &&Entry| other.case == entry.case && other.target == entry.target;
            if known.entries[..index].iter().any(|other| twice(&other)) {
                return Err(usage(format!(
                    "{} stands there twice; take one out",
                    entry.case
                )));
            }
        }
        Ok(known)
    }

    /// Marks a failure that is known. `target` is `mock` or a host.
    pub fn mark(&self, case: &mut CaseReport, target: &str) {
        let entry = self.entry(&case.id, target);
        let entry = entry.filter(|entry| case.verdict.is_failure() && !entry.has_expired());
        if let Some(entry) = entry {
            case.known = Some(entry.reason.clone());
        }
    }

    /// What is wrong with the entries of cases that ran. A case that is judged in each format fails
    /// as its entry says when it fails in one of them.
    pub fn problems(&self, cases: &[CaseReport], target: &str) -> Vec<String> {
        let mut problems = Vec::new();
        for (index, case) in cases.iter().enumerate() {
            let Some(entry) = self.entry(&case.id, target) else {
                continue;
            };
            if cases[..index].iter().any(|earlier| earlier.id == case.id) {
                continue;
            }
            let same = cases.iter().filter(|other| other.id == case.id);
            let good =
                |case: &CaseReport| matches!(case.verdict, Verdict::Pass | Verdict::Observed);
            let fails = |case: &CaseReport| case.verdict.is_failure();
            let what = if same.clone().any(good) && !same.clone().any(fails) {
                "listed as failing, and it does not fail any more; take it off the list".to_owned()
            } else if entry.has_expired() {
                format!("it was to be known until {}, which is past", entry.expires)
            } else {
                continue;
            };
            problems.push(format!("{}: {what} ({})", case.id, entry.reason));
        }
        problems
    }

    fn entry(&self, id: &str, target: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| {
            entry.case == id && entry.target.as_ref().is_none_or(|name| name == target)
        })
    }
}

/// A target that could never be met is a mistake.
fn check_target(target: &str) -> Result<(), String> {
    let form = "`mock` or a host alone, as dashboard.bandwidth.com";
    let text = if target.contains("://") {
        target.to_owned()
    } else if target.parse::<Ipv6Addr>().is_ok() {
        format!("https://[{target}]")
    } else {
        format!("https://{target}")
    };
    let url = Url::parse(&text).ok();
    let host = url.as_ref().and_then(Url::host_str);
    let host = host.map(|host| host.trim_matches(['[', ']']));
    match host {
        Some(host) if host == target => Ok(()),
        Some(host) => Err(format!("is {form}; write \"{host}\"")),
        None => Err(format!("is {form}")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::KnownFailures;
    use crate::{
        outcome::{tests::report, today},
        verdict::Verdict,
    };

    fn load(text: &str) -> Result<KnownFailures, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known.toml");
        fs::write(&path, text).unwrap();
        let known = KnownFailures::load(&path);
        known.map_err(|error| {
            error
                .to_string()
                .replace(&path.display().to_string(), "FILE")
        })
    }

    const CASE: &str = "create.password.weak-is-400";

    fn entry(expires: &str, target: &str) -> String {
        format!(
            "[[known]]\ncase = \"{CASE}\"\nreason = \"ticket 7\"\nexpires = {expires}\n{target}"
        )
    }

    #[test]
    fn an_entry_holds_until_it_expires_or_the_case_passes() {
        let far = "2999-01-01";
        for (verdict, text, problems, code) in [
            (Verdict::Fail, entry(far, ""), 0, 0),
            (Verdict::Fail, entry(far, "target = \"mock\""), 0, 0),
            (Verdict::Fail, entry(far, "target = \"x.example\""), 0, 1),
            (Verdict::Fail, entry(&today(), ""), 0, 0),
            (Verdict::Fail, entry("2020-01-01", ""), 1, 1),
            (Verdict::Pass, entry(far, ""), 1, 1),
            (Verdict::Inconclusive, entry(far, ""), 0, 3),
        ] {
            let mut report = report(&[Verdict::Pass, verdict]);
            report.cases[1].id = CASE.to_owned();
            let known = load(&text).unwrap();
            known.mark(&mut report.cases[1], "mock");
            report.known_problems = known.problems(&report.cases, "mock");
            assert_eq!(report.known_problems.len(), problems, "{verdict} {text}");
            report.decide();
            assert_eq!(report.exit_code, code, "{verdict} {text}");
        }
    }

    #[test]
    fn a_case_of_two_formats_is_known_to_fail_when_it_fails_in_one() {
        for (verdicts, problems, code) in [
            ([Verdict::Pass, Verdict::Fail], 0, 0),
            ([Verdict::Fail, Verdict::Fail], 0, 0),
            ([Verdict::Pass, Verdict::Pass], 1, 1),
        ] {
            let mut report = report(&verdicts);
            let known = load(&entry("2999-01-01", "")).unwrap();
            for case in &mut report.cases {
                case.id = CASE.to_owned();
                known.mark(case, "mock");
            }
            report.known_problems = known.problems(&report.cases, "mock");
            assert_eq!(report.known_problems.len(), problems, "{verdicts:?}");
            report.decide();
            assert_eq!(report.exit_code, code, "{verdicts:?}");
        }
    }

    #[test]
    fn a_case_stands_there_once_for_each_target() {
        let far = "2999-01-01";
        let other_case = |target: &str| entry(far, target).replace(CASE, "list.users.are-listed");
        for (first, second, told) in [
            (entry(far, ""), entry(far, "target = \"mock\""), None),
            (
                entry(far, "target = \"a.example\""),
                entry(far, "target = \"b.example\""),
                None,
            ),
            (entry(far, ""), other_case(""), None),
            (
                entry(far, "target = \"mock\""),
                other_case("target = \"mock\""),
                None,
            ),
            (
                entry(far, "target = \"mock\""),
                entry("2999-01-02", "target = \"mock\""),
                Some("stands there twice"),
            ),
        ] {
            let text = format!("{first}\n{second}");
            let error = load(&text).err();
            let as_told = match (&error, told) {
                (Some(error), Some(told)) => error.contains(told),
                (error, told) => error.is_none() && told.is_none(),
            };
            assert!(as_told, "{text}: {error:?}");
        }
    }

    #[test]
    fn a_target_that_no_run_has_is_told() {
        let of = |target: &str| load(&entry("2999-01-01", &format!("target = \"{target}\"")));
        for target in ["mock", "dashboard.bandwidth.com", "127.0.0.1", "::1"] {
            assert!(of(target).is_ok(), "{target}");
        }
        for (target, right) in [
            (
                "https://dashboard.bandwidth.com/api",
                "dashboard.bandwidth.com",
            ),
            ("dashboard.bandwidth.com/api", "dashboard.bandwidth.com"),
            ("Dashboard.Bandwidth.com", "dashboard.bandwidth.com"),
            ("http://127.0.0.1:8080", "127.0.0.1"),
            ("127.0.0.1:8080", "127.0.0.1"),
            ("https://[::1]:8080/api", "::1"),
        ] {
            let error = of(target).err().unwrap();
            assert!(error.ends_with(&format!("; write \"{right}\"")), "{error}");
        }
        assert!(of("").err().unwrap().contains("a host alone"));
    }
}
