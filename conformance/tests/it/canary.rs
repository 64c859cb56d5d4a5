//! No secret gets out: a server that sends back everything it is sent, in every encoding, and a
//! search of everything that a command writes.

mod encodings;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use aho_corasick::AhoCorasick;
use base64::{
    Engine as _, alphabet,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig},
    },
};

use self::encodings::{as_bytes, as_misread, as_text};
use crate::{
    command_line::{Ran, run},
    support::http::{Answer, Server},
};

/// With the colon as many characters as do not make whole groups of Base64: what follows is encoded
/// otherwise than by itself.
const NAME: &str = "me-5";
const PASSWORD: &str = "Canary<&\"'> 1/é+%\\x";
const SECRET: &str = "Canary?=&;two\"<'\\/ü";
/// How many encodings one body has.
const SHOWN: usize = 24;
const TOKEN: &str = "Canary-token/3+4==";

/// A server that knows some secrets, and notes the passwords that it is sent.
struct Echo {
    status: &'static str,
    secrets: &'static [&'static str],
    /// Passwords in the order in which they came.
    seen: Mutex<Vec<String>>,
    /// The last password of the running command; the server sends it back.
    last: Mutex<Option<String>>,
    /// The result of [`as_text`].
    texts: Mutex<HashMap<String, Arc<[String]>>>,
    served: AtomicUsize,
}

impl Echo {
    fn start(status: &'static str, secrets: &'static [&'static str]) -> (Arc<Self>, Server) {
        let echo = Arc::new(Self {
            status,
            secrets,
            seen: Mutex::default(),
            last: Mutex::default(),
            texts: Mutex::default(),
            served: AtomicUsize::default(),
        });
        let answering = Arc::clone(&echo);
        let server = Server::start(move |request| answering.answer(&request.to_bytes()));
        (echo, server)
    }

    /// All that was sent, in headers and body; a POST for a token gets one.
    fn answer(&self, request: &[u8]) -> Answer {
        let mut secrets: Vec<String> = self.secrets.iter().map(|one| (*one).to_owned()).collect();
        if let Some(password) = password_in(request) {
            let mut seen = self.seen.lock().unwrap();
            seen.retain(|known| *known != password);
            seen.push(password.clone());
            *self.last.lock().unwrap() = Some(password);
        }
        secrets.extend(self.last.lock().unwrap().clone());
        let turn = self.served.fetch_add(1, Ordering::Relaxed);
        let text = String::from_utf8_lossy(request);
        let authorization = text
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("authorization:"))
            .unwrap_or("");
        let (status, kind, body) = if text.starts_with("POST /api/v1/oauth2/token") {
            let grant = serde_json::json!({"access_token": TOKEN, "expires_in": 3600});
            ("200 OK", "application/json", grant.to_string().into_bytes())
        } else {
            (
                self.status,
                "application/xml",
                self.body(request, &secrets, turn),
            )
        };
        let header = self.header(&secrets, turn);
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nX-Echo: {authorization}\r\nX-Secret: {header}\r\nLocation: /api/users/{header}\r\nSet-Cookie: session={TOKEN}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        Answer::raw([head.as_bytes(), &body].concat())
    }

    /// A text in all encodings. They take long to make.
    fn as_text(&self, text: &str) -> Arc<[String]> {
        let mut texts = self.texts.lock().unwrap();
        let encoded = texts.entry(text.to_owned()).or_insert_with(|| {
            let encoded = as_text(text).into_iter();
            encoded.map(|(_, text)| text).collect()
        });
        Arc::clone(encoded)
    }

    /// Sent data and its secrets: as text, as text in UTF-16, and as other bytes.
    fn body(&self, request: &[u8], secrets: &[String], turn: usize) -> Vec<u8> {
        let every = secrets.iter().flat_map(|secret| {
            let pair = format!("{NAME}:{secret}");
            [self.as_text(secret), self.as_text(&pair)].concat()
        });
        let texts: Vec<String> = every.collect();
        // A report shows only the start of a long body, so each has others.
        let parts: Vec<&[String]> = texts.chunks(SHOWN).collect();
        let texts = parts[turn / 4 % parts.len()];
        match turn % 4 {
            2 => {
                let wide = texts.join("\n");
                let units = wide.encode_utf16().flat_map(u16::to_le_bytes);
                [0xFF, 0xFE].into_iter().chain(units).collect()
            }
            3 => {
                let bytes = secrets.iter().flat_map(|secret| as_bytes(secret));
                let mut body = request.to_vec();
                for (_, bytes) in bytes {
                    body.extend([0, 1]);
                    body.extend(bytes);
                }
                body
            }
            _ => {
                let sent: String = String::from_utf8_lossy(request)
                    .chars()
                    .take(2_000)
                    .collect();
                let sent = sent.replace('\0', "\\u0000");
                (sent + "\n" + &texts.join("\n")).into_bytes()
            }
        }
    }

    /// A secret in another encoding at each turn.
    fn header(&self, secrets: &[String], turn: usize) -> String {
        let secret = &secrets[turn % secrets.len()];
        let texts = self.as_text(secret);
        texts[turn % texts.len()].replace(['\r', '\n'], "")
    }
}

/// The password in a body that can be read.
fn password_in(request: &[u8]) -> Option<String> {
    let start = request.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let bytes = &request[start..];
    let units = |order: fn([u8; 2]) -> u16| {
        let units = bytes[2..]
            .chunks_exact(2)
            .map(|two| order([two[0], two[1]]));
        String::from_utf16_lossy(&units.collect::<Vec<_>>())
    };
    let body = match bytes {
        [0xFF, 0xFE, ..] => units(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => units(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    if let Ok(body) = serde_json::from_str::<serde_json::Value>(&body) {
        return Some(body.get("Password")?.as_str()?.to_owned());
    }
    let (_, rest) = body.split_once("<Password>")?;
    let (password, _) = rest.split_once("</Password>")?;
    let password = password.replace("&lt;", "<").replace("&gt;", ">");
    Some(password.replace("&amp;", "&"))
}

/// Parts of each secret, as it is and in reverse.
const WORDS: [&str; 2] = ["Canary", "yranaC"];

/// A run of Base64 that has a word in it, wherever it is.
fn in_base64(text: &str) -> Option<&str> {
    let of_base64 = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '-' | '_')
    };
    let engine = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let parts = text.split(|character| !of_base64(character));
    // A word has eight characters of it.
    let long: BTreeSet<&str> = parts.filter(|part| part.len() >= 8).collect();
    long.into_iter().find(|part| {
        (0..4).any(|start| {
            let part = part.get(start..).unwrap_or_default();
            // One character alone in the last group is not a byte.
            let whole = &part[..part.len() - usize::from(part.len() % 4 == 1)];
            let decoded = engine.decode(whole.replace('-', "+").replace('_', "/"));
            decoded.is_ok_and(|bytes| has_word(&bytes))
        })
    })
}

/// Bytes that pairs of hexadecimal digits stand for, whatever is between them, at both offsets.
fn in_hexadecimal(text: &str) -> bool {
    let nibbles: Vec<u8> = text
        .replace("0x", " ")
        .chars()
        .filter_map(|character| character.to_digit(16))
        .map(|digit| u8::try_from(digit).unwrap())
        .collect();
    (0..2).any(|start| {
        let pairs = nibbles.get(start..).unwrap_or_default().chunks_exact(2);
        let bytes: Vec<u8> = pairs.map(|two| two[0] << 4 | two[1]).collect();
        let bytes: Vec<u8> = bytes.into_iter().filter(|byte| *byte != 0).collect();
        has_word(&bytes)
    })
}

/// True if a word is in the bytes. The standard library's own search is optimised in every build.
fn has_word(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    WORDS.iter().any(|word| text.contains(word))
}

/// Everything that a command wrote: both streams, and all files of a folder.
fn outputs(ran: &[Ran], folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut outputs = BTreeMap::new();
    for (number, ran) in ran.iter().enumerate() {
        outputs.insert(format!("stdout {number}"), ran.out.clone().into_bytes());
        outputs.insert(format!("stderr {number}"), ran.err.clone().into_bytes());
    }
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        outputs.insert(name, fs::read(entry.path()).unwrap());
    }
    outputs
}

/// Fails for every output that holds a secret in any encoding, or what is not text.
fn check(outputs: &BTreeMap<String, Vec<u8>>, secrets: &[String], status: &str) {
    let forms: Vec<(String, Vec<u8>)> = secrets
        .iter()
        .flat_map(|secret| {
            let texts = as_text(secret).into_iter().chain(as_misread(secret));
            let texts = texts.map(|(name, text)| (name, text.into_bytes()));
            let all: Vec<_> = texts.chain(as_bytes(secret)).collect();
            all.into_iter()
                .map(move |(name, bytes)| (format!("{secret}, {name}"), bytes))
        })
        // Shorter ones are in any text by chance.
        .filter(|(_, bytes)| bytes.len() >= 6)
        .collect();
    let finder = AhoCorasick::new(forms.iter().map(|(_, bytes)| bytes)).unwrap();
    for (name, bytes) in outputs {
        let found = finder.find(bytes).map(|found| &forms[found.pattern()].0);
        assert_eq!(found, None, "{status}: in {name}");
        let text = String::from_utf8(bytes.clone()).unwrap();
        let control = |character: char| character.is_control() && !"\t\n\r".contains(character);
        let found = text
            .find(control)
            .map(|place| &bytes[place.saturating_sub(40)..=place]);
        assert_eq!(found, None, "{status}: a control character in {name}");
        // Nor a part of one, in whatever encoding.
        let squeezed = text.replace("\\u0000", "").replace("\\0", "");
        for word in WORDS {
            let around = text.find(word).map(|place| {
                let start = text.floor_char_boundary(place.saturating_sub(200));
                &text[start..text.ceil_char_boundary(place + 60)]
            });
            assert_eq!(around, None, "{status}: {word} in {name}");
            assert!(!squeezed.contains(word), "{status}: wide {word} in {name}");
        }
        assert_eq!(in_base64(&text), None, "{status}: in {name}");
        assert!(!in_hexadecimal(&text), "{status}: digits in {name}");
    }
}

const BASIC: [(&str, &str); 3] = [
    ("BW_ACCOUNT_ID", "12345"),
    ("BW_USERNAME", NAME),
    ("BW_PASSWORD", PASSWORD),
];
const CLIENT: [(&str, &str); 3] = [
    ("BW_ACCOUNT_ID", "12345"),
    ("BW_CLIENT_ID", "id"),
    ("BW_CLIENT_SECRET", SECRET),
];

/// The login's secrets, and the passwords that a server was sent which are not in any text by
/// chance.
fn secrets_of(echo: &Echo) -> Vec<String> {
    let seen = echo.seen.lock().unwrap().clone();
    // The guide's own example is in the claims, and so in a page that quotes them.
    let long = seen
        .into_iter()
        .filter(|one| one.len() >= 6 && one != "Secret123!");
    // Their encodings are many: some have to do.
    let long = long.step_by(8);
    let own = echo.secrets.iter().map(|one| (*one).to_owned());
    own.chain(long).collect()
}

#[test]
fn no_secret_is_in_anything_that_a_run_writes() {
    for (status, login, secrets, least) in [
        ("201 Created", BASIC, &[PASSWORD][..], 10),
        ("200 OK", CLIENT, &[SECRET, TOKEN], 10),
        // Where the first create is rejected, no other password is sent.
        ("400 Bad Request", BASIC, &[PASSWORD], 1),
    ] {
        let (echo, server) = Echo::start(status, secrets);
        let url = server.url();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let ledger = path("ledger");
        let mut arguments = vec!["run", "--target", &url, "--ledger", &ledger];
        // More of them take long, and read the same.
        arguments.extend(["--max-requests", "1000"]);
        arguments.extend(["--patience", "0", "--settle", "0", "--allow-leftovers"]);
        let reports =
            ["json", "junit", "html", "markdown"].map(|kind| format!("{kind}={}", path(kind)));
        for report in &reports {
            arguments.extend(["--report", report]);
        }
        let har = path("run.har");
        arguments.extend(["--har", &har]);
        let ran = run(&arguments, &login);
        assert!(ran.out.contains(" cases: "), "{}{}", ran.out, ran.err);
        let outputs = outputs(&[ran], folder.path());
        assert!(outputs.len() >= 7, "reports are missing");
        let secrets = secrets_of(&echo);
        assert!(secrets.len() > least, "only {} secrets", secrets.len());
        check(&outputs, &secrets, status);
    }
}

#[test]
fn no_secret_is_in_anything_that_a_probe_a_replay_or_a_fuzz_writes() {
    let (echo, server) = Echo::start("201 Created", &[PASSWORD]);
    let url = server.url();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (out, ledger) = (path("learned.toml"), path("ledger"));
    let (probed, fuzzed) = (path("probe.har"), path("fuzz.har"));
    let to = [
        "--target",
        &url,
        "--patience",
        "0",
        "--settle",
        "0",
        "--allow-leftovers",
    ];
    let commands = [
        // It ends before its time, so that what it keeps for another one can be seen.
        vec![
            "probe",
            "--out",
            &out,
            "--max-requests",
            "12",
            "--har",
            &probed,
        ],
        vec![
            "fuzz", "--traces", "2", "--steps", "10", "--ledger", &ledger, "--har", &fuzzed,
        ],
    ];
    // A command knows no password that another one sent.
    let forget = || *echo.last.lock().unwrap() = None;
    let mut ran: Vec<Ran> = commands
        .into_iter()
        .map(|command| {
            forget();
            run(&[&command[..], &to].concat(), &BASIC)
        })
        .collect();
    // A replay keeps its ledger in the folder in which it runs.
    for case in ["errors.xml-utf-16.is-400", "create.password.weak-is-400"] {
        forget();
        let mut replay = Command::new(env!("CARGO_BIN_EXE_bandwidth-conformance"));
        let replay = replay.args(["replay", case]).args(to).envs(BASIC);
        let output = replay.current_dir(folder.path()).output().unwrap();
        ran.push(Ran {
            code: 0,
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        });
    }
    let outputs = outputs(&ran, folder.path());
    for file in ["learned.toml.exchanges.json", "learned.toml.partial"] {
        assert!(
            outputs.contains_key(file),
            "{file} is missing: {:?}",
            outputs.keys()
        );
    }
    check(&outputs, &secrets_of(&echo), "201 Created");
}
