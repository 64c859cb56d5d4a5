//! Situations. Each is one fault rule.

use bandwidth_fixtures::Operation;

use crate::journal::Entry;

/// An event at one request of a command.
#[derive(Debug)]
pub struct Situation {
    /// Its name on the command line.
    pub name: &'static str,
    /// The real event that it imitates.
    pub imitates: &'static str,
    /// Its source, by the keys of docs/sources.md.
    pub source: &'static str,
    /// The fault, without its place.
    pub rule: &'static str,
    pub hits: Hits,
    /// True if it is over when the command runs again.
    pub ends: bool,
    /// True if it is rehearsed by default.
    pub usual: bool,
}

/// Requests that a situation can hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hits {
    /// Each.
    All,
    /// Those that change something.
    Changes,
    /// Lists.
    Lists,
    /// Lists after a change.
    LaterLists,
    /// Those with a token.
    Tokens,
    /// Those with a Basic login of the account.
    Basic,
    /// Those for a token.
    TokenEndpoint,
}

const USUAL: Situation = Situation {
    name: "",
    imitates: "",
    source: "",
    rule: "",
    hits: Hits::All,
    ends: true,
    usual: true,
};

/// All of them.
pub const SITUATIONS: &[Situation] = &[
    Situation {
        name: "limited",
        imitates: "a 429 once, with the headers of the profile",
        source: "GUIDE, RATE",
        rule: "status=429,times=1",
        ..USUAL
    },
    Situation {
        name: "limited-long",
        imitates: "a 429 for this request and the next two",
        source: "GUIDE, RATE",
        rule: "status=429,then=all,times=3",
        ..USUAL
    },
    Situation {
        name: "limited-bare",
        imitates: "the same from a gateway: an HTML page, no header that helps",
        source: "RFC 6585, section 4",
        rule: "wrong_content_type=true,status=429,then=all,times=3",
        ..USUAL
    },
    Situation {
        name: "server-error",
        imitates: "a 500 once",
        source: "RFC 9110, section 15.6.1",
        rule: "status=500,times=1",
        ..USUAL
    },
    Situation {
        name: "unavailable",
        imitates: "a 503 once",
        source: "RFC 9110, section 15.6.4",
        rule: "status=503,times=1",
        ..USUAL
    },
    Situation {
        name: "bad-gateway",
        imitates: "a gateway's 502 once, as HTML",
        source: "RFC 9110, section 15.6.3",
        rule: "wrong_content_type=true,times=1",
        ..USUAL
    },
    Situation {
        name: "cut-short",
        imitates: "a response that breaks off in its body; the request took effect",
        source: "RFC 9112, section 8",
        rule: "truncate_body=true,when=after,times=1",
        ..USUAL
    },
    Situation {
        name: "html-page",
        imitates: "a 200 with HTML from a proxy; the request took no effect",
        source: "RFC 9110, section 7.7",
        rule: "wrong_content_type=true,status=200,times=1",
        ..USUAL
    },
    Situation {
        name: "reset",
        imitates: "a connection that is reset before the request took effect",
        source: "RFC 9110, section 9.2.2",
        rule: "fault=CONNECTION_RESET_BY_PEER,times=1",
        ..USUAL
    },
    Situation {
        name: "dropped",
        imitates: "a response that is dropped after the request took effect",
        source: "RFC 9110, section 9.2.2",
        rule: "fault=EMPTY_RESPONSE,when=after,times=1",
        hits: Hits::Changes,
        ..USUAL
    },
    Situation {
        name: "list-fails",
        imitates: "a list that returns 500 until the command ends",
        source: "RFC 9110, section 15.6.1",
        rule: "status=500",
        hits: Hits::Lists,
        ..USUAL
    },
    Situation {
        name: "list-empty",
        imitates: "a list that is empty once, although there are users",
        source: "assumed",
        rule: "view=empty,times=1",
        hits: Hits::Lists,
        ..USUAL
    },
    Situation {
        name: "list-stale",
        imitates: "a list that lags behind the last change by one read",
        source: "assumed",
        rule: "view=stale,times=1",
        hits: Hits::LaterLists,
        ..USUAL
    },
    Situation {
        name: "token-expired",
        imitates: "a token that ends before this request",
        source: "BAND, RFC 6750, section 3.1",
        rule: "refuse=token_expired,then=same_login",
        hits: Hits::Tokens,
        ..USUAL
    },
    Situation {
        name: "token-endpoint",
        imitates: "a token endpoint that returns 503 until the command ends",
        source: "RFC 9110, section 15.6.4",
        rule: "status=503",
        hits: Hits::TokenEndpoint,
        ..USUAL
    },
    Situation {
        name: "secret-revoked",
        imitates: "a client secret that is revoked before this request for a token",
        source: "CM, RFC 6749, section 5.2",
        rule: "refuse=client_invalid",
        hits: Hits::TokenEndpoint,
        ..USUAL
    },
    Situation {
        name: "login-locked",
        imitates: "a Basic login that is locked out from this request on",
        source: "SUP, ERR",
        rule: "refuse=locked_out,then=same_login",
        hits: Hits::Basic,
        ..USUAL
    },
    Situation {
        name: "basic-ended",
        imitates: "the end of Basic logins from this request on, as on 2026-12-02; it lasts into the next run",
        source: "CM, CRED",
        rule: "refuse=basic_ended,then=same_scheme",
        hits: Hits::Basic,
        ends: false,
        usual: false,
    },
    Situation {
        name: "slow",
        imitates: "a response after 30 seconds; the request took effect at once",
        source: "assumed",
        rule: "delay.fixed_ms=30000,when=after,times=1",
        usual: false,
        ..USUAL
    },
];

/// The table for `--help`.
pub fn table() -> String {
    let rows = SITUATIONS.iter().map(|situation| {
        let Situation {
            name,
            imitates,
            source,
            usual,
            ..
        } = situation;
        let named = if *usual { "" } else { "; only if you name it" };
        format!("  {name:15} {imitates} ({source}){named}\n")
    });
    rows.collect()
}

impl Hits {
    /// True if it can hit a request of the baseline; `changed` is true if an earlier one changed
    /// something.
    pub fn can_hit(self, entry: &Entry, changed: bool) -> bool {
        let is_list = entry
            .operation
            .is_some_and(|operation| operation.as_str().starts_with("list_"));
        let is_for_token = entry.operation == Some(Operation::IssueToken);
        let has_login = |scheme: &str| {
            let seen = entry.request.seen();
            let mut headers = seen.headers.iter();
            headers.any(|(name, value)| {
                name.eq_ignore_ascii_case("authorization")
                    && value.to_ascii_lowercase().starts_with(scheme)
            })
        };
        match self {
            Self::All => true,
            Self::Changes => entry.took_effect,
            Self::Lists => is_list,
            Self::LaterLists => is_list && changed,
            Self::Tokens => has_login("bearer "),
            Self::Basic => !is_for_token && has_login("basic "),
            Self::TokenEndpoint => is_for_token,
        }
    }
}
