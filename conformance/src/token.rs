//! Bearer tokens for a login with client credentials: got when needed, kept until shortly before
//! they expire.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::{sync::Mutex, time::sleep};

use crate::{
    limits::Backoff,
    login,
    transport::{Request, Response, TransportError, client::Client},
};

/// Number of requests for a token if the endpoint fails: such a request has no effect.
const TRIES: u32 = 3;

/// A token is renewed so long before its end, as Bandwidth's own clients do.
const MARGIN: Duration = Duration::from_mins(1);
/// The longest use of a token, for any endpoint.
const LONGEST: Duration = Duration::from_hours(24);
/// Lifetime of a token if its endpoint does not state it.
const USUAL: Duration = Duration::from_hours(1);

/// Requests tokens, and keeps the current one.
pub struct Tokens {
    url: String,
    owner: login::Client,
    current: Mutex<Option<Token>>,
}

struct Token {
    text: String,
    seconds: Option<u64>,
    until: Instant,
}

impl Tokens {
    /// Tokens of the endpoint at `url`.
    pub fn new(url: String, owner: login::Client) -> Self {
        Self {
            url,
            owner,
            current: Mutex::new(None),
        }
    }

    /// The endpoint, for messages: a query could hold a secret.
    pub fn place(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }

    /// Lifetime of the current token, as the endpoint stated.
    pub async fn seconds(&self) -> Option<u64> {
        self.current.lock().await.as_ref()?.seconds
    }

    /// Forgets a token that the target refused. Returns whether it was the current one, and still
    /// within its lifetime.
    pub async fn forget(&self, refused: &str) -> bool {
        let mut current = self.current.lock().await;
        current.take_if(|token| token.text == refused).is_some()
    }

    /// A token that is valid now. The exchange that gets one is not kept: all of it is secret.
    pub async fn get(&self, client: &Client, backoff: Backoff) -> Result<String, String> {
        let mut current = self.current.lock().await;
        if let Some(token) = &*current
            && Instant::now() < token.until
        {
            return Ok(token.text.clone());
        }
        let path_at = self.url.find("://").and_then(|scheme| {
            self.url[scheme + 3..]
                .find('/')
                .map(|path| scheme + 3 + path)
        });
        let (origin, path) = self.url.split_at(path_at.unwrap_or(self.url.len()));
        let request = Request::new("POST", path)
            .header(
                "Authorization",
                login::basic_header(&self.owner.id, self.owner.secret.expose()),
            )
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        let mut pause = backoff.base;
        let mut outcome = client.send(origin, &request).await;
        for _ in 1..TRIES {
            let passes = match &outcome {
                Ok(response) => matches!(response.status, 429 | 502..=504),
                Err(error) => matches!(error, TransportError::Closed),
            };
            if !passes {
                break;
            }
            sleep(pause).await;
            pause = (pause * 2).min(backoff.cap);
            outcome = client.send(origin, &request).await;
        }
        let response = outcome.map_err(|error| format!("no token: {error}"))?;
        let (text, seconds) = grant(&response)?;
        let lifetime = seconds.map_or(USUAL, Duration::from_secs).min(LONGEST);
        *current = Some(Token {
            text: text.clone(),
            seconds,
            until: Instant::now() + lifetime.saturating_sub(MARGIN),
        });
        Ok(text)
    }
}

/// The token in an answer, and for how many seconds it is valid. An error repeats nothing of the
/// body: it may hold a token.
fn grant(response: &Response) -> Result<(String, Option<u64>), String> {
    let advice = match response.status {
        200 => None,
        400 | 401 | 403 => Some("check the client's id and secret"),
        404 | 405 => Some("set BW_TOKEN_URL to the target's token endpoint"),
        429 => Some("too many requests; try again later"),
        500.. => Some("the endpoint fails; try again later"),
        _ => Some("a token endpoint returns 200; check BW_TOKEN_URL"),
    };
    if let Some(advice) = advice {
        let status = response.status;
        return Err(format!("no token: the answer is {status}; {advice}"));
    }
    let body: Value = serde_json::from_slice(&response.body)
        .map_err(|_| "no token: the answer is not JSON; check BW_TOKEN_URL".to_owned())?;
    let token = body.get("access_token").and_then(Value::as_str);
    let token = token.ok_or("no token: the answer holds no access_token")?;
    let seconds = match body.get("expires_in") {
        None | Some(Value::Null) => None,
        // Some endpoints put the number in quotes.
        Some(Value::String(text)) => Some(text.parse().ok()),
        Some(other) => Some(other.as_u64()),
    };
    match seconds {
        Some(None) => {
            Err("no token: the answer's expires_in is not a whole number of seconds".to_owned())
        }
        seconds => Ok((token.to_owned(), seconds.flatten())),
    }
}

#[cfg(test)]
mod tests {
    use super::grant;
    use crate::transport::Response;

    fn of(status: u16, body: &str) -> Result<(String, Option<u64>), String> {
        grant(&Response {
            status,
            headers: Vec::new(),
            body: body.into(),
        })
    }

    #[test]
    fn a_token_is_taken_with_its_lifetime() {
        for (lifetime, seconds) in [
            ("", None),
            (",\"expires_in\":null", None),
            (",\"expires_in\":3600", Some(3_600)),
            (",\"expires_in\":\"3600\"", Some(3_600)),
            (",\"expires_in\":18446744073709551615", Some(u64::MAX)),
        ] {
            let found = of(200, &format!("{{\"access_token\":\"Canary-t\"{lifetime}}}"));
            assert_eq!(found, Ok(("Canary-t".to_owned(), seconds)));
        }
    }

    #[test]
    fn an_answer_without_a_token_is_reported_with_its_reason() {
        for (status, body, words) in [
            (401, "", "401; check the client's id and secret"),
            (404, "", "404; set BW_TOKEN_URL"),
            (429, "", "429; too many requests; try again later"),
            (503, "", "503; the endpoint fails; try again later"),
            (302, "", "302; a token endpoint returns 200"),
            (200, "<html>Canary-t", "is not JSON"),
            (200, "{\"access_token\":7}", "holds no access_token"),
            (200, "{\"token\":\"Canary-t\"}", "holds no access_token"),
            (
                200,
                "{\"access_token\":\"Canary-t\",\"expires_in\":\"soon\"}",
                "expires_in is not a whole number of seconds",
            ),
            (
                200,
                "{\"access_token\":\"Canary-t\",\"expires_in\":-1}",
                "expires_in is not a whole number of seconds",
            ),
        ] {
            let error = of(status, body).unwrap_err();
            assert!(error.starts_with("no token: "), "{error}");
            assert!(error.contains(words), "{words}: {error}");
            assert!(!error.contains("Canary"), "{error}");
        }
    }
}
