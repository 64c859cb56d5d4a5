//! Limits: what answers tell of them, and what a 429 looks like when one comes.

use crate::{
    case::{
        Case,
        Level::{Characterise, Documented},
    },
    context::Context,
    outcome::CaseResult,
    transport::Response,
};

/// Headers by which an API tells of its limits.
const HEADERS: [&str; 8] = [
    "retry-after",
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "limits.usual-answers.tell-nothing-of-limits",
            Documented,
            "An answer that is no 429 has none of the headers by which an API tells of its limits",
            "guide, Rate limits: rate-limit headers no, Retry-After no; RATE: only a 429 has X-RateLimit-Reset",
        )
        .run(async |cx| {
            for format in cx.formats() {
                let roles = cx.ask("GET", cx.roles_path()).accept(format);
                for reply in [cx.list(format).await?, cx.send(roles).await?] {
                    reply.is(200)?;
                    let told = HEADERS.iter().find(|name| reply.response.header(name).is_some());
                    if let Some(name) = told {
                        return Err(reply.fail(&format!("there is a header `{name}`")));
                    }
                }
            }
            Ok(())
        }),
        Case::new(
            "limits.429.looks-so",
            Characterise,
            "What a 429 looks like, where one comes: its headers and its body",
            "guide, Rate limits; RATE; V2: three different descriptions",
        )
        .run(look_of_429),
    ]
}

/// Against an emulator of its own the case has a 429 come; elsewhere it can only tell of one that
/// comes by itself.
async fn look_of_429(cx: &mut Context) -> CaseResult {
    if let Some(mut there) = cx.private(&["status=429,times=1"])? {
        let result = there.list(there.default_format()).await;
        cx.take_over(there).await;
        result?;
    } else {
        cx.list(cx.default_format()).await?;
    }
    let answers = cx
        .log
        .exchanges
        .iter()
        .filter_map(|one| one.outcome.as_ref().ok());
    let limited = answers.filter(|answer| answer.status == 429);
    let mut looks: Vec<String> = limited.map(describe).collect();
    looks.dedup();
    if looks.is_empty() {
        cx.observe("no 429 came");
    }
    for look in looks {
        cx.observe(look);
    }
    Ok(())
}

fn describe(answer: &Response) -> String {
    let names = HEADERS
        .iter()
        .chain(&["connection", "content-length", "content-type"]);
    let headers: Vec<String> = names
        .filter_map(|name| Some(format!("{name}: {}", answer.header(name)?)))
        .collect();
    let body = String::from_utf8_lossy(&answer.body);
    let body = if body.is_empty() { "no body" } else { &body };
    format!("429 with {} and {body}", headers.join(", "))
}
