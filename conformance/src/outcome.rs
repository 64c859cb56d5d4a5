//! The results of each case and of a run, for every report and for `--report json`. They hold no
//! secret: [`CaseReport::redact`] and [`RunReport::redact`] are called where they are made.

use std::{
    io,
    time::{Duration, SystemTime},
};

use bandwidth_fixtures::NamedProfile;
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};

use crate::{
    case::Case,
    error::{FAILED, INCONCLUSIVE, LEFT_BEHIND, NOTHING_EXECUTED, PASSED, USAGE},
    exchange::Purpose,
    fit::{self, Explanation, Fit},
    leftover::{Leftover, are_excused},
    redact::Redactor,
    transcript::{Transcript, milliseconds},
    verdict::{CaseResult, Level, Stop, Verdict},
    wire::Format,
};

/// The version of the format of `--report json`.
pub const FORMAT: u32 = 2;

/// The result of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseReport {
    /// The case's id. It never means something else later.
    pub id: String,
    /// The format that it was judged in, for a case that has a verdict for each.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub format: Option<Format>,
    /// Decides whether a deviation is a failure.
    pub level: Level,
    /// One sentence.
    pub claim: String,
    /// Documents that support the claim.
    pub source: String,
    /// True if it creates, changes or deletes users.
    pub writes: bool,
    /// The behaviours that it measures, with the expected options.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub expected: Vec<Expectation>,
    pub verdict: Verdict,
    /// True if the run ended before the case began; the verdict is then `inconclusive`.
    #[serde(skip_serializing_if = "is_false", default)]
    pub not_run: bool,
    /// Why, for anything but a pass; may have several lines.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The behaviour that explains a failure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub explained_by: Option<Explanation>,
    /// The reason of its entry in the file of known failures, if it failed as listed there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub known: Option<String>,
    /// Observations of the case.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub facts: Vec<String>,
    /// Duration in milliseconds.
    pub elapsed_ms: u64,
    /// The requests and responses, in the order in which they were sent.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exchanges: Vec<Transcript>,
}

/// A behaviour and the expected option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expectation {
    /// The behaviour's id.
    pub behaviour: String,
    pub option: String,
}

/// A behaviour that the run left open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenQuestion {
    /// The behaviour's id.
    pub behaviour: String,
    /// Why it is open, in one line.
    pub reason: String,
}

impl CaseReport {
    /// Turns the end of a case's body into a verdict. A case that only characterises never fails:
    /// what would be a failure is an observed fact.
    pub fn new(case: &Case, result: CaseResult, mut facts: Vec<String>) -> Self {
        let (verdict, reason) = match (result, case.level) {
            (Ok(()), Level::Characterise) => (Verdict::Observed, None),
            (Ok(()), _) => (Verdict::Pass, None),
            (Err(Stop::Fail(seen)), Level::Characterise) => {
                facts.push(seen);
                (Verdict::Observed, None)
            }
            (Err(Stop::Fail(reason)), _) => (Verdict::Fail, Some(reason)),
            (Err(Stop::Inconclusive(reason)), _) => (Verdict::Inconclusive, Some(reason)),
            (Err(Stop::Skip(reason)), _) => (Verdict::Skipped, Some(reason)),
            (Err(Stop::Error(reason)), _) => (Verdict::Error, Some(reason)),
        };
        Self {
            id: case.id.to_string(),
            format: None,
            level: case.level,
            claim: case.claim.to_string(),
            source: case.source.to_string(),
            writes: case.writes(),
            expected: Vec::new(),
            verdict,
            not_run: false,
            reason,
            explained_by: None,
            facts,
            known: None,
            exchanges: Vec::new(),
            elapsed_ms: 0,
        }
    }

    /// Removes the secrets that `redactor` knows, and control characters. The exchanges hold none.
    pub fn redact(&mut self, redactor: &Redactor) {
        for text in self.reason.iter_mut().chain(&mut self.facts) {
            *text = redactor.text(text);
        }
    }

    /// Its name in reports: the id, and the format if it ran in one.
    pub fn name(&self) -> String {
        match self.format {
            Some(format) => format!("{} [{}]", self.id, format.as_str()),
            None => self.id.clone(),
        }
    }

    /// True if it failed or erred, and is not a known failure.
    pub fn is_unexpected(&self) -> bool {
        self.verdict.is_failure() && self.known.is_none()
    }

    /// The first part of the id.
    pub fn area(&self) -> &str {
        self.id.split('.').next().unwrap_or("")
    }

    /// The exchange that the verdict is about: the last one that the reason names, else the last step.
    /// Checks and clean-up are never meant.
    pub fn judged(&self) -> Option<&Transcript> {
        let steps = || {
            let exchanges = self.exchanges.iter().rev();
            exchanges.filter(|exchange| exchange.purpose == Purpose::Case)
        };
        let reason = self.reason.as_deref().unwrap_or("");
        let named = steps().find(|step| step.is_named_in(reason));
        named.or_else(|| steps().next())
    }

    /// The first line of the reason, or nothing.
    pub fn headline(&self) -> &str {
        let reason = self.reason.as_deref().unwrap_or("");
        reason.lines().next().unwrap_or("")
    }
}

/// The result of a run of bandwidth-conformance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunReport {
    /// Version of this format: 2.
    pub format: u32,
    /// Version of the program that wrote it.
    pub version: String,
    /// When the run began, RFC 3339 in UTC.
    pub began: String,
    /// Description of the target.
    pub target: String,
    pub account_id: String,
    /// Name of the expected profile.
    pub profile: String,
    /// The exit code of the process.
    pub exit_code: u8,
    pub counts: Counts,
    /// Requests sent, including those of the clean-up.
    pub requests: u64,
    /// Users created, including those that may have been.
    pub users: u64,
    /// Duration in milliseconds.
    pub elapsed_ms: u64,
    /// Why the run ended before all cases had run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended: Option<String>,
    /// Users of the run that are not proved gone.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub leftovers: Vec<Leftover>,
    /// True if users that are known to stay do not change the exit code.
    #[serde(skip_serializing_if = "is_false", default)]
    pub leftovers_allowed: bool,
    /// The command that removes what is left, if there is a ledger.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cleanup: Option<String>,
    /// Behaviours that the run left open.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub open_questions: Vec<OpenQuestion>,
    /// Notes for the reader, one line each.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
    /// Entries of the file of known failures that no longer hold.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub known_problems: Vec<String>,
    /// Files that could not be written or removed on this machine.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub troubles: Vec<String>,
    /// The profile that agrees best with what the target showed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fit: Option<Fit>,
    /// The cases, in the order in which they ran.
    pub cases: Vec<CaseReport>,
    /// The exchanges of the last clean-up, which reports do not show.
    #[serde(skip)]
    pub closing: Vec<Transcript>,
}

/// Number of cases per verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counts {
    /// The claim holds.
    pub pass: usize,
    /// The claim does not hold; known failures are counted here too.
    pub fail: usize,
    /// Known failures among the failed and erred ones.
    pub known: usize,
    /// Nothing is claimed; something was seen.
    pub observed: usize,
    /// The target kept the case from being judged, or the run ended before it.
    pub inconclusive: usize,
    /// The case does not apply.
    pub skipped: usize,
    /// The suite itself went wrong.
    pub error: usize,
}

impl RunReport {
    /// The result of `cases`, which took that long. The other fields are empty.
    pub fn new(cases: Vec<CaseReport>, began: SystemTime, elapsed: Duration) -> Self {
        let mut report = Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            began: humantime::format_rfc3339_seconds(began).to_string(),
            elapsed_ms: milliseconds(elapsed),
            cases,
            ..Self::default()
        };
        report.decide();
        report
    }

    /// Removes the secrets that `redactor` knows, and control characters, from everything but the
    /// cases.
    pub fn redact(&mut self, redactor: &Redactor) {
        for user in &mut self.leftovers {
            user.username = redactor.line(&user.username);
            user.key = user.key.as_deref().map(|key| redactor.line(key));
            user.remove = redactor.line(&user.remove);
        }
        for question in &mut self.open_questions {
            question.reason = redactor.text(&question.reason);
        }
        let one = [&mut self.target, &mut self.profile].into_iter();
        let lists = [
            &mut self.notes,
            &mut self.known_problems,
            &mut self.troubles,
        ];
        for text in one
            .chain(&mut self.ended)
            .chain(lists.into_iter().flatten())
        {
            *text = redactor.text(text);
        }
    }

    /// Counts the verdicts and decides the exit code. Call it again if a field has changed. The
    /// order is: users left behind, failures, problems on this machine, missing verdicts.
    pub fn decide(&mut self) {
        let count = |verdict| self.count(verdict);
        let known = self.cases.iter().filter(|case| case.known.is_some());
        self.counts = Counts {
            pass: count(Verdict::Pass),
            fail: count(Verdict::Fail),
            known: known.count(),
            observed: count(Verdict::Observed),
            inconclusive: count(Verdict::Inconclusive),
            skipped: count(Verdict::Skipped),
            error: count(Verdict::Error),
        };
        let code = if !are_excused(&self.leftovers, self.leftovers_allowed) {
            LEFT_BEHIND
        } else if self.unexpected() > 0 || !self.known_problems.is_empty() {
            FAILED
        } else if self.counts.inconclusive > 0 {
            INCONCLUSIVE
        } else if self.counts.skipped < self.cases.len() {
            PASSED
        } else {
            NOTHING_EXECUTED
        };
        self.exit_code = if self.troubles.is_empty() {
            code
        } else {
            code_with_troubles(code)
        };
    }

    /// The result in a few words, for a title.
    pub fn outcome(&self) -> String {
        match self.exit_code {
            PASSED => "all passed".to_owned(),
            FAILED => match self.unexpected() {
                0 => "the list of known failures no longer holds".to_owned(),
                1 => "1 case failed".to_owned(),
                count => format!("{count} cases failed"),
            },
            USAGE => "a file could not be written".to_owned(),
            INCONCLUSIVE => "inconclusive".to_owned(),
            NOTHING_EXECUTED => "nothing was executed".to_owned(),
            LEFT_BEHIND => "users are left behind".to_owned(),
            code => format!("exit code {code}"),
        }
    }

    /// Number of cases with that verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        let cases = self.cases.iter();
        cases.filter(|case| case.verdict == verdict).count()
    }

    /// Number of failures that are not known.
    pub fn unexpected(&self) -> usize {
        let unexpected = self.cases.iter().filter(|case| case.is_unexpected());
        unexpected.count()
    }

    /// The report of the case with that id.
    pub fn case(&self, id: &str) -> Option<&CaseReport> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// Says which behaviour explains each failure, and which profile fits the target best.
    /// `expected` is the profile of the run.
    pub fn explain(&mut self, expected: &NamedProfile) {
        let all = self.cases.iter().flat_map(|case| &case.exchanges);
        self.fit = fit::best(all, expected);
        let seen = self.fit.as_ref().map_or(&[][..], |fit| &fit.seen);
        for case in &mut self.cases {
            if case.verdict == Verdict::Fail {
                let measured = case.expected.iter().map(|one| one.behaviour.as_str());
                let measured: Vec<&str> = measured.collect();
                case.explained_by =
                    fit::explanation(&case.exchanges, expected.options(), &measured, seen);
            }
        }
    }

    /// As JSON, indented.
    pub fn to_json(&self) -> io::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Reads the output of `--report json`. The error states the problem and what to do.
    pub fn from_json(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let not = "it is not a report that --report json=FILE wrote";
        let found: Versioned = serde_json::from_str(text).map_err(|_| not.to_owned())?;
        if found.format != FORMAT {
            return Err(format!(
                "it is a report of format {}, and this version reads format {FORMAT}; run the suite again with --report json=FILE",
                found.format
            ));
        }
        serde_json::from_str(text).map_err(|_| not.to_owned())
    }

    /// The JSON Schema of this format.
    pub fn schema() -> String {
        let text = serde_json::to_string_pretty(&schema_for!(Self));
        text.expect("a schema is plain data") + "\n"
    }
}

/// The exit code `code` of a run, after something could not be written on this machine. That hides
/// neither users left behind nor failures.
pub fn code_with_troubles(code: u8) -> u8 {
    match code {
        LEFT_BEHIND | FAILED => code,
        _ => USAGE,
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::{case::Users, fit::Explanation, leftover::LeftoverState};

    use super::{
        Case, CaseReport, Duration, FAILED, LEFT_BEHIND, Leftover, Level, PASSED, Purpose,
        RunReport, Stop, SystemTime, USAGE, Verdict, code_with_troubles,
    };

    /// A report with one case per verdict given.
    pub(crate) fn report(verdicts: &[Verdict]) -> RunReport {
        let case = |(number, verdict): (usize, &Verdict)| {
            let id = format!("area.topic.case-{number}");
            let case =
                Case::new(id, "Water is wet", Users::None).known_from(Level::Derived, "the guide");
            let reason = (*verdict != Verdict::Pass && *verdict != Verdict::Observed)
                .then(|| "the reason\nand its second line".to_owned());
            CaseReport {
                verdict: *verdict,
                reason,
                ..CaseReport::new(&case, Ok(()), Vec::new())
            }
        };
        let cases = verdicts.iter().enumerate().map(case).collect();
        let elapsed = Duration::from_millis(1234);
        RunReport {
            target: "the target".to_owned(),
            account_id: "12345".to_owned(),
            profile: "guide".to_owned(),
            requests: 7,
            users: 2,
            ..RunReport::new(cases, SystemTime::UNIX_EPOCH, elapsed)
        }
    }

    /// The behaviour that explains a failure.
    pub(crate) fn explanation(behaviour: &str, expected: &str, seen: Option<&str>) -> Explanation {
        Explanation {
            behaviour: behaviour.to_owned(),
            expected: expected.to_owned(),
            seen: seen.map(str::to_owned),
        }
    }

    /// A user that is still there.
    pub(crate) fn leftover(state: LeftoverState) -> Leftover {
        Leftover {
            username: "cf-1".to_owned(),
            key: Some("u7".to_owned()),
            state,
            remove: String::new(),
        }
    }

    #[test]
    fn a_case_that_characterises_never_fails() {
        let failed = || Err(Stop::Fail("it is blue".to_owned()));
        let case = |level| Case::new("a.b.c", "claim", Users::None).known_from(level, "source");
        let report = CaseReport::new(&case(Level::Characterise), failed(), Vec::new());
        assert_eq!(report.verdict, Verdict::Observed);
        assert_eq!(report.facts, ["it is blue"]);
        let report = CaseReport::new(&case(Level::Derived), failed(), Vec::new());
        assert_eq!(report.verdict, Verdict::Fail);
        assert_eq!(report.reason.as_deref(), Some("it is blue"));
    }

    #[test]
    fn a_report_is_found_by_the_id_of_its_case() {
        let report = report(&[Verdict::Pass, Verdict::Fail]);
        let found = report.case("area.topic.case-1").map(|case| case.verdict);
        assert_eq!(found, Some(Verdict::Fail));
        assert!(report.case("area.topic.case-2").is_none());
    }

    #[test]
    fn troubles_hide_neither_failures_nor_users_left_behind() {
        let codes = [PASSED, FAILED, USAGE, LEFT_BEHIND].map(code_with_troubles);
        assert_eq!(codes, [USAGE, FAILED, USAGE, LEFT_BEHIND]);
    }

    #[test]
    fn the_worst_ending_names_the_code() {
        use Verdict::{Error, Fail, Inconclusive, Observed, Pass, Skipped};
        for (verdicts, code) in [
            (&[Pass, Observed, Skipped][..], 0),
            (&[Observed], 0),
            (&[Pass, Fail, Inconclusive], 1),
            (&[Pass, Error], 1),
            (&[Pass, Inconclusive], 3),
            (&[Skipped], 4),
            (&[], 4),
        ] {
            assert_eq!(report(verdicts).exit_code, code, "{verdicts:?}");
        }
        for (state, allowed, code) in [
            (LeftoverState::Exists, false, 5),
            (LeftoverState::Exists, true, 1),
            (LeftoverState::Deactivated, true, 1),
            (LeftoverState::Unconfirmed, true, 5),
        ] {
            let mut left = report(&[Fail]);
            left.leftovers.push(leftover(state));
            left.leftovers_allowed = allowed;
            left.decide();
            assert_eq!(left.exit_code, code, "{state:?}, allowed: {allowed}");
        }
    }

    #[test]
    fn a_report_of_another_format_is_refused_with_the_reason() {
        let text = report(&Verdict::ALL).to_json().unwrap();
        assert_eq!(RunReport::from_json(&text).unwrap(), report(&Verdict::ALL));
        let old = text.replacen("\"format\": 2", "\"format\": 1", 1);
        let error = RunReport::from_json(&old).unwrap_err();
        assert!(error.starts_with("it is a report of format 1"), "{error}");
        let error = RunReport::from_json("{}").unwrap_err();
        assert!(error.starts_with("it is not a report"), "{error}");
    }

    #[test]
    fn the_judged_exchange_is_the_last_one_that_the_reason_names() {
        use crate::{
            exchange::Exchange,
            redact::Redactor,
            transcript::Transcript,
            transport::{Request, Response},
        };
        let step = |method: &str, path: &str, status, purpose| {
            let exchange = Exchange {
                purpose,
                origin: "http://127.0.0.1:1".to_owned(),
                at: Duration::ZERO,
                took: Duration::ZERO,
                request: Request::new(method, path),
                outcome: Ok(Response {
                    status,
                    headers: Vec::new(),
                    body: Vec::new(),
                }),
                repeated: None,
            };
            Transcript::of(&exchange, &Redactor::default())
        };
        let mut report = report(&[Verdict::Fail]);
        let case = &mut report.cases[0];
        let judged = |case: &CaseReport| case.judged().map(|step| step.status);
        assert_eq!(judged(case), None);
        case.exchanges = vec![
            step("POST", "/users", 201, Purpose::Case),
            step("PUT", "/users/u2", 200, Purpose::Case),
            step("GET", "/users/u2", 204, Purpose::Case),
            step("DELETE", "/users/u2", 200, Purpose::CleanUp),
        ];
        assert_eq!(judged(case), Some(Some(204)), "the last step");
        case.reason = Some("expected 200, got 201\nPOST /users -> 201, location: /x".to_owned());
        assert_eq!(judged(case), Some(Some(201)));
        case.reason = Some("no such line: PUT /users/u2 -> 2001".to_owned());
        assert_eq!(judged(case), Some(Some(204)));
    }
}
