//! A shell command that sends a request again. What is secret becomes a variable.

use std::fmt::Write as _;

use crate::{
    exchange::Exchange,
    redact::{MARK, Redactor, basic_login, text_of},
};

/// The longest body that is part of the line.
const BODY: usize = 4 * 1024;

/// The command, for bash. `BW_USERNAME` and `BW_PASSWORD`, or `BW_TOKEN`, are the login;
/// `NEW_PASSWORD` replaces any password in a body.
pub fn line(exchange: &Exchange, redactor: &Redactor) -> String {
    let request = &exchange.request;
    let url = format!("{}{}", exchange.origin, request.path);
    let url = quoted(&redactor.line(&url));
    let mut line = "curl -i".to_owned();
    match request.method.as_str() {
        "GET" if request.body.is_empty() => {}
        "HEAD" => line.push_str(" -I"),
        method => {
            let _ = write!(line, " -X {method}");
        }
    }
    let has = |name: &str| {
        let mut headers = request.headers.iter();
        headers.any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    for (name, value) in &request.headers {
        let cleaned = redactor.clean(value);
        let secret = cleaned.contains(MARK) || basic_login(value).is_some();
        if name.eq_ignore_ascii_case("authorization") && secret {
            line.push_str(if value.starts_with("Bearer ") {
                " -H \"Authorization: Bearer $BW_TOKEN\""
            } else {
                " -u \"$BW_USERNAME:$BW_PASSWORD\""
            });
            continue;
        }
        let _ = write!(line, " -H {}", quoted(&format!("{name}: {cleaned}")));
    }
    // What curl would add of its own accord.
    if !has("accept") {
        line.push_str(" -H 'Accept:'");
    }
    if !request.body.is_empty() {
        if !has("content-type") {
            line.push_str(" -H 'Content-Type:'");
        }
        let at_end = |what: String| {
            let line = line.replacen("curl -i", &format!("curl -i {url}"), 1);
            format!("{line} --data-binary @body # {what}")
        };
        if request.body.len() > BODY {
            return at_end(format!("a body of {} bytes", request.body.len()));
        }
        let Some(text) = text_of(&request.body) else {
            return at_end(redactor.body(&request.body));
        };
        let body = quoted(&redactor.clean(text));
        // The variable is outside of the quotes, which continue behind it as they began.
        let (opening, _) = body.split_once('\'').unwrap_or_default();
        let variable = format!("'\"$NEW_PASSWORD\"{opening}'");
        let _ = write!(line, " --data-binary {}", body.replace(MARK, &variable));
    }
    line + " " + &url
}

/// For a shell, as one word.
fn quoted(text: &str) -> String {
    if text
        .chars()
        .any(|character| character.is_control() && character != '\n')
    {
        return ansi(text.as_bytes());
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// `$'...'`, with every byte that is not plain text escaped.
fn ansi(bytes: &[u8]) -> String {
    let mut word = "$'".to_owned();
    for byte in bytes {
        match byte {
            b'\'' | b'\\' => {
                word.push('\\');
                word.push(char::from(*byte));
            }
            b' '..=b'~' => word.push(char::from(*byte)),
            other => {
                let _ = write!(word, "\\x{other:02x}");
            }
        }
    }
    word + "'"
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::line;
    use crate::{
        exchange::{Exchange, Purpose},
        login::basic_header,
        redact::Redactor,
        transport::Request,
    };

    fn of(request: Request) -> String {
        let redactor = Redactor::default();
        redactor.add_login("me", "Canary-1");
        redactor.add("Canary-2");
        let exchange = Exchange {
            purpose: Purpose::Case,
            origin: "http://127.0.0.1:1".to_owned(),
            at: Duration::ZERO,
            took: Duration::ZERO,
            request,
            outcome: Err("no answer".to_owned()),
            repeated: None,
        };
        let line = line(&exchange, &redactor);
        assert!(!line.contains("Canary"), "{line}");
        line
    }

    #[test]
    fn requests_become_commands_without_secrets() {
        let login = basic_header("me", "Canary-1");
        let with = |method| Request::new(method, "/api/x").header("Authorization", login.as_str());
        let lines = [
            of(with("GET").header("Accept", "application/xml")),
            of(Request::new("HEAD", "/api/x?a=b&c='d'")),
            of(with("POST")
                .header("Content-Type", "application/json")
                .body("{\"FirstName\":\"O'Neil\",\"Password\":\"Canary-2\"}")),
            of(with("PUT").body(b"<a>\xff\x01'Canary-2</a>")),
            of(with("POST").body("n".repeat(5_000))),
            of(Request::new("GET", "/api/x").header("Authorization", "Basic !!!")),
        ];
        insta::assert_snapshot!(lines.join("\n"));
        let unknown = basic_header("other", "Never-told");
        let line = of(Request::new("GET", "/api/x").header("Authorization", unknown));
        assert!(line.contains(" -u \"$BW_USERNAME:$BW_PASSWORD\""), "{line}");
    }
}
