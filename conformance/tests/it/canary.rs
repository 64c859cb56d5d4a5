//! No secret gets out: a server that sends back everything it is sent, in every encoding, and a
//! search of everything that a run writes.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use aho_corasick::AhoCorasick;
use bandwidth_conformance::redact::forms;
use base64::{
    Engine as _, alphabet,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD},
    },
};

use crate::command_line::run;

/// With the colon as many characters as do not make whole groups of Base64: what follows is encoded
/// otherwise than by itself.
const NAME: &str = "me-5";
const PASSWORD: &str = "Canary<&\"'> 1/é+%\\x";
const SECRET: &str = "Canary?=&;two\"<'\\/ü";
const TOKEN: &str = "Canary-token/3+4==";

/// A server that knows some secrets, and notes the passwords that it is sent.
#[derive(Clone)]
struct Echo {
    status: &'static str,
    secrets: &'static [&'static str],
    seen: Arc<Mutex<BTreeSet<String>>>,
}

impl Echo {
    fn start(status: &'static str, secrets: &'static [&'static str]) -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let echo = Self {
            status,
            secrets,
            seen: Arc::default(),
        };
        let server = echo.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let server = server.clone();
                thread::spawn(move || server.serve(stream.unwrap()));
            }
        });
        (echo, address)
    }

    /// Answers with all that was sent, in headers and body; a POST for a token gets one.
    fn serve(&self, mut stream: TcpStream) {
        let request = read(&mut stream);
        if let Some(password) = password_in(&request) {
            self.seen.lock().unwrap().insert(password);
        }
        let text = String::from_utf8_lossy(&request);
        let authorization = text
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("authorization:"))
            .unwrap_or("");
        let (status, kind, body) = if text.starts_with("POST /api/v1/oauth2/token") {
            let grant = serde_json::json!({"access_token": TOKEN, "expires_in": 3600});
            ("200 OK", "application/json", grant.to_string())
        } else {
            let sent: String = text.chars().take(2_000).collect();
            (self.status, "application/xml", self.everything(&sent))
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nX-Echo: {authorization}\r\nLocation: /api/{}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            STANDARD.encode(self.secrets[0]),
            body.len()
        );
        let _ = stream.write_all(answer.as_bytes());
    }

    /// What was sent and what is secret, in every form that a secret has.
    fn everything(&self, sent: &str) -> String {
        let mut parts = vec![sent.to_owned()];
        for secret in self.secrets {
            parts.extend(forms(secret));
            for name in [NAME, "id"] {
                parts.extend(forms(&format!("{name}:{secret}")));
            }
        }
        if let Some(password) = self.seen.lock().unwrap().last() {
            parts.extend(forms(password));
        }
        parts.join("\n")
    }
}

/// One whole request.
pub(crate) fn read(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut buffer = [0; 8_192];
    loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        request.extend_from_slice(&buffer[..read]);
        if let Some(head) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
            let length: usize = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok())
                .unwrap_or(0);
            if request.len() >= head + 4 + length {
                return request;
            }
        }
        if read == 0 {
            return request;
        }
    }
}

/// The password in a body that can be read.
fn password_in(request: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(request);
    let (_, body) = text.split_once("\r\n\r\n")?;
    if let Ok(body) = serde_json::from_str::<serde_json::Value>(body) {
        return Some(body.get("Password")?.as_str()?.to_owned());
    }
    let (_, rest) = body.split_once("<Password>")?;
    let (password, _) = rest.split_once("</Password>")?;
    let password = password.replace("&lt;", "<").replace("&gt;", ">");
    Some(password.replace("&amp;", "&"))
}

/// A run of Base64 that has `word` in it, wherever it stands.
fn in_base64<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let of_base64 =
        |character: char| character.is_ascii_alphanumeric() || "+/-_".contains(character);
    let engine = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let parts: BTreeSet<&str> = text.split(|character| !of_base64(character)).collect();
    parts.into_iter().find(|part| {
        (0..4).any(|start| {
            let part = part.get(start..).unwrap_or_default();
            // One character alone in the last group is no byte.
            let whole = &part[..part.len() - usize::from(part.len() % 4 == 1)];
            let decoded = engine.decode(whole.replace('-', "+").replace('_', "/"));
            decoded.is_ok_and(|bytes| bytes.windows(word.len()).any(|at| at == word.as_bytes()))
        })
    })
}

#[test]
fn no_secret_stands_in_anything_that_a_run_writes() {
    let basic = [
        ("BW_ACCOUNT_ID", "12345"),
        ("BW_USERNAME", NAME),
        ("BW_PASSWORD", PASSWORD),
    ];
    let client = [
        ("BW_ACCOUNT_ID", "12345"),
        ("BW_CLIENT_ID", "id"),
        ("BW_CLIENT_SECRET", SECRET),
    ];
    for (status, login, secrets) in [
        ("201 Created", basic, &[PASSWORD][..]),
        ("200 OK", client, &[SECRET, TOKEN]),
        ("400 Bad Request", basic, &[PASSWORD]),
    ] {
        let (echo, address) = Echo::start(status, secrets);
        let url = format!("http://{address}");
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let ledger = path("ledger");
        let mut arguments = vec!["run", "--target", &url, "--ledger", &ledger];
        arguments.extend(["--patience", "0"]);
        let reports =
            ["json", "junit", "html", "markdown"].map(|kind| format!("{kind}={}", path(kind)));
        for report in &reports {
            arguments.extend(["--report", report]);
        }
        let ran = run(&arguments, &login);
        assert!(ran.out.contains(" cases: "), "{}{}", ran.out, ran.err);
        let mut outputs = vec![
            ("stdout".to_owned(), ran.out),
            ("stderr".to_owned(), ran.err),
        ];
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            outputs.push((path.display().to_string(), text));
        }
        assert!(outputs.len() >= 6, "reports are missing");
        let seen = echo.seen.lock().unwrap();
        assert!(seen.len() > 30, "only {} passwords were sent", seen.len());
        // Shorter ones stand in any text by chance.
        let long = seen.iter().map(String::as_str).filter(|one| one.len() >= 6);
        let canaries: Vec<String> = secrets
            .iter()
            .copied()
            .chain(long)
            .flat_map(forms)
            .filter(|form| form.len() >= 6)
            .collect();
        let finder = AhoCorasick::new(&canaries).unwrap();
        for (name, text) in &outputs {
            let found = finder.find(text).map(|found| &canaries[found.pattern()]);
            assert_eq!(found, None, "{status}: in {name}");
            // Nor a part of one, whatever encoded it.
            assert!(!text.contains("Canary"), "{status}: in {name}");
            let found = in_base64(text, "Canary");
            assert_eq!(found, None, "{status}: in {name}");
        }
    }
}
