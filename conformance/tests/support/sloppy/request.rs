//! A request, as the guide defines it: the path, the login, the format and the fields of a
//! body.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::bodies::{self, Fields};
use crate::support::http::{Request, as_bytes};

/// A refusal: status, code and XML root.
pub(crate) struct Refusal(pub(crate) u16, pub(crate) u32, pub(crate) &'static str);

/// The target of a path below an account, decoded once.
pub(crate) enum Place {
    Users,
    User(String),
    Roles,
}

impl Place {
    /// The methods that it takes, as `Allow` lists them.
    pub(crate) fn methods(&self) -> &'static str {
        match self {
            Self::Users => "GET, HEAD, POST",
            Self::User(_) => "GET, HEAD, PUT, DELETE",
            Self::Roles => "GET, HEAD",
        }
    }
}

/// The account and the place in a path, with dot segments taken out and each segment decoded once, as
/// servers do.
pub(crate) fn place(request: &Request) -> Result<(String, Place), Refusal> {
    let path = request.path().split(['?', '#']).next().unwrap_or("");
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    let unknown = Refusal(404, 404, "ErrorResponse");
    let ["api", "accounts", account, rest @ ..] = &segments[..] else {
        return Err(unknown);
    };
    let place = match rest {
        ["users"] => Place::Users,
        ["users", key] if !key.is_empty() => Place::User(decoded(key)),
        ["roles"] => Place::Roles,
        _ => return Err(unknown),
    };
    Ok(((*account).to_owned(), place))
}

/// The XML root of what a path answers.
pub(crate) fn root(request: &Request) -> &'static str {
    let path = request.path().split('?').next().unwrap_or("");
    match path.rsplit('/').next() {
        Some("roles") => "RolesResponse",
        Some("users") if request.method() != "POST" => "UsersResponse",
        _ => "UserResponse",
    }
}

/// The name and the password of a Basic login, which are not blank.
pub(crate) fn login(request: &Request) -> Result<(String, String), Refusal> {
    let refusal = |code| Refusal(401, code, root(request));
    let value = request.headers().get("authorization");
    let (scheme, encoded) = value.split_once(' ').ok_or(refusal(401))?;
    let login = STANDARD.decode(encoded.trim()).ok();
    let login = login.and_then(|login| String::from_utf8(login).ok());
    let login = login.filter(|_| scheme.eq_ignore_ascii_case("basic"));
    let login = login.ok_or(refusal(401))?;
    let (name, password) = login.split_once(':').unwrap_or((&login, ""));
    if name.trim().is_empty() || password.trim().is_empty() {
        return Err(refusal(14505));
    }
    Ok((name.to_owned(), password.to_owned()))
}

/// The media type of the body, in lower case.
fn kind(request: &Request) -> String {
    request.headers().get("content-type").to_ascii_lowercase()
}

/// True if its Content-Type is JSON.
pub(crate) fn sends_json(request: &Request) -> bool {
    kind(request).contains("json")
}

/// The fields of its body, whatever they are called.
pub(crate) fn fields(request: &Request) -> Result<Fields, Refusal> {
    let wrong = |status| Refusal(status, u32::from(status), "UserResponse");
    let kind = kind(request);
    let charset = kind.split_once("charset=").map_or("utf-8", |(_, set)| set);
    if request.body().len() > 1 << 20 {
        return Err(wrong(413));
    }
    let known = kind.is_empty() || kind.contains("xml") || kind.contains("json");
    if !known || charset.trim_matches('"') != "utf-8" {
        return Err(wrong(415));
    }
    bodies::read(&kind, request.body()).ok_or(wrong(400))
}

/// True if it asks for JSON. XML is the default, and wins if both have the same weight.
pub(crate) fn asks_json(request: &Request) -> bool {
    let accept = request.headers().get("accept");
    let weight = |kinds: [&str; 3]| {
        let weights = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next()?.to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f64>().ok());
            kinds
                .contains(&kind.as_str())
                .then(|| weight.unwrap_or(1.0))
        });
        weights.fold(0.0, f64::max)
    };
    let any = |name| weight([name, "application/*", "*/*"]);
    weight(["application/json", "", ""]) > 0.0 && any("application/json") > any("application/xml")
}

/// A segment of a path, decoded once.
fn decoded(segment: &str) -> String {
    let mut bytes = as_bytes(segment).into_iter();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        let pair = &bytes.as_slice()[..bytes.len().min(2)];
        let hex = std::str::from_utf8(pair)
            .ok()
            .filter(|pair| byte == b'%' && pair.len() == 2);
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                bytes.nth(1);
            }
            None => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A key as it is in a path.
pub(crate) fn encoded(key: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    key.bytes().map(escape).collect()
}
