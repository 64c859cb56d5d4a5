//! The result of a run as data, without secrets: what `--report json` writes, and what the other
//! reports are made of.

use std::{io, time::Duration};

use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};

use super::curl;
use crate::{
    case::Level,
    exchange::Exchange,
    exit::code_of,
    outcome::{CaseReport, RunReport, Verdict},
    redact::{self, MARK, Redactor},
};

/// The version of this format.
pub const FORMAT: u32 = 1;
/// How much of a body is kept.
const BODY: usize = 16 * 1024;

/// The result of a run of bandwidth-conformance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// Version of this format: 1.
    pub format: u32,
    /// Version of the program that wrote it.
    pub version: String,
    /// When the run began, RFC 3339 in UTC.
    pub began: String,
    /// What was tested, in words.
    pub target: String,
    /// The account.
    pub account_id: String,
    /// Name of the profile that was expected.
    pub profile: String,
    /// The exit code of the run.
    pub exit_code: u8,
    /// How many cases have each verdict.
    pub counts: Counts,
    /// Requests that were sent, those of the clean-up among them.
    pub requests: u64,
    /// Users that were created, or may have been.
    pub users: u64,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// Why the run ended before all cases had run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended: Option<String>,
    /// Users that the run created, or may have created, and could not remove.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub leftovers: Vec<String>,
    /// The command that removes them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cleanup: Option<String>,
    /// Entries of the file of known failures that no longer hold.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub known_problems: Vec<String>,
    /// The cases, in the order in which they ran.
    pub cases: Vec<CaseResult>,
}

/// How many cases have each verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counts {
    /// The claim holds.
    pub pass: usize,
    /// The claim does not hold; known failures are counted here too.
    pub fail: usize,
    /// Of those that failed or erred, the known ones.
    pub known: usize,
    /// Nothing is claimed; something was seen.
    pub observed: usize,
    /// The target kept the case from being judged.
    pub inconclusive: usize,
    /// The case does not apply.
    pub skipped: usize,
    /// The suite itself went wrong.
    pub error: usize,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseResult {
    /// Its id, which never means something else later.
    pub id: String,
    /// How much its claim may be held against a target.
    pub level: Level,
    /// What it claims.
    pub claim: String,
    /// Where the claim comes from.
    pub source: String,
    /// Whether it creates, changes or deletes users.
    pub writes: bool,
    /// The behaviours that it measures, with the expected options.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub expected: Vec<Expectation>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, for anything but a pass.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The reason of its entry in the file of known failures, when it failed as that says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub known: Option<String>,
    /// What was seen on the way.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub facts: Vec<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// What was sent and what came back.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exchanges: Vec<ExchangeResult>,
}

impl CaseResult {
    /// Whether somebody has to look at it.
    pub fn is_unexpected(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::Error) && self.known.is_none()
    }

    /// The first part of the id.
    pub fn area(&self) -> &str {
        self.id.split('.').next().unwrap_or("")
    }
}

/// A behaviour and the expected option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expectation {
    /// The behaviour's id.
    pub behaviour: String,
    /// The option.
    pub option: String,
}

/// One request and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExchangeResult {
    /// `case`, or `clean_up`.
    pub purpose: String,
    /// When it was sent, in milliseconds from the start of the run.
    pub at_ms: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The method.
    pub method: String,
    /// Where to.
    pub url: String,
    /// The request's headers, but for Host and Content-Length.
    pub request_headers: Vec<HeaderResult>,
    /// The request's body.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub request_body: String,
    /// The status; absent when there was no answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// The response's headers.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub response_headers: Vec<HeaderResult>,
    /// The response's body.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub response_body: String,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// Why it was sent again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub repeated: Option<String>,
    /// A shell command that sends it once more; secrets are variables in it.
    pub curl: String,
}

/// One header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderResult {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Document {
    /// The result of `report`, without the secrets that `redactor` knows.
    pub fn new(report: &RunReport, redactor: &Redactor) -> Self {
        let clean = |text: &str| redactor.clean(text);
        let all = |texts: &[String]| texts.iter().map(|text| clean(text)).collect();
        let count = |verdict| report.count(verdict);
        let known = report.cases.iter().filter(|case| case.known.is_some());
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            began: humantime::format_rfc3339_seconds(report.began).to_string(),
            target: clean(&report.target),
            account_id: report.account_id.clone(),
            profile: clean(&report.profile),
            exit_code: code_of(report),
            counts: Counts {
                pass: count(Verdict::Pass),
                fail: count(Verdict::Fail),
                known: known.count(),
                observed: count(Verdict::Observed),
                inconclusive: count(Verdict::Inconclusive),
                skipped: count(Verdict::Skipped),
                error: count(Verdict::Error),
            },
            requests: report.requests,
            users: report.users,
            elapsed_ms: milliseconds(report.elapsed),
            ended: report.ended.as_deref().map(clean),
            leftovers: report
                .leftovers
                .iter()
                .map(|user| clean(&user.to_string()))
                .collect(),
            cleanup: report.cleanup_command(),
            known_problems: all(&report.known_problems),
            cases: report
                .cases
                .iter()
                .map(|case| case_result(case, redactor))
                .collect(),
        }
    }

    /// As text, indented.
    pub fn to_json(&self) -> io::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The JSON Schema of this format.
    pub fn schema() -> String {
        let schema = schema_for!(Self);
        let text = serde_json::to_string_pretty(&schema);
        text.expect("a schema is plain data") + "\n"
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn case_result(case: &CaseReport, redactor: &Redactor) -> CaseResult {
    let clean = |text: &str| redactor.clean(text);
    CaseResult {
        id: case.id.clone(),
        level: case.level,
        claim: case.claim.clone(),
        source: case.source.clone(),
        writes: case.writes,
        expected: case
            .expected
            .iter()
            .map(|(behaviour, option)| Expectation {
                behaviour: (*behaviour).to_owned(),
                option: option.clone(),
            })
            .collect(),
        verdict: case.verdict,
        reason: case.reason.as_deref().map(clean),
        known: case.known.as_deref().map(clean),
        facts: case.facts.iter().map(|fact| clean(fact)).collect(),
        elapsed_ms: milliseconds(case.took),
        exchanges: case
            .exchanges
            .iter()
            .map(|exchange| exchange_result(exchange, redactor))
            .collect(),
    }
}

/// An exchange without secrets.
pub fn exchange_result(exchange: &Exchange, redactor: &Redactor) -> ExchangeResult {
    let headers = |headers: &[(String, String)]| {
        headers
            .iter()
            .map(|(name, value)| HeaderResult {
                name: redactor.clean(name),
                value: if name.eq_ignore_ascii_case("authorization") {
                    redact::authorization(value)
                } else if is_session(name) {
                    MARK.to_owned()
                } else {
                    redactor.clean(value)
                },
            })
            .collect()
    };
    let request = &exchange.request;
    let response = exchange.outcome.as_ref().ok();
    ExchangeResult {
        purpose: exchange.purpose.as_str().to_owned(),
        at_ms: milliseconds(exchange.at),
        took_ms: milliseconds(exchange.took),
        method: request.method.clone(),
        url: redactor.clean(&format!("{}{}", exchange.origin, request.path)),
        request_headers: headers(&request.headers),
        request_body: body(&request.body, redactor),
        status: response.map(|response| response.status),
        response_headers: response.map_or_else(Vec::new, |response| headers(&response.headers)),
        response_body: response.map_or_else(String::new, |found| body(&found.body, redactor)),
        error: exchange
            .outcome
            .as_ref()
            .err()
            .map(|error| redactor.clean(error)),
        repeated: exchange.repeated.as_ref().map(|why| redactor.clean(why)),
        curl: curl::line(exchange, redactor),
    }
}

/// Whether a header's value lets somebody into the session of another.
fn is_session(name: &str) -> bool {
    ["cookie", "set-cookie"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// A body as text. Secrets go first: a secret that is cut in two would no longer be recognised.
fn body(bytes: &[u8], redactor: &Redactor) -> String {
    let text = redactor.clean(&String::from_utf8_lossy(bytes));
    if text.len() <= BODY {
        return text;
    }
    let mut end = BODY;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{} ... ({} bytes in all)", &text[..end], bytes.len())
}
