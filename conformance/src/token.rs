//! Bearer tokens for a login with client credentials: got when needed, kept until shortly before
//! they expire.

use std::time::{Duration, Instant};

use bandwidth_fixtures::Secret;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::{
    run::Run,
    transport::{Request, client::Client},
};

/// A token is not used in its last moments.
const MARGIN: Duration = Duration::from_secs(30);

/// Where tokens come from, and the one at hand.
pub struct Tokens {
    url: String,
    id: String,
    secret: Secret,
    current: Mutex<Option<Token>>,
}

struct Token {
    text: String,
    seconds: Option<u64>,
    until: Instant,
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
    expires_in: Option<u64>,
}

impl Tokens {
    /// Tokens of the endpoint at `url`.
    pub fn new(url: String, id: String, secret: Secret) -> Self {
        Self {
            url,
            id,
            secret,
            current: Mutex::new(None),
        }
    }

    /// The endpoint.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How long the token at hand is valid, as the endpoint said.
    pub async fn seconds(&self) -> Option<u64> {
        self.current.lock().await.as_ref()?.seconds
    }

    /// A token that is valid now. The exchange that gets one is not kept: all of it is secret.
    pub async fn get(&self, client: &Client) -> Result<String, String> {
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
            .header("Authorization", Run::basic(&self.id, self.secret.expose()))
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        let response = client
            .send(origin, &request)
            .await
            .map_err(|error| format!("no token: {error}"))?;
        if response.status != 200 {
            return Err(format!(
                "no token: the answer is {}; check the client's id and secret",
                response.status
            ));
        }
        let grant: Grant = serde_json::from_slice(&response.body)
            .map_err(|_| "no token: the answer holds no access_token".to_owned())?;
        let lifetime = Duration::from_secs(grant.expires_in.unwrap_or(3_600));
        *current = Some(Token {
            text: grant.access_token.clone(),
            seconds: grant.expires_in,
            until: Instant::now() + lifetime.saturating_sub(MARGIN),
        });
        Ok(grant.access_token)
    }
}
