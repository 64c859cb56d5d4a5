//! Known failures of the suite: cases that the file of `--known` names.

use std::{net::Ipv6Addr, path::Path};

use bandwidth_fixtures::KnownFailures;
use reqwest::Url;

use crate::{error::ConformanceError, outcome::CaseReport, registry, verdict::Verdict};

/// Reads a file. Every entry names a case that exists.
pub fn load(path: &Path) -> Result<KnownFailures, ConformanceError> {
    let known = KnownFailures::load(path, |entry| {
        registry::find(&entry.case).map_err(|error| error.to_string())?;
        let target = entry.target.as_deref().map_or(Ok(()), check_target);
        target.map_err(|what| format!("{}: `target` {what}", entry.case))
    });
    known.map_err(ConformanceError::Usage)
}

/// Marks a failure that is known. `target` is `mock` or a host.
pub fn mark(known: &KnownFailures, case: &mut CaseReport, target: &str) {
    let entry = known.entry(&case.id, target);
    if let Some(entry) = entry.filter(|entry| fails(case) && !entry.has_expired()) {
        case.known = Some(entry.reason.clone());
    }
}

/// Problems with the entries of cases that ran. If a case runs in each format, its entry holds when
/// it fails in one of them.
pub fn problems(known: &KnownFailures, cases: &[CaseReport], target: &str) -> Vec<String> {
    let passes = |case: &CaseReport| matches!(case.verdict, Verdict::Pass | Verdict::Observed);
    let problem = |(index, case): (usize, &CaseReport)| {
        let entry = known.entry(&case.id, target)?;
        if cases[..index].iter().any(|earlier| earlier.id == case.id) {
            return None;
        }
        let same = || cases.iter().filter(|other| other.id == case.id);
        entry.problem(same().any(fails), same().any(passes))
    };
    cases.iter().enumerate().filter_map(problem).collect()
}

fn fails(case: &CaseReport) -> bool {
    case.verdict.is_failure()
}

/// A target that could never be met is a mistake.
fn check_target(target: &str) -> Result<(), String> {
    let form = "`mock` or a host alone, for example dashboard.bandwidth.com";
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

    use bandwidth_fixtures::{KnownFailures, known::today};

    use super::{mark, problems};
    use crate::{outcome::tests::report, verdict::Verdict};

    fn load(text: &str) -> Result<KnownFailures, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known.toml");
        fs::write(&path, text).unwrap();
        let known = super::load(&path);
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
        for (verdict, text, count, code) in [
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
            mark(&known, &mut report.cases[1], "mock");
            report.known_problems = problems(&known, &report.cases, "mock");
            assert_eq!(report.known_problems.len(), count, "{verdict} {text}");
            report.decide();
            assert_eq!(report.exit_code, code, "{verdict} {text}");
        }
    }

    #[test]
    fn a_case_of_two_formats_is_known_to_fail_when_it_fails_in_one() {
        for (verdicts, count, code) in [
            ([Verdict::Pass, Verdict::Fail], 0, 0),
            ([Verdict::Fail, Verdict::Fail], 0, 0),
            ([Verdict::Pass, Verdict::Pass], 1, 1),
        ] {
            let mut report = report(&verdicts);
            let known = load(&entry("2999-01-01", "")).unwrap();
            for case in &mut report.cases {
                case.id = CASE.to_owned();
                mark(&known, case, "mock");
            }
            report.known_problems = problems(&known, &report.cases, "mock");
            assert_eq!(report.known_problems.len(), count, "{verdicts:?}");
            report.decide();
            assert_eq!(report.exit_code, code, "{verdicts:?}");
        }
    }

    #[test]
    fn a_case_is_given_once_for_each_target() {
        let far = "2999-01-01";
        let other_case = |target: &str| entry(far, target).replace(CASE, "list.users.are-listed");
        for (first, second, expected) in [
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
                Some("is given twice"),
            ),
        ] {
            let text = format!("{first}\n{second}");
            let error = load(&text).err();
            let as_expected = match (&error, expected) {
                (Some(error), Some(expected)) => error.contains(expected),
                (error, expected) => error.is_none() && expected.is_none(),
            };
            assert!(as_expected, "{text}: {error:?}");
        }
    }

    #[test]
    fn a_target_that_no_run_has_is_reported() {
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
