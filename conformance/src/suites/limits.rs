//! Limits: what responses say about them, and what a 429 looks like when one comes.

use super::prelude::*;
use crate::transport::Response;

/// Headers in which an API gives its limits.
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

cases! {
    /// An answer that is no 429 has none of the headers in which an API gives its limits
    "limits.usual-answers.tell-nothing-of-limits" none, cites ["no-limit-headers", "rate-429"],
    needs [AccountList]
    |cx, format| {
        let mut replies = vec![cx.list(format).await?];
        if cx.has_account_users() {
            replies.push(cx.roles(format).await?);
        }
        for reply in replies {
            reply.is("an answer as usual", 200)?;
            let present = HEADERS.into_iter().filter(|name| reply.response.header(name).is_some());
            reply.same("headers about limits", &Vec::new(), &present.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Headers and body of a 429, if one comes; three sources describe them, each in another way
    "limits.429.looks-so" none, needs [AccountList]
    |cx| {
        // Against an emulator of its own the case has a 429 come; elsewhere it waits for one.
        if let Some(mut there) = cx.private(&["status=429,times=1"])? {
            let result = there.list(there.default_format()).await;
            cx.take_over(there);
            result.at("the list after a 429")?;
        } else {
            cx.list(cx.default_format()).await?;
        }
        let limited = cx.responses().filter(|answer| answer.status == 429);
        let mut looks: Vec<String> = limited.map(describe).collect();
        looks.dedup();
        if looks.is_empty() {
            looks.push("no 429 came".to_owned());
        }
        for look in looks {
            cx.observe(look);
        }
        Ok(())
    }
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
