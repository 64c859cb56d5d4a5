//! `learn`: from recorded traffic to a profile.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use bandwidth_fixtures::{
    BehaviourId, Evidence, FixtureError, NamedProfile, Seed,
    behaviour::Values,
    describe::{self, counted},
};
use clap::Args;
use serde_json::Value;
use thiserror::Error;

use super::{
    Recordings, TrafficError,
    engine::{self, Finding, Learned, Possible},
    har, time,
};
use crate::{arguments::named, config::ConfigError, jwt::NoRandomNumbers};

/// The flags of `learn`.
#[derive(Debug, Args)]
pub struct LearnArguments {
    /// Recordings: HAR, or one JSON object a line
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Profile for behaviours that the traffic does not decide: guide, published, or the path of a
    /// profile file
    #[arg(long, value_name = "PROFILE", default_value = NamedProfile::BUILT_IN[0])]
    base: String,
    /// Write the profile to this file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write the users that were there before the traffic to this file, as a seed
    #[arg(long, value_name = "FILE")]
    seed_out: Option<PathBuf>,
    /// Write made-up names, emails, telephone numbers and ids to the seed
    #[arg(long, requires = "seed_out")]
    anonymize: bool,
}

/// The reason why a command on traffic cannot run. The text states what to do.
#[derive(Debug, Error)]
pub enum CommandError {
    /// A recording.
    #[error(transparent)]
    Traffic(#[from] TrafficError),
    /// The value of a flag.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A profile that cannot be written.
    #[error(transparent)]
    Profile(#[from] FixtureError),
    /// A file that cannot be written.
    #[error("{}: {}", .0.display(), describe::io_of_write(.1))]
    Write(PathBuf, std::io::Error),
    /// A file that is to be written, and is something else.
    #[error("{}: {}", .0.display(), .1)]
    InUse(PathBuf, &'static str),
    /// No random numbers.
    #[error("the emulator cannot start: the machine gives no random numbers")]
    Random,
}

impl From<NoRandomNumbers> for CommandError {
    fn from(_: NoRandomNumbers) -> Self {
        Self::Random
    }
}

/// The profile of that name or path; `flag` is where it was given.
pub(super) fn profile(flag: &str, name: &str) -> Result<NamedProfile, CommandError> {
    NamedProfile::load(name).map_err(|error| named(flag, error).into())
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    fs::write(path, text).map_err(|error| CommandError::Write(path.to_owned(), error))
}

/// Learns from the files, writes the profile, and returns what is printed.
pub fn run(arguments: &LearnArguments) -> Result<String, CommandError> {
    let base = profile("--base", &arguments.base)?;
    spare_recordings(arguments)?;
    let recordings = Recordings::read(&arguments.files)?;
    let learned = engine::learn(&recordings.exchanges, base.options())?;
    let (profile, comments) = profile_of(&learned, &base, &recordings)?;
    let settled = |one: &&Finding| matches!(one, Finding::Settled(_));
    let count = learned.findings.values().filter(settled).count();
    let heading = format!(
        "What recorded traffic showed: {count} behaviours observed. The rest is as in `{}`.\n\
         The numbers of exchanges are their places in the recordings.\n  \
         bandwidth-mock --profile THIS_FILE",
        base.name()
    );
    write(
        &arguments.out,
        &profile.to_toml(&base, &heading, &comments)?,
    )?;
    let mut screen = summary(&learned, &base, &recordings);
    let _ = writeln!(screen, "\n{} has the profile.", arguments.out.display());
    if !learned.wording.is_empty() {
        let _ = writeln!(
            screen,
            "Its [wording] has {} of the server. Read it before you share the file.",
            counted(learned.wording.len(), "error text")
        );
    }
    if let Some(path) = &arguments.seed_out {
        let seed = seed_file(&learned.start, arguments.anonymize);
        write(path, &seed)?;
        let _ = writeln!(screen, "{} has the starting users.", path.display());
    }
    Ok(screen)
}

/// An error if a result would replace a recording, or the other result.
fn spare_recordings(arguments: &LearnArguments) -> Result<(), CommandError> {
    let LearnArguments { out, seed_out, .. } = arguments;
    let in_use = |path: &Path, why| Err(CommandError::InUse(path.to_owned(), why));
    for result in [Some(out), seed_out.as_ref()].into_iter().flatten() {
        let mut files = arguments.files.iter();
        let is_read = files.any(|file| place(file) == place(result));
        if is_read || (is_json(result) && (result == out || is_har(result))) {
            return in_use(
                result,
                "it is a recording; name another file for the result",
            );
        }
    }
    match seed_out {
        Some(seed) if place(seed) == place(out) => {
            in_use(seed, "--out and --seed-out need two files")
        }
        _ => Ok(()),
    }
}

/// The path of a file that need not exist, with its folder resolved.
fn place(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    match (path.canonicalize(), folder, path.file_name()) {
        (Ok(whole), _, _) => whole,
        (Err(_), Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// True for a regular file that begins as JSON does. No profile does.
fn is_json(path: &Path) -> bool {
    let mut first = [0];
    let is_file = fs::metadata(path).is_ok_and(|found| found.is_file());
    let read = |mut file: fs::File| file.read_exact(&mut first);
    is_file && fs::File::open(path).and_then(read).is_ok() && first == *b"{"
}

fn is_har(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|text| har::is_har(&text))
}

fn last_day(recordings: &Recordings) -> Option<String> {
    let exchanges = recordings.exchanges.iter();
    let last: SystemTime = exchanges.filter_map(|exchange| exchange.at).max()?;
    let text = time::written(Some(last));
    text.split('T').next().map(str::to_owned)
}

/// `1`, `1 and 2`, `1, 2 and 3`.
fn listed(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

fn exchanges_of(recordings: &Recordings, numbers: &[usize]) -> String {
    let most = 5;
    let places = recordings.places(numbers).take(most);
    let shown: Vec<String> = places.map(|place| place.to_string()).collect();
    let word = if numbers.len() == 1 {
        "exchange"
    } else {
        "exchanges"
    };
    format!("{word} {}", listed(&shown, "and"))
}

/// One-screen summary of the results.
fn summary(learned: &Learned, base: &NamedProfile, recordings: &Recordings) -> String {
    let mut text = format!(
        "{}: {} compared, {} left out (broken connections, 413, 429, 5xx, operations that are not \
         followed)\n",
        counted(recordings.exchanges.len(), "exchange"),
        learned.followed,
        learned.left_out
    );
    let mut settled = BTreeMap::new();
    let mut open = Vec::new();
    for (id, finding) in &learned.findings {
        match finding {
            Finding::Settled(numbers) => drop(settled.insert(*id, numbers)),
            Finding::Open(options) if learned.asked.contains(id) => {
                open.push((*id, texts(options)));
            }
            Finding::Open(_) => {}
        }
    }
    let other = |id: &BehaviourId| learned.profile.get(*id) != base.options().get(*id);
    let others = settled.keys().filter(|id| other(id)).count();
    let _ = writeln!(
        text,
        "\nObserved: {}, {others} of them other than in {}",
        counted(settled.len(), "behaviour"),
        base.name()
    );
    for (id, numbers) in settled.iter().filter(|(id, _)| other(id)) {
        let option = learned.profile.get(*id);
        let _ = writeln!(
            text,
            "  {id}={option}  ({})",
            exchanges_of(recordings, numbers)
        );
    }
    let _ = writeln!(
        text,
        "\nOpen: {} that the traffic asks",
        counted(open.len(), "behaviour")
    );
    for (id, options) in &open {
        let _ = writeln!(text, "  {id}: {}", listed(options, "or"));
    }
    text += &not_modelled(learned);
    let _ = writeln!(
        text,
        "\nNo profile explains: {}",
        counted(learned.unexplained.len(), "exchange")
    );
    for one in learned.unexplained.iter().take(10) {
        let _ = writeln!(text, "  {}", describe_unexplained(one, recordings));
    }
    text
}

/// The fields of responses that were not compared, if there are any.
pub fn not_modelled(learned: &Learned) -> String {
    let most = 10;
    let fields = learned.unmodelled.iter();
    let shown = fields.map(|(name, times)| format!("{name} ({})", counted(*times, "time")));
    let mut shown: Vec<String> = shown.take(most).collect();
    if learned.unmodelled.len() > most {
        shown.push(format!("{} more", learned.unmodelled.len() - most));
    }
    if shown.is_empty() {
        return String::new();
    }
    let listed = listed(&shown, "and");
    format!("\nNot compared, because the mock has no such field: {listed}\n")
}

/// An exchange and how it differs, in a line.
pub(super) fn describe_unexplained(one: &engine::Unexplained, recordings: &Recordings) -> String {
    let (place, exchange) = recordings.exchange(one.exchange);
    let shown: Vec<&str> = one.differences.iter().take(3).map(String::as_str).collect();
    let more = one.differences.len().saturating_sub(shown.len());
    let more = if more > 0 {
        format!("; {more} more")
    } else {
        String::new()
    };
    format!(
        "{place} {} {}: {}{more}",
        exchange.method,
        path(&exchange.url),
        shown.join("; ")
    )
}

/// The URL without scheme and host.
pub(super) fn path(url: &str) -> &str {
    let rest = url.split_once("://").map(|(_, rest)| rest);
    rest.map_or(url, |rest| rest.find('/').map_or("/", |at| &rest[at..]))
}

/// The profile with its evidence, and the reasons of behaviours that are open. It has nothing of the
/// recorded account; a base that is a file may have.
fn profile_of(
    learned: &Learned,
    base: &NamedProfile,
    recordings: &Recordings,
) -> Result<(NamedProfile, BTreeMap<BehaviourId, String>), FixtureError> {
    let mut profile = base.clone();
    let day = last_day(recordings);
    let day = day.as_deref().unwrap_or("undated");
    let name = base.name();
    let description = format!("what recorded traffic showed; the rest is as in {name}");
    profile.rename("learned", &description);
    profile.give_wording(learned.wording.clone());
    let options: Vec<(BehaviourId, String)> = BehaviourId::all()
        .map(|id| (id, learned.profile.get(id)))
        .filter(|(id, option)| *option != base.options().get(*id))
        .collect();
    let mut comments = BTreeMap::new();
    let is_known = |id: BehaviourId| {
        let is_number = matches!(id.behaviour().values, Values::Number { .. });
        let is_settled = matches!(learned.findings.get(&id), Some(Finding::Settled(_)));
        id.area() != "password" || !is_number || is_settled
    };
    let mut choose = |keeps: &dyn Fn(BehaviourId) -> bool| {
        let kept = options.iter().filter(|(id, _)| keeps(*id));
        let choices = kept.map(|(id, option)| (id.as_str(), &**option));
        profile.choose("what recorded traffic showed", choices)
    };
    // Of lengths that are not known, the ones that were tried may fit no password.
    choose(&|_| true).or_else(|_| choose(&is_known))?;
    for (id, finding) in &learned.findings {
        let (source, alternatives) = match finding {
            Finding::Settled(numbers) => {
                let others = exchanges_of(recordings, numbers);
                let source =
                    format!("recorded traffic: {others}; every other option is contradicted");
                (source, Vec::new())
            }
            Finding::Open(possible) if rules_out_some(*id, possible) => {
                let mut others = texts(possible);
                others.retain(|other| *other != learned.profile.get(*id));
                let source = "recorded traffic contradicts the options that are not listed";
                (source.to_owned(), others)
            }
            Finding::Open(possible) => {
                if learned.asked.contains(id) && !profile.evidence_kind(*id).is_of_an_account() {
                    let options = listed(&texts(possible), "or");
                    comments.insert(*id, format!("{id} is open: the traffic allows {options}"));
                }
                continue;
            }
        };
        profile.give_evidence(*id, Evidence::observed(source, day, alternatives));
    }
    Ok((profile, comments))
}

/// True if an option that some source names is contradicted.
fn rules_out_some(id: BehaviourId, possible: &[Possible]) -> bool {
    let behaviour = id.behaviour();
    let mut named = behaviour.options.iter();
    behaviour.values == Values::Listed
        && named.any(|option| !possible.iter().any(|other| other.has(option.name)))
}

fn texts(possible: &[Possible]) -> Vec<String> {
    possible.iter().map(ToString::to_string).collect()
}

/// Learns from recordings, on top of a base; returns a profile with evidence.
pub fn profile_from(files: &[PathBuf], base: &NamedProfile) -> Result<NamedProfile, CommandError> {
    let recordings = Recordings::read(files)?;
    let learned = engine::learn(&recordings.exchanges, base.options())?;
    let (profile, _) = profile_of(&learned, base, &recordings)?;
    Ok(profile)
}

/// The password of the login in a seed: that of the recording is not known.
const PASSWORD: &str = "Api-Passw0rd!23";

/// The starting world as a seed file.
fn seed_file(seed: &Seed, anonymize: bool) -> String {
    let mut seed = seed.clone();
    "Users that recorded traffic shows; the login's password is the demo's"
        .clone_into(&mut seed.description);
    if anonymize {
        for account in &mut seed.accounts {
            "12345".clone_into(&mut account.account_id);
            "Recorded".clone_into(&mut account.domain_name);
            "api-user".clone_into(&mut account.login.username);
            for (number, user) in (1..).zip(&mut account.users) {
                user.user_id = format!("u{number}");
                user.username = format!("user{number}");
                for (field, made_up) in [
                    (&mut user.first_name, format!("First{number}")),
                    (&mut user.last_name, format!("Last{number}")),
                    (&mut user.email, format!("user{number}@example.com")),
                    (
                        &mut user.telephone_number,
                        format!("{}", 9_195_550_000_u64 + number),
                    ),
                ] {
                    if field.is_some() {
                        *field = Some(made_up);
                    }
                }
            }
        }
    }
    let mut value = serde_json::to_value(&seed).unwrap_or(Value::Null);
    if let Some(account) = value.pointer_mut("/accounts/0") {
        account["login"]["password"] = PASSWORD.into();
        // The next id is not known.
        account
            .as_object_mut()
            .map(|fields| fields.shift_remove("nextUserNumber"));
    }
    format!("{value:#}\n")
}
