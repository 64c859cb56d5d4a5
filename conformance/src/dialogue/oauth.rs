//! Requests for tokens, and their responses.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{ask::Ask, context::Context, reply::Reply};
use crate::{
    decode::{
        json,
        tolerant::{member, scalar},
        tree::Tree,
    },
    login::{Client, basic_header},
    target::TOKEN_PATH,
    verdict::{CaseResult, Stop},
    wire::Format,
};

/// The type of a form.
const FORM: &str = "application/x-www-form-urlencoded";
/// The form of a token request.
pub const GRANT: &str = "grant_type=client_credentials";

/// The place of the client's id and secret in a token request.
#[derive(Clone, Copy)]
pub enum ClientIn {
    /// In a Basic header, as they are.
    Header,
    /// In a Basic header, each form-encoded before (RFC 6749, section 2.3.1).
    EncodedHeader,
    /// In the form.
    Body,
    /// In the header and in the form.
    HeaderAndBody,
}

impl Context {
    /// The API credentials of the run. For cases that need them.
    pub fn client(&self) -> Result<Client, Stop> {
        let client = self.run.credentials().client();
        client.ok_or_else(|| Stop::Error("the case does not say that it needs tokens".to_owned()))
    }

    /// A request for a token of that client.
    pub fn ask_token(&self, client: &Client, place: ClientIn) -> Ask {
        let (id, secret) = (client.id.as_str(), client.secret.expose());
        self.keep_secret(id, secret);
        // As a form may write them, with nothing left as it is but letters and digits.
        let encoded =
            [id, secret].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string());
        let form = format!(
            "{GRANT}&client_id={}&client_secret={}",
            encoded[0], encoded[1]
        );
        let (header, body) = match place {
            ClientIn::Header => (Some(basic_header(id, secret)), GRANT.to_owned()),
            ClientIn::EncodedHeader => {
                let header = basic_header(&encoded[0], &encoded[1]);
                (Some(header), GRANT.to_owned())
            }
            ClientIn::Body => (None, form),
            ClientIn::HeaderAndBody => (Some(basic_header(id, secret)), form),
        };
        self.ask_grant(&body).authorization(header.as_deref())
    }

    /// A request to the token endpoint with that form.
    pub fn ask_grant(&self, form: &str) -> Ask {
        let ask = self.ask("POST", TOKEN_PATH).accept(Format::Json);
        ask.typed(FORM, form)
    }

    /// A new token of that client.
    pub async fn token(&mut self, client: &Client, place: ClientIn) -> Result<String, Stop> {
        let reply = self.send(self.ask_token(client, place)).await?;
        reply.token()
    }

    /// Asks for the account's users, or for what else has that path, with that token.
    pub fn ask_with_token(&self, path: &str, token: &str) -> Ask {
        let ask = self.ask("GET", path).accept(self.default_format());
        ask.bearer(token)
    }
}

impl Reply {
    /// It is 200 with a token.
    pub fn token(&self) -> Result<String, Stop> {
        let answer = self.json("a token", 200)?;
        let token = member(&answer, "access_token").and_then(Tree::text);
        let token = token.filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| self.fail("the answer has no access_token"))?;
        Ok(token.to_owned())
    }

    /// It rejects a token with that status and that error of RFC 6749, section 5.2.
    pub fn token_refused(&self, status: u16, error: &str) -> CaseResult {
        let answer = self.json("a refusal of a token", status)?;
        let found = member(&answer, "error").and_then(scalar);
        self.same("the member `error`", &Some(error), &found)
    }

    /// The claims of a token.
    pub fn claims(&self, token: &str) -> Result<Tree, Stop> {
        let parts: Vec<&str> = token.split('.').collect();
        let [_, claims, _] = parts.as_slice() else {
            return Err(self.fail("the token is not a JWT: it has not three parts"));
        };
        let claims = URL_SAFE_NO_PAD.decode(claims).ok();
        let claims = claims.and_then(|claims| json::read(&claims).ok());
        let claims = claims.filter(|claims| matches!(claims, Tree::Object(_)));
        claims.ok_or_else(|| self.fail("the token is not a JWT: its claims are not a JSON object"))
    }
}
