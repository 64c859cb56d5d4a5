//! Output of `assumptions`: the behaviours that a server's traffic relied on, as text, as JSON, or
//! as questions to Bandwidth's support.

use std::{ffi::OsString, fmt::Write as _};

use bandwidth_fixtures::{
    BehaviourId, EvidenceKind, NamedProfile, Secret,
    describe::{self, counted},
    questions::questions,
};
use clap::{Args, builder::PossibleValuesParser};
use serde_json::Value;

use super::{
    client::{self, Failure},
    errors,
};
use crate::{
    arguments::{named, secret},
    journal::assumptions::{Assumption, Assumptions, FAIL_ON},
};

/// The flags of `assumptions`.
#[derive(Debug, Args)]
pub(super) struct AssumptionsArguments {
    /// Send requests to the server at this URL [default: the variable of --admin-listen or of
    /// --listen, else 127.0.0.1:8080]
    #[arg(long, value_name = "URL", env = "BANDWIDTH_MOCK_URL")]
    url: Option<String>,
    /// Send this token to the control API
    #[arg(
        long,
        value_name = "TOKEN",
        env = "BANDWIDTH_MOCK_ADMIN_TOKEN",
        hide_env_values = true,
        value_parser = secret
    )]
    admin_token: Option<Secret>,
    /// Show only the behaviours that requests of this account relied on
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Exit with 1 if the evidence of a behaviour is this or weaker, or if there was no request
    #[arg(
        long,
        value_name = "KIND",
        value_parser = PossibleValuesParser::new(FAIL_ON.iter().map(|kind| kind.as_str()))
    )]
    fail_on: Option<String>,
    /// Print questions for a ticket to Bandwidth's support, with the profile lines for each answer
    #[arg(long)]
    questions: bool,
    /// Print all questions that this profile leaves open (guide, published, or the path of a
    /// profile file), without a running server
    #[arg(
        long,
        value_name = "PROFILE",
        requires = "questions",
        conflicts_with_all = ["account", "fail_on"]
    )]
    profile: Option<String>,
    /// Print the report as JSON, as the control API returns it
    #[arg(long, conflicts_with = "questions")]
    json: bool,
}

/// The output, and whether `--fail-on` found nothing.
pub(super) struct Printed {
    pub(super) text: String,
    pub(super) ok: bool,
}

/// The message is one line.
pub(super) fn run(arguments: &AssumptionsArguments, words: &[OsString]) -> Result<Printed, String> {
    if let Some(name) = &arguments.profile {
        let profile = NamedProfile::load(name);
        let profile = profile.map_err(|error| named("--profile", error).to_string())?;
        let known = BehaviourId::all().map(|id| (id, profile.evidence_kind(id)));
        return Ok(Printed {
            text: questions(known).unwrap_or_else(|| {
                format!("Profile {} leaves nothing open to ask.\n", profile.name())
            }),
            ok: true,
        });
    }
    let (body, report) = fetch(arguments, words)?;
    let text = if arguments.json {
        body + "\n"
    } else if arguments.questions {
        asked(&report)?
    } else {
        relied(&report, arguments.fail_on.as_deref())
    };
    let ok = report.ok.unwrap_or(true);
    Ok(Printed { text, ok })
}

/// The report, as JSON and read.
fn fetch(
    arguments: &AssumptionsArguments,
    words: &[OsString],
) -> Result<(String, Assumptions), String> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("accountId", &arguments.account),
        ("fail_on", &arguments.fail_on),
    ] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let path = format!("assumptions?{}", query.finish());
    let token = arguments.admin_token.as_ref();
    let answer = client::get(arguments.url.as_deref(), words, &path, token);
    let answer = answer.map_err(Failure::message)?;
    if answer.status != 200 {
        if answer.status == 401 {
            let place = errors::place("--admin-token", words);
            return Err(format!(
                "{}: the control API needs a token; give {place} the one that the server has, or \
                 that it printed at its start",
                answer.authority
            ));
        }
        let body: Option<Value> = serde_json::from_str(&answer.body).ok();
        let message = body
            .as_ref()
            .and_then(|body| body["error"]["message"].as_str());
        return Err(match message {
            Some(message) => format!("{}: {message}", answer.authority),
            None => Failure::another(&answer.authority).message(),
        });
    }
    let report = describe::read_json(&answer.body).map_err(|error| {
        format!(
            "{}: its report cannot be read, perhaps because it has another version than this \
             program: {error}",
            answer.authority
        )
    })?;
    Ok((answer.body, report))
}

/// The questions about what the traffic relied on.
fn asked(report: &Assumptions) -> Result<String, String> {
    let known = report.behaviours.iter().map(|row| {
        let id = BehaviourId::find("the server's report", &row.id);
        Ok((id.map_err(|error| error.to_string())?, row.known_as))
    });
    let known = known.collect::<Result<Vec<_>, String>>()?;
    Ok(questions(known).unwrap_or_else(|| {
        if report.requests == 0 {
            format!(
                "{NO_REQUEST} Run your tests first, or ask about a whole profile with --profile.\n"
            )
        } else {
            "The requests relied on nothing that is merely assumed or from the guide.\n".to_owned()
        }
    }))
}

const NO_REQUEST: &str = "The server has answered no request yet.";

/// The report for a person, the weakest first.
fn relied(report: &Assumptions, fail_on: Option<&str>) -> String {
    if report.requests == 0 {
        return format!("{NO_REQUEST}\n");
    }
    let mut rows: Vec<&Assumption> = report.behaviours.iter().collect();
    rows.sort_by_key(|row| row.known_as);
    let counts = EvidenceKind::ALL.map(|kind| {
        let count = rows.iter().filter(|row| row.known_as == kind).count();
        format!("{count} {kind}")
    });
    let mut text = format!(
        "{} relied on {}: {}.\n",
        counted(report.requests, "request"),
        counted(rows.len(), "behaviour"),
        counts.join(", ")
    );
    for row in &rows {
        let requests = counted(row.requests, "request");
        let _ = writeln!(text, "\n{} = {}, {requests}", row.id, row.option);
        let _ = writeln!(text, "  {}", row.question);
        for evidence in &row.evidence {
            let _ = writeln!(text, "  {evidence}");
        }
        if row.evidence.is_empty() {
            let _ = writeln!(text, "  {}: no source names this value", row.known_as);
        }
    }
    if let (Some(kind), Some(false)) = (fail_on, report.ok) {
        let _ = writeln!(text, "\nSome of these are known no better than `{kind}`.");
    }
    text
}
