//! HTTP beside the API: what responses say to the pools of clients and to browsers.

use bandwidth_fixtures::profile::{Cors, KeepAliveHint};

use super::prelude::*;

cases! {
    /// Responses say how long an idle connection stays open, or do not, as the profile says
    "http.keep-alive.as-the-profile-says" none,
    cites ["profile-choice"], measures ["http.keep_alive"], needs [AccountList]
    |cx| {
        let reply = cx.list(cx.default_format()).await?;
        reply.users()?;
        let hint = reply.response.header("keep-alive").is_some_and(|hint| hint.contains("timeout="));
        let expected = cx.profile().http_keep_alive == KeepAliveHint::Sent;
        reply.same("whether Keep-Alive names a timeout", &expected, &hint)
    }

    /// A page of another origin may read a response, or may not, as the profile says
    "http.cors.as-the-profile-says" none,
    cites ["profile-choice"], measures ["http.cors"], needs [AccountList]
    |cx| {
        let origin = "https://conformance.example";
        let ask = cx.ask("GET", cx.users_path()).header("Origin", origin);
        let reply = cx.send(ask).await?;
        reply.users()?;
        let allowed = reply.response.header("access-control-allow-origin").unwrap_or("");
        let readable = ["*", origin].contains(&allowed);
        let expected = cx.profile().http_cors == Cors::AnyOrigin;
        reply.same("whether another origin may read it", &expected, &readable)
    }
}
