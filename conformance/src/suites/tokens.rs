//! Tokens: how they are got, what is in them, and what they open.

use std::time::{Duration, UNIX_EPOCH};

use bandwidth_fixtures::{Secret, profile::TokenClients};

use super::prelude::*;
use crate::{
    challenges::challenges,
    decode::{
        tolerant::{member, scalar},
        tree::Tree,
    },
    login::{Client, basic_header},
};

/// A grant type that RFC 6749 does not know and that no server can mean.
const NO_GRANT: &str = "grant_type=urn%3Aexample%3Anothing";

cases! {
    /// A token comes as JSON with its type and its lifetime, and its answer may not be stored
    "tokens.answer.has-type-and-lifetime" none,
    cites ["token-endpoint", "rfc6749-answer", "rfc6749-no-store"],
    measures ["auth.token_seconds"], needs [Tokens]
    |cx| {
        let client = cx.client()?;
        let reply = cx.send(cx.ask_token(&client, ClientIn::Header)).await?;
        reply.token()?;
        let answer = reply.json("a token", 200)?;
        let kind = member(&answer, "token_type").and_then(scalar);
        let kind = kind.unwrap_or_default().to_lowercase();
        reply.same("token_type", "bearer", kind.as_str())?;
        let seconds = member(&answer, "expires_in").and_then(scalar);
        let expected = cx.profile().auth_token_seconds.to_string();
        reply.same("expires_in", &Some(expected.as_str()), &seconds)?;
        let stored = reply.response.header("cache-control").unwrap_or_default();
        let stored = !stored.to_lowercase().contains("no-store");
        reply.same("whether Cache-Control lets the answer be stored", &false, &stored)
    }

    /// The client's id and secret give a token in a Basic header as well as in the form, and both
    /// tokens open the API
    "tokens.client.in-header-or-form" none,
    cites ["client-credentials-open", "token-form"], needs [AccountList, Tokens]
    |cx| {
        let client = cx.client()?;
        for (place, name) in [(ClientIn::Header, "header"), (ClientIn::Body, "form")] {
            let token = cx.token(&client, place).await.at(name)?;
            opens(cx, &token).await.at(name)?;
        }
        Ok(())
    }

    /// The client's id and secret may be form-encoded before they go into a Basic header
    "tokens.client.form-encoded-in-header" none, cites ["rfc6749-client-password"], needs [AccountList, Tokens]
    |cx| {
        let client = cx.client()?;
        let token = cx.token(&client, ClientIn::EncodedHeader).await;
        opens(cx, &token.at("an encoded client")?).await
    }

    /// A client that is in the header and in the form is rejected with 400 and `invalid_request`
    "tokens.client.twice-is-400" none, cites ["rfc6749-one-way"], needs [Tokens]
    |cx| {
        let client = cx.client()?;
        let reply = cx.send(cx.ask_token(&client, ClientIn::HeaderAndBody)).await?;
        reply.token_refused(400, "invalid_request")
    }

    /// A wrong secret is rejected with 401, `invalid_client` and a challenge, and the right one still
    /// gives a token
    "tokens.wrong-secret.is-401" none,
    cites ["rfc6749-invalid-client"], needs [Tokens, FailedLogins]
    |cx| {
        let client = cx.client()?;
        let wrong = Client { secret: Secret::new(cx.strong_password()), ..client.clone() };
        let refused = cx.send(cx.ask_token(&wrong, ClientIn::Header)).await;
        cx.token(&client, ClientIn::Header).await.control("the right secret must give a token")?;
        let refused = refused?;
        refused.token_refused(401, "invalid_client")?;
        let named = challenges(&refused.response);
        let basic = named.iter().any(|challenge| challenge.scheme == "basic");
        refused.same("whether the challenge names Basic", &true, &basic)
    }

    /// A client id that does not exist is rejected like a wrong secret
    "tokens.unknown-client.is-401" none, cites ["rfc6749-invalid-client"], needs [Tokens]
    |cx| {
        let secret = Secret::new(cx.strong_password());
        let unknown = Client { id: cx.fresh_username(), secret };
        for place in [ClientIn::Header, ClientIn::Body] {
            let reply = cx.send(cx.ask_token(&unknown, place)).await?;
            reply.token_refused(401, "invalid_client")?;
        }
        Ok(())
    }

    /// A request for a token without a grant type is `invalid_request`, and one with an unknown type
    /// is `unsupported_grant_type`
    "tokens.grant-type.is-checked" none, cites ["rfc6749-grant-type"], needs [Tokens]
    |cx| {
        let client = cx.client()?;
        let header = basic_header(&client.id, client.secret.expose());
        for (form, error) in [
            ("scope=none", "invalid_request"),
            (NO_GRANT, "unsupported_grant_type"),
        ] {
            let ask = cx.ask_grant(form).authorization(Some(&header));
            cx.send(ask).await?.token_refused(400, error).at(form)?;
        }
        Ok(())
    }

    /// The account's Basic login gives a token or is rejected like an unknown client, as the profile
    /// says
    "tokens.basic-login.as-the-profile-says" none,
    cites ["client-credentials-open", "profile-choice"], measures ["auth.token_clients"],
    needs [AccountList, Tokens, BasicLogin, FailedLogins]
    |cx| {
        let (id, secret) = cx.basic_login();
        let reply = cx.send(cx.ask_token(&Client { id, secret }, ClientIn::Header)).await?;
        match cx.profile().auth_token_clients {
            TokenClients::Credentials => reply.token_refused(401, "invalid_client"),
            TokenClients::CredentialsAndLogin => opens(cx, &reply.token()?).await,
        }
    }

    /// The account's Basic login opens the API up to the day on which it ends, and is rejected from
    /// then on, while a token opens it on both days
    "tokens.basic.ends-on-its-day" none,
    cites ["basic-ends", "client-credentials-open"],
    needs [AccountList, Tokens, BasicLogin, BuiltIn]
    |cx| {
        let Some(day) = cx.profile().auth_basic_ends else {
            return Err(Stop::skip(
                "Basic logins of the expected profile never end (auth.basic_ends=never)",
            ));
        };
        let end = UNIX_EPOCH + day.start();
        let client = cx.client()?;
        let (name, password) = cx.basic_login();
        for (time, ended) in [(end - Duration::from_secs(1), false), (end, true)] {
            let Some(mut there) = cx.private_at(time)? else {
                return Err(Stop::skip("cases have no emulators of their own here"));
            };
            let reply = there.send(there.list_as(&name, password.expose())).await?;
            let token = there.token(&client, ClientIn::Header).await?;
            opens(&mut there, &token).await?;
            cx.take_over(there);
            if ended {
                reply.unauthenticated().at("Basic after its end")?;
            } else {
                reply.let_in().at("Basic before its end")?;
            }
        }
        Ok(())
    }

    /// A token is a JWT that names its accounts and roles, and ends after it began
    "tokens.jwt.has-claims" none,
    cites ["token-claims", "rfc7519-times"], needs [Tokens]
    |cx| {
        let client = cx.client()?;
        let reply = cx.send(cx.ask_token(&client, ClientIn::Header)).await?;
        let claims = reply.claims(&reply.token()?)?;
        let accounts = texts(&reply, &claims, "accounts")?;
        // A token without accounts is good for all of them.
        let own = accounts.is_empty() || accounts.contains(&cx.account_id());
        reply.same("whether the claim `accounts` holds the account", &true, &own)?;
        texts(&reply, &claims, "roles")?;
        let seconds = |name| {
            let time = member(&claims, name).and_then(scalar)?;
            time.parse::<f64>().ok()
        };
        let (Some(from), Some(until)) = (seconds("iat"), seconds("exp")) else {
            return Err(reply.fail("expected `iat` and `exp` in seconds among the claims"));
        };
        reply.same("whether `exp` comes after `iat`", &true, &(until > from))
    }

    /// A token with a changed signature or changed claims is rejected with 401
    "tokens.changed.is-401" none, cites ["rfc7519-signature", "rfc6750-invalid-token"], needs [AccountList, Tokens]
    |cx| {
        let client = cx.client()?;
        let token = cx.token(&client, ClientIn::Header).await?;
        opens(cx, &token).await.control("the token must be seen to open the API")?;
        for (part, name) in [(2, "signature"), (1, "claims")] {
            let changed = changed(&token, part);
            let changed = changed.ok_or_else(|| Stop::skip("the token is not a JWT"))?;
            cx.keep_secret("", &changed);
            let ask = cx.ask_with_token(&cx.users_path(), &changed);
            let place = format!("a token with changed {name}");
            cx.send(ask).await?.unauthenticated().at(&place)?;
        }
        Ok(())
    }
}

/// The token opens the account's users.
async fn opens(cx: &mut Context, token: &str) -> CaseResult {
    let ask = cx.ask_with_token(&cx.users_path(), token);
    cx.send(ask).await?.let_in()
}

/// The texts of a list among the claims.
fn texts<'a>(reply: &Reply, claims: &'a Tree, name: &str) -> Result<Vec<&'a str>, Stop> {
    let texts = match member(claims, name) {
        Some(Tree::List(items)) => items.iter().map(Tree::text).collect(),
        _ => None,
    };
    texts.ok_or_else(|| reply.fail(&format!("expected a list of texts as the claim `{name}`")))
}

/// The token with one character in the middle of that part changed; `None` where it is no JWT. The
/// last character would not do: not all of its bits count.
fn changed(token: &str, part: usize) -> Option<String> {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let [_, _, _] = parts.as_slice() else {
        return None;
    };
    let text = &mut parts[part];
    let middle = text.len() / 2;
    let other = if text.get(middle..=middle)? == "A" {
        "B"
    } else {
        "A"
    };
    text.replace_range(middle..=middle, other);
    Some(parts.join("."))
}
