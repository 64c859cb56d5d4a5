//! One command against one target, and what must be true after it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Instant,
};

use tempfile::TempDir;

use super::{
    modes::{Expected, Mode},
    truth::untruths,
};
use crate::{
    command_line,
    support::{
        program::{kill_when, program},
        sloppy::{Known, LOGIN, PREPARED, Target},
    },
};

/// A few cases of each kind: names that servers change, deletes, lists and updates.
const SOME_CASES: [&str; 18] = [
    "--filter",
    "create.json.answers",
    "--filter",
    "create.username.missing",
    "--filter",
    "create.username.characters",
    "--filter",
    "create.username.over-100",
    "--filter",
    "delete.then-get",
    "--filter",
    "delete.again",
    "--filter",
    "list.deleted",
    "--filter",
    "update.whole-user",
    "--filter",
    "update.missing-user",
];
/// The start of lines with a case's observation.
const DETAIL: &str = "          ";
/// So that no cell waits for real seconds.
const PATIENCE: [&str; 4] = ["--settle", "0.15", "--patience", "1"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Run,
    RunAll,
    Probe,
    Fuzz,
    /// A run that is killed, and a clean-up from its ledger.
    Killed,
}

impl Command {
    pub(crate) fn letter(self) -> char {
        match self {
            Self::Run => 'r',
            Self::RunAll => 'a',
            Self::Probe => 'p',
            Self::Fuzz => 'f',
            Self::Killed => 'k',
        }
    }
}

/// A command against a target.
pub(crate) struct Cell {
    pub(crate) mode: &'static Mode,
    pub(crate) command: Command,
}

/// Effects of a command outside its target.
struct Done {
    code: u8,
    text: String,
    folder: TempDir,
    ledger: PathBuf,
}

impl Cell {
    /// Everything that is wrong after it, each with the cell's name.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = self.looked_at(false);
        if self.mode.expected == Expected::Stays && self.command != Command::Killed {
            faults.extend(self.looked_at(true));
        }
        faults
    }

    fn looked_at(&self, allowing_leftovers: bool) -> Vec<String> {
        let target = Target::start(self.mode.words);
        let before = others(&target);
        let flags: &[&str] = match self.mode.expected {
            Expected::Prepared => &["--prepared-user", PREPARED],
            _ if allowing_leftovers => &["--allow-leftovers"],
            _ => &[],
        };
        let began = Instant::now();
        let done = self.command.done(&target, flags);
        let flag = if allowing_leftovers {
            " (leftovers allowed)"
        } else {
            ""
        };
        let name = format!("{:?} `{}`{flag}", self.command, self.mode.words);
        if env::var("SLOPPY_MODE").is_ok() {
            let log = target.log().join("\n");
            println!("{name}, {:?}\n{}\n{log}", began.elapsed(), done.text);
        }
        let mut faults = Vec::new();
        faults.extend(
            target
                .harm()
                .into_iter()
                .map(|harm| format!("harmed: {harm}")),
        );
        if !before.iter().all(|user| others(&target).contains(user)) {
            faults.push("a user of others is gone".to_owned());
        }
        faults.extend(self.faults_of_leaving(&target, &done, allowing_leftovers));
        faults.extend(secrets_in(&target, &done));
        if self.command == Command::Probe {
            faults.extend(untruths(
                self.mode.words,
                &done.folder.path().join("learned.toml"),
            ));
        }
        faults
            .iter()
            .map(|fault| format!("{name}: {fault}"))
            .collect()
    }

    fn faults_of_leaving(&self, target: &Target, done: &Done, allowed: bool) -> Vec<String> {
        let mut faults = Vec::new();
        let (left, code) = (target.left(), done.code);
        let unnamed: Vec<&Known> = left
            .iter()
            .filter(|user| !names(&done.text, user))
            .collect();
        if let Some(first) = unnamed.first() {
            let (count, all) = (unnamed.len(), left.len());
            faults.push(format!(
                "{count} of {all} left are not named, such as {first:?}"
            ));
        }
        if !left.is_empty() && code != 5 && !allowed {
            faults.push(format!("exit code {code} with {} left", left.len()));
        }
        if !left.is_empty() && !allowed && !done.ledger.exists() {
            faults.push("the ledger is gone".to_owned());
        }
        if code == 5 && !done.ledger.exists() {
            faults.push("exit code 5 without a ledger".to_owned());
        }
        if !matches!(code, 0 | 1 | 3 | 5) {
            faults.push(format!("exit code {code}: {}", done.text.trim()));
        }
        match self.mode.expected {
            Expected::Clean if !left.is_empty() => {
                faults.push(format!("{} left where all can be removed", left.len()));
            }
            Expected::Clean if code == 5 && self.command != Command::Killed => {
                faults.push("exit code 5 where no user is left".to_owned());
            }
            Expected::Stays if !allowed && target.created() > 1 => {
                faults.push(format!("{} users were created", target.created()));
            }
            Expected::Prepared if target.created() > 0 => {
                faults.push(format!("{} users were created", target.created()));
            }
            Expected::Prepared if !target.prepared_is_as_it_was() => {
                faults.push("the prepared user is not as it was".to_owned());
            }
            _ => {}
        }
        faults
    }
}

fn others(target: &Target) -> Vec<Known> {
    let mut users = target.users();
    users.retain(|user| !user.is_new);
    users
}

/// True if the text has the user's name or key as a separate word. An observation is written
/// further in, and names no leftover.
fn names(text: &str, user: &Known) -> bool {
    let mut lines = text.lines();
    lines.any(|line| !line.starts_with(DETAIL) && has_word_of(line, user))
}

fn has_word_of(text: &str, user: &Known) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || "-_".contains(character);
    [&user.username, &user.key].into_iter().any(|word| {
        text.match_indices(word.as_str()).any(|(at, found)| {
            let before = text[..at].chars().next_back();
            let after = text[at + found.len()..].chars().next();
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
    })
}

impl Command {
    fn done(self, target: &Target, flags: &[&str]) -> Done {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let url = target.url();
        let (ledger, out) = (path("ledger"), path("learned.toml"));
        let reports = ["json", "junit", "html", "markdown"]
            .map(|kind| format!("{kind}={}", path(kind).display()));
        let ledger_name = ledger.display().to_string();
        let out_name = out.display().to_string();
        let aim = ["--target", &url];
        let kept = ["--ledger", &ledger_name];
        let mut all_reports = Vec::new();
        for report in &reports {
            all_reports.extend(["--report", report.as_str()]);
        }
        let arguments = match self {
            Self::Run => [&["run"], &aim[..], &kept, &SOME_CASES, &all_reports[..2]].concat(),
            Self::RunAll => [&["run"], &aim[..], &kept, &all_reports].concat(),
            Self::Killed => [&["run"], &aim[..], &kept, &SOME_CASES].concat(),
            Self::Probe => [&["probe"], &aim[..], &["--out", &out_name]].concat(),
            Self::Fuzz => {
                let few = ["--traces", "2", "--steps", "15", "--seed", "7"];
                [&["fuzz"], &aim[..], &kept, &few].concat()
            }
        };
        let arguments = [&arguments[..], &PATIENCE, flags].concat();
        let (code, text) = match self {
            Self::Killed => killed(target, &arguments, &ledger, folder.path()),
            _ => ran(&arguments),
        };
        let ledger = match self {
            Self::Probe => path("learned.toml.ledger"),
            _ => ledger,
        };
        Done {
            code,
            text,
            folder,
            ledger,
        }
    }
}

fn ran(arguments: &[&str]) -> (u8, String) {
    let ran = command_line::run(arguments, &[]);
    (ran.code, ran.out + &ran.err)
}

/// Kills a run a few requests after its first create, and cleans up.
fn killed(target: &Target, arguments: &[&str], ledger: &Path, folder: &Path) -> (u8, String) {
    let mut moment = None;
    let status = kill_when(program(folder, arguments), || {
        let requests = target.log().len();
        if moment.is_none() && target.created() > 0 {
            moment = Some(requests + 2);
        }
        moment.is_some_and(|moment| requests >= moment)
    });
    // A run that came to its end has said what is left of it.
    if status.code().is_some() && !ledger.exists() {
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        return (code.unwrap_or(1), String::new());
    }
    let name = ledger.display().to_string();
    let mut cleanup = vec!["cleanup", "--ledger", name.as_str()];
    let command = bandwidth_conformance::cli::command();
    let settles = command
        .find_subcommand("cleanup")
        .is_some_and(|cleanup| cleanup.get_arguments().any(|one| one.get_id() == "settle"));
    if settles {
        cleanup.extend(["--settle", "0.3"]);
    }
    ran(&cleanup)
}

/// Places that show a secret which was sent to the target.
fn secrets_in(target: &Target, done: &Done) -> Vec<String> {
    let mut written = vec![("output".to_owned(), done.text.clone().into_bytes())];
    for entry in fs::read_dir(done.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        written.push((name, fs::read(&path).unwrap()));
    }
    let mut secrets = target.passwords();
    secrets.push(LOGIN.1.to_owned());
    // Shorter ones stand in any text by chance.
    secrets.retain(|secret| secret.chars().count() >= 8);
    let forms: Vec<(String, Vec<u8>)> = secrets
        .iter()
        .flat_map(|secret| forms(secret).map(|form| (secret.clone(), form)))
        .collect();
    let search = aho_corasick::AhoCorasick::new(forms.iter().map(|(_, form)| form)).unwrap();
    let mut faults = Vec::new();
    for (name, bytes) in written {
        if let Some(found) = search.find(&bytes) {
            let (secret, _) = &forms[found.pattern()];
            let place =
                String::from_utf8_lossy(&bytes[found.start().saturating_sub(60)..found.end()]);
            faults.push(format!("the secret {secret} is in {name}: {place:?}"));
        }
    }
    faults
}

/// A secret as it may stand in what is written.
fn forms(secret: &str) -> [Vec<u8>; 8] {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    let utf16 = |bytes: fn(u16) -> [u8; 2]| secret.encode_utf16().flat_map(bytes).collect();
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    let digit = |value: u8| char::from_digit(u32::from(value), 16);
    let digits = |byte: u8| [byte >> 4, byte & 15].into_iter().filter_map(digit);
    let hex: String = secret.bytes().flat_map(digits).collect();
    let json = serde_json::Value::from(secret).to_string();
    [
        secret.as_bytes().to_vec(),
        json.as_bytes()[1..json.len() - 1].to_vec(),
        quick_xml::escape::escape(secret).as_bytes().to_vec(),
        secret.bytes().map(escape).collect::<String>().into_bytes(),
        STANDARD
            .encode(format!("{}:{secret}", LOGIN.0))
            .into_bytes(),
        hex.into_bytes(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ]
}
