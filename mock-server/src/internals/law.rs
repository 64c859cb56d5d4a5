//! Properties that must hold for any bytes.

use std::{
    borrow::Cow,
    fmt::Write as _,
    sync::{Arc, LazyLock},
};

use axum::http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use bandwidth_fixtures::{Consultation, Profile, Secret, Seed};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    clock::Clock,
    codec::{self, Format},
    config::Config,
    http::internals as http,
    jwt::Signer,
    store::{Origin, Store},
    wire::UserBody,
};

fn profile(set: &[&str]) -> Profile {
    let mut profile = Config::default().profile;
    profile.set(set.iter().copied()).expect("they are options");
    *profile.options()
}

/// With a field of each kind, and nothing refused for its name.
static OPEN: LazyLock<Profile> = LazyLock::new(|| {
    profile(&[
        "user.unknown_fields=ignored",
        "user.telephone=e164_optional",
    ])
});
static STRICT: LazyLock<Profile> = LazyLock::new(|| profile(&["user.telephone=e164_optional"]));

/// The text of `bytes` if it is a user's body in XML: then it is the same one written plainly in
/// either format, and what is read strictly is also read openly.
pub fn xml(bytes: &[u8]) -> Option<Cow<'_, str>> {
    of_format(Format::Xml, bytes)
}

/// The same of JSON.
pub fn json(bytes: &[u8]) -> Option<Cow<'_, str>> {
    of_format(Format::Json, bytes)
}

fn of_format(format: Format, bytes: &[u8]) -> Option<Cow<'_, str>> {
    let strict = Consultation::of(*STRICT);
    let text = codec::text(format, bytes, None).ok()?;
    let _ = codec::password(format, &text, &strict);
    let open = codec::user(format, &text, &Consultation::of(*OPEN));
    let Ok(user) = codec::user(format, &text, &strict) else {
        return open.is_ok().then_some(text);
    };
    assert_eq!(open.as_ref(), Ok(&user), "strict and open differ");
    for (format, plain) in [
        (Format::Xml, plain_xml(&user)),
        (Format::Json, plain_json(&user)),
    ] {
        let again = codec::user(format, &plain, &strict);
        assert_eq!(again.as_ref(), Ok(&user), "as {format:?}: {plain}");
    }
    Some(text)
}

/// The texts of a user with their names.
fn texts(user: &UserBody) -> impl Iterator<Item = (&'static str, &str)> {
    [
        ("UserId", user.user_id.as_deref()),
        ("Username", user.username.as_deref()),
        ("FirstName", user.texts.first_name.as_deref()),
        ("LastName", user.texts.last_name.as_deref()),
        ("Email", user.texts.email.as_deref()),
        ("TelephoneNumber", user.texts.telephone_number.as_deref()),
        ("AccountId", user.account_id.as_deref()),
        ("Password", user.password.as_ref().map(Secret::expose)),
    ]
    .into_iter()
    .filter_map(|(name, text)| Some((name, text?)))
}

fn plain_json(user: &UserBody) -> String {
    let mut body = serde_json::Map::new();
    for (name, text) in texts(user) {
        body.insert(name.to_owned(), text.into());
    }
    if let Some(enabled) = user.enabled {
        body.insert("Enabled".to_owned(), enabled.into());
    }
    if let Some(roles) = &user.roles {
        let role = |role: &crate::wire::RoleReference| {
            let mut fields = serde_json::Map::new();
            for (name, text) in [("RoleId", &role.id), ("RoleName", &role.name)] {
                if let Some(text) = text {
                    fields.insert(name.to_owned(), text.as_str().into());
                }
            }
            serde_json::Value::Object(fields)
        };
        body.insert("Roles".to_owned(), roles.iter().map(role).collect());
    }
    serde_json::Value::Object(body).to_string()
}

fn plain_xml(user: &UserBody) -> String {
    let mut body = String::from("<User>");
    let element = |body: &mut String, name: &str, text: &str| {
        write!(body, "<{name}>").expect("a string takes all");
        for c in text.chars() {
            match c {
                '<' | '>' | '&' | '\r' => write!(body, "&#{};", u32::from(c)),
                c => write!(body, "{c}"),
            }
            .expect("a string takes all");
        }
        write!(body, "</{name}>").expect("a string takes all");
    };
    for (name, text) in texts(user) {
        element(&mut body, name, text);
    }
    if let Some(enabled) = user.enabled {
        element(&mut body, "Enabled", if enabled { "true" } else { "false" });
    }
    if let Some(roles) = &user.roles {
        body.push_str("<Roles>");
        for role in roles {
            body.push_str("<Role>");
            for (name, text) in [("RoleId", &role.id), ("RoleName", &role.name)] {
                if let Some(text) = text {
                    element(&mut body, name, text);
                }
            }
            body.push_str("</Role>");
        }
        body.push_str("</Roles>");
    }
    body.push_str("</User>");
    body
}

/// Each line of `bytes` is a value of `Accept`, and the first one also of `Content-Type`. Values
/// in one header mean what they mean in several; JSON comes only to who named it.
pub fn negotiation(bytes: &[u8]) {
    static JSON_NEVER: LazyLock<Profile> = LazyLock::new(|| profile(&["format.json=never"]));
    static REFUSING: LazyLock<Profile> =
        LazyLock::new(|| profile(&["format.unacceptable=not_acceptable"]));
    let refusing = Consultation::of(*REFUSING);
    let open = Consultation::of(*OPEN);
    let values: Vec<HeaderValue> = bytes
        .split(|byte| *byte == b'\n')
        .take(8)
        .filter_map(|line| HeaderValue::from_bytes(line).ok())
        .collect();
    let mut apart = HeaderMap::new();
    for value in &values {
        apart.append(ACCEPT, value.clone());
    }
    let (format, acceptable) = http::negotiated(&apart, &refusing);
    if values.iter().all(|value| value.to_str().is_ok()) {
        let texts: Vec<&str> = values.iter().filter_map(|v| v.to_str().ok()).collect();
        let mut together = HeaderMap::new();
        let joined = HeaderValue::from_str(&texts.join(",")).expect("its parts are values");
        together.insert(ACCEPT, joined);
        assert_eq!(http::negotiated(&together, &refusing), (format, acceptable));
        if format == Format::Json {
            let named = texts.join(",").to_ascii_lowercase();
            assert!(named.contains("json") || named.contains("/*"), "{named}");
        }
    }
    assert!(acceptable || format == Format::Xml, "the default answers");
    assert_eq!(
        http::negotiated(&apart, &Consultation::of(*JSON_NEVER)).0,
        Format::Xml
    );
    if let Some(value) = values.first() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, value.clone());
        let format = http::body_format(&headers, bytes, &open);
        let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        match format {
            Some(Format::Json) => assert!(text.trim_start().starts_with("application/json")),
            Some(Format::Xml) => assert!(text.contains("/xml")),
            None => {}
        }
        // An empty body without a type is XML, whatever else is sent.
        assert_eq!(
            http::body_format(&HeaderMap::new(), b"", &open),
            Some(Format::Xml)
        );
    }
}

const LOGIN: (&str, &str) = ("api-user", "api-password");

fn store() -> Store {
    let seed = r#"{"format":1,"accounts":[{"accountId":"12345","companyName":"Acme",
        "login":{"username":"api-user","password":"api-password"},"nextUserNumber":1}]}"#;
    let seed = Seed::parse("law", seed).expect("it is a seed");
    let origins = seed.accounts.into_iter().map(|account| {
        Arc::new(Origin {
            account,
            generated: 0,
            profile: None,
            clock: None,
            random: 7,
        })
    });
    let origins: Vec<_> = origins.collect();
    Store::new(&origins, &Arc::new(Clock::new(None))).expect("one account")
}

/// `bytes` is the value of `Authorization`: it opens the account only if it is Basic and the
/// login, and it never opens another one. A login that is right stays right after a wrong one.
pub fn authentication(bytes: &[u8]) {
    static STORE: LazyLock<Store> = LazyLock::new(store);
    static SIGNER: LazyLock<Signer> =
        LazyLock::new(|| Signer::new().expect("the machine has random numbers"));
    static RULES: LazyLock<Profile> = LazyLock::new(|| {
        profile(&[
            "auth.schemes=basic_and_bearer",
            "auth.user_logins=accepted",
            "auth.lockout=0",
        ])
    });
    let Ok(value) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    let rules = Consultation::of(*RULES);
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, value);
    let opens = http::opens(&STORE, &SIGNER, &headers, "12345", &rules);
    assert_eq!(opens, is_the_login(bytes), "an independent reading differs");
    assert!(!http::opens(&STORE, &SIGNER, &headers, "54321", &rules));
    headers.append(AUTHORIZATION, HeaderValue::from_static("Basic eDp5"));
    let twice = http::opens(&STORE, &SIGNER, &headers, "12345", &rules);
    assert!(!twice, "two headers are none");
}

/// Reads `Basic` from the end: encodes what is right instead of decoding what came.
fn is_the_login(bytes: &[u8]) -> bool {
    let right = STANDARD.encode(format!("{}:{}", LOGIN.0, LOGIN.1));
    let Some((scheme, rest)) = bytes
        .iter()
        .position(|byte| *byte == b' ')
        .map(|at| bytes.split_at(at))
    else {
        return false;
    };
    scheme.eq_ignore_ascii_case(b"basic") && rest.trim_ascii() == right.as_bytes()
}
