//! The login of a run: an account with a name and a password, or with OAuth client credentials. It
//! comes from the environment or from a file, never from an argument.

use std::path::Path;

use bandwidth_fixtures::{Secret, Seed, describe, text_file};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Url;
use serde::Deserialize;

use crate::{
    error::ConformanceError,
    target::{TOKEN_PATH, Target},
};

/// Keys of a login in a file.
const KEYS: [&str; 7] = [
    "account_id",
    "username",
    "password",
    "client_id",
    "client_secret",
    "token_url",
    "second_account_id",
];

/// The host whose logins get their tokens from another one, and that one.
const TOKEN_HOSTS: (&str, &str) = ("dashboard.bandwidth.com", "https://api.bandwidth.com");

/// The identity domain of accounts, by default.
const DOMAIN: &str = "Iris";

/// API credentials: a client's id and secret, which get a token.
#[derive(Debug, Clone)]
pub struct Client {
    pub id: String,
    pub secret: Secret,
}

/// The authentication of requests.
#[derive(Debug, Clone)]
pub enum Login {
    /// A name and a password, with each request.
    Basic {
        /// The name.
        username: String,
        password: Secret,
    },
    /// Client credentials, which get a token.
    Client {
        /// The client's id.
        id: String,
        /// The client's secret.
        secret: Secret,
        /// Token endpoint, if it is not the usual one.
        token_url: Option<String>,
    },
}

/// An account and its login.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub account_id: String,
    pub login: Login,
    /// API credentials of the account beside a login of another kind. Cases about tokens need them.
    pub beside: Option<Client>,
    /// Another account that exists and that the login may not touch.
    pub second_account_id: Option<String>,
    /// The identity domain of the account.
    pub domain: String,
}

/// Values from the environment or a file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    account_id: Option<String>,
    username: Option<String>,
    password: Option<Secret>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    token_url: Option<String>,
    second_account_id: Option<String>,
}

/// Source of a login; it decides the names of the values.
#[derive(Clone, Copy)]
enum Origin {
    Environment,
    File,
}

impl Origin {
    /// `BW_USERNAME` in the environment for `username` in a file.
    fn name(self, key: &str) -> String {
        match self {
            Self::Environment => format!("BW_{}", key.to_uppercase()),
            Self::File => key.to_owned(),
        }
    }

    fn not_set(self, key: &str) -> String {
        let [account, username, password, id, secret, ..] = KEYS.map(|key| self.name(key));
        format!(
            "{} is not set; a login is {account} with {username} and {password}, or with {id} and {secret}",
            self.name(key)
        )
    }
}

impl Credentials {
    /// The login of the first account of the demo seed.
    pub fn demo() -> Self {
        let seed = Seed::built_in("demo").expect("the demo seed is compiled in");
        let account = &seed.accounts[0];
        let password = account.login.password.clone();
        Self {
            account_id: account.account_id.clone(),
            login: Login::Basic {
                username: account.login.username.clone(),
                password: password.expect("it is in the clear there"),
            },
            beside: account
                .credentials
                .iter()
                .flatten()
                .next()
                .and_then(|credential| {
                    Some(Client {
                        id: credential.client_id.clone(),
                        secret: credential.client_secret.clone()?,
                    })
                }),
            second_account_id: None,
            domain: DOMAIN.to_owned(),
        }
    }

    /// The login that the environment names; `None` when it names nothing.
    pub fn from_variables(
        read: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ConformanceError> {
        let value = |key: &str| {
            let value = read(&Origin::Environment.name(key))?;
            (!value.is_empty()).then_some((key.to_owned(), value.into()))
        };
        let values: toml::Table = KEYS.iter().filter_map(|key| value(key)).collect();
        if values.is_empty() {
            return Ok(None);
        }
        let raw: Raw = values
            .try_into()
            .expect("each key is a field, and holds text");
        raw.checked(Origin::Environment, "the environment")
            .map(Some)
    }

    /// The login in a TOML file. Nothing of the file's text gets into an error.
    pub fn from_file(path: &Path) -> Result<Self, ConformanceError> {
        let name = format!("--credentials {}", path.display());
        let text = text_file::read(path, text_file::SMALL)
            .map_err(|message| ConformanceError::Usage(format!("{name}: {message}")))?;
        let raw: Raw = toml::from_str(&text).map_err(|error: toml::de::Error| {
            let span = error.span().unwrap_or_default();
            let line = text[..span.start].matches('\n').count() + 1;
            // What is written there is not repeated, only what it is near to.
            let written = text.get(span).unwrap_or_default();
            let near = describe::nearest(written, KEYS);
            let near = near.filter(|near| *near != written);
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            ConformanceError::Usage(format!(
                "{name}: line {line} is not of the form `key = \"value\"` with one of {}{near}",
                KEYS.join(", ")
            ))
        })?;
        raw.checked(Origin::File, &name)
    }

    /// Takes the domain that was named, if one was.
    pub fn name_domain(&mut self, domain: Option<String>) {
        if let Some(domain) = domain {
            self.domain = domain;
        }
    }

    /// The API credentials of the login, or those beside it.
    pub fn client(&self) -> Option<Client> {
        match &self.login {
            Login::Basic { .. } => self.beside.clone(),
            Login::Client { id, secret, .. } => Some(Client {
                id: id.clone(),
                secret: secret.clone(),
            }),
        }
    }

    /// Token endpoint of this login.
    pub fn token_url(&self, target: &Target) -> String {
        if let Login::Client {
            token_url: Some(url),
            ..
        } = &self.login
        {
            return url.clone();
        }
        let (host, other) = TOKEN_HOSTS;
        let origin = if target.host == host {
            other.to_owned()
        } else {
            target.origin()
        };
        origin + TOKEN_PATH
    }

    /// The name and password of a Basic login.
    pub fn basic(&self) -> Option<(&str, &str)> {
        match &self.login {
            Login::Basic { username, password } => Some((username, password.expose())),
            Login::Client { .. } => None,
        }
    }
}

impl Raw {
    fn checked(self, origin: Origin, place: &str) -> Result<Credentials, ConformanceError> {
        let usage = |what: String| ConformanceError::Usage(format!("{place}: {what}"));
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let secret = |value: Option<Secret>| value.filter(|value| !value.expose().is_empty());
        let missing = |key: &str| usage(origin.not_set(key));
        let account_id = filled(self.account_id).ok_or_else(|| missing("account_id"))?;
        let url_safe = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let second = self.second_account_id.as_ref();
        for (key, id) in [
            ("account_id", Some(&account_id)),
            ("second_account_id", second),
        ] {
            if id.is_some_and(|id| !url_safe(id)) {
                let name = origin.name(key);
                return Err(usage(format!(
                    "{name} may hold letters, digits, - _ and . only"
                )));
            }
        }
        if second == Some(&account_id) {
            return Err(usage(format!(
                "{} is the same account as {}; name another, or leave it out",
                origin.name("second_account_id"),
                origin.name("account_id")
            )));
        }
        let wrong_url = |what: &str| usage(format!("{} {what}", origin.name("token_url")));
        let basic = (filled(self.username), secret(self.password));
        let client = (filled(self.client_id), secret(self.client_secret));
        let login = match (basic, client) {
            ((Some(username), Some(password)), (None, None)) => {
                if username.contains(':') {
                    return Err(usage(format!(
                        "{} contains a colon, which Basic authentication cannot send; use OAuth client credentials",
                        origin.name("username")
                    )));
                }
                Login::Basic { username, password }
            }
            ((None, None), (Some(id), Some(secret))) => Login::Client {
                id,
                secret,
                token_url: self
                    .token_url
                    .map(|url| checked_url(&url, wrong_url))
                    .transpose()?,
            },
            ((None, None), (None, None)) => {
                return Err(usage(format!(
                    "there is no login; set {} and {}, or {} and {}",
                    origin.name("username"),
                    origin.name("password"),
                    origin.name("client_id"),
                    origin.name("client_secret")
                )));
            }
            ((None, Some(_)), (None, None)) => return Err(missing("username")),
            ((Some(_), None), (None, None)) => return Err(missing("password")),
            ((None, None), (None, Some(_))) => return Err(missing("client_id")),
            ((None, None), (Some(_), None)) => return Err(missing("client_secret")),
            _ => {
                return Err(usage(format!(
                    "{} and {} are two logins; set one of them",
                    origin.name("username"),
                    origin.name("client_id")
                )));
            }
        };
        Ok(Credentials {
            account_id,
            login,
            beside: None,
            second_account_id: filled(self.second_account_id),
            domain: DOMAIN.to_owned(),
        })
    }
}

/// A client's secret is sent over TLS only, except on loopback.
fn checked_url(
    text: &str,
    error: impl Fn(&str) -> ConformanceError,
) -> Result<String, ConformanceError> {
    let url = Url::parse(text).map_err(|_| error("is not a URL; write https://HOST/PATH"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(error("contains a login; remove it"));
    }
    let origin = url.origin().ascii_serialization();
    let target = Target::parse(&origin)
        .map_err(|_| error("must be an https:// address, or an http:// one of this machine"))?;
    if url.fragment().is_some() {
        return Err(error("contains a #; remove it and the text after it"));
    }
    let query = url
        .query()
        .map_or_else(String::new, |query| format!("?{query}"));
    Ok(format!("{}{}{query}", target.origin(), url.path()))
}

/// The value of an Authorization header.
pub fn basic_header(username: &str, password: &str) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{username}:{password}"))
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Credentials, Target};

    fn from(set: &[(&str, &str)]) -> Result<Option<Credentials>, String> {
        Credentials::from_variables(|name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
        .map_err(|error| format!("{} {error}", error.code()))
    }

    #[test]
    fn a_login_comes_from_the_environment() {
        let account = ("BW_ACCOUNT_ID", "1");
        let name = ("BW_USERNAME", "me");
        let password = ("BW_PASSWORD", "Canary-1");
        let id = ("BW_CLIENT_ID", "id");
        let secret = ("BW_CLIENT_SECRET", "Canary-2");
        let url = |url| ("BW_TOKEN_URL", url);
        assert!(from(&[]).unwrap().is_none());
        assert!(from(&[account, name, password]).unwrap().is_some());
        let client = [account, id, secret, url("https://x.example/t")];
        let found = from(&client).unwrap().unwrap();
        let here = Target::parse("http://127.0.0.1:1").unwrap();
        assert_eq!(found.token_url(&here), "https://x.example/t");
        let client = [account, id, secret, url("https://x.example?a=b&c=d%20e")];
        let found = from(&client).unwrap().unwrap();
        assert_eq!(found.token_url(&here), "https://x.example/?a=b&c=d%20e");
        let client = [account, id, secret, url("https://x.example/t#a")];
        let error = from(&client).unwrap_err();
        assert!(error.contains("BW_TOKEN_URL contains a #"), "{error}");
    }

    #[test]
    fn tokens_come_from_the_published_place() {
        let set = [
            ("BW_ACCOUNT_ID", "1"),
            ("BW_CLIENT_ID", "id"),
            ("BW_CLIENT_SECRET", "s"),
        ];
        let login = from(&set).unwrap().unwrap();
        for (target, url) in [
            (
                "https://dashboard.bandwidth.com",
                "https://api.bandwidth.com/api/v1/oauth2/token",
            ),
            (
                "http://127.0.0.1:8",
                "http://127.0.0.1:8/api/v1/oauth2/token",
            ),
        ] {
            assert_eq!(login.token_url(&Target::parse(target).unwrap()), url);
        }
    }

    #[test]
    fn a_file_says_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.toml");
        let good = "account_id = \"1\"\nusername = \"me\"\npassword = \"Canary-1\"\n";
        fs::write(&path, good).unwrap();
        assert_eq!(
            Credentials::from_file(&path).unwrap().basic(),
            Some(("me", "Canary-1"))
        );
    }
}
