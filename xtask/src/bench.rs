//! `cargo xtask bench`: the mock beside a static server that sends the same bytes, on one core,
//! with the load on another. Rounds alternate between the two, and what is printed are medians and
//! the ratios of rounds that followed each other.

mod httpmock;
mod load;
mod record;
pub(crate) mod reference;
mod start;
mod work;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use self::{
    load::{Connection, Load},
    work::{Format, Step, USERS, Work},
};
use crate::{mock, workspace};

/// What is measured, and for how long
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Length of a round, in seconds
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Rounds for each of the two servers
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Connections of the load
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Only the rows whose name contains this
    #[arg(long, default_value = "")]
    only: String,
    /// Only this format
    #[arg(long)]
    format: Option<Format>,
    /// httpmock instead of the static server, installed from crates.io
    #[arg(long, conflicts_with_all = ["only", "format"])]
    httpmock: bool,
    /// `record` in front of the mock instead of the static server
    #[arg(long, conflicts_with_all = ["only", "httpmock"])]
    record: bool,
    /// The released mock; set by the chore itself, which builds and calls itself in release
    #[arg(long, hide = true)]
    mock: Option<PathBuf>,
}

/// Cores for the server and for the load, where there are two.
const SERVER_CORE: &str = "0";
const LOAD_CORE: &str = "1";

pub(crate) fn run(options: &Options) -> Result<()> {
    match &options.mock {
        Some(mock) => measure(options, mock),
        None => again_in_release(),
    }
}

/// Builds the mock and this program in release, and goes on in that, with `--mock`.
fn again_in_release() -> Result<()> {
    let mock = mock::build("release")?;
    let own = workspace::build("xtask", "xtask", "release")?;
    let status = pinned(&own, LOAD_CORE)
        .args(std::env::args_os().skip(1))
        .arg("--mock")
        .arg(mock)
        .status()?;
    ensure!(status.success(), "the measurement ended early");
    Ok(())
}

/// A command that keeps to one core, where there are two and Linux to ask.
fn pinned(program: &Path, core: &str) -> Command {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // The chore itself is pinned already when it starts servers, and sees one core.
    let pins = cores > 1 || std::env::var_os("BENCH_PINNED").is_some();
    if !pins || !cfg!(target_os = "linux") {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command
        .args(["--cpu-list", core])
        .arg(program)
        .env("BENCH_PINNED", "1");
    command
}

/// A server that is measured.
struct Subject {
    server: mock::Server,
    address: SocketAddr,
}

impl Subject {
    fn of(server: mock::Server) -> Result<Self> {
        let address = server.address()?;
        Ok(Self { server, address })
    }

    /// A release mock on the server's core.
    fn mock(binary: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = pinned(binary, SERVER_CORE);
        Self::of(mock::Server::launch(command.args(arguments))?)
    }

    fn reference(answers: &Path) -> Result<Self> {
        let mut command = pinned(&std::env::current_exe()?, SERVER_CORE);
        let command = command.arg("reference").arg(answers);
        Self::of(mock::Server::launch_any(command)?)
    }

    /// Resident memory in MiB.
    fn resident(&self) -> Result<f64> {
        resident(self.server.id())
    }

    /// Sends everything once, and keeps what came back.
    fn answers(&self, format: Format) -> Result<Vec<(Step, load::Answer)>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let mut connection = Connection::open(self.address).await?;
            let mut answers = Vec::new();
            let first = format!("{USERS}/u1");
            let mut created = None;
            for step in Step::ALL {
                let user = match step {
                    Step::Delete => created.as_deref(),
                    _ => Some(first.as_str()),
                };
                let answer = connection.ask(step, format, user).await?;
                if step == Step::Create {
                    created = answer.header("location").map(str::to_owned);
                }
                answers.push((step, answer));
            }
            Ok(answers)
        })
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Medians of rounds in which two servers did the same, one after the other.
struct Compared {
    /// What the first answers in a second.
    first: f64,
    /// What the second answers in a second.
    second: f64,
    /// The second's answers by the first's, of rounds that followed each other.
    ratio: f64,
    /// Latencies of the second, in microseconds.
    p50: f64,
    p99: f64,
}

fn compare(first: SocketAddr, second: SocketAddr, load: Load, rounds: usize) -> Result<Compared> {
    let (mut of_first, mut of_second, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut p50, mut p99) = (Vec::new(), Vec::new());
    // The first round warms up.
    for round in 0..=rounds {
        let one = load::run(first, load)?;
        let other = load::run(second, load)?;
        if round > 0 {
            of_first.push(one.rate());
            of_second.push(other.rate());
            ratios.push(other.rate() / one.rate());
            p50.push(f64::from(other.quantile(500)));
            p99.push(f64::from(other.quantile(990)));
        }
    }
    Ok(Compared {
        first: median(&mut of_first),
        second: median(&mut of_second),
        ratio: median(&mut ratios),
        p50: median(&mut p50),
        p99: median(&mut p99),
    })
}

/// A row: a load, and the mock that it meets.
struct Row {
    work: Work,
    users: u32,
    journal: bool,
    wanted: Option<f64>,
}

impl Row {
    const fn new(work: Work, users: u32, wanted: Option<f64>) -> Self {
        Self {
            work,
            users,
            journal: true,
            wanted,
        }
    }

    const fn without_journal(self) -> Self {
        Self {
            journal: false,
            ..self
        }
    }

    fn load(&self, options: &Options, format: Format) -> Load {
        Load {
            work: self.work,
            format,
            connections: options.connections,
            time: Duration::from_secs_f64(options.seconds),
        }
    }

    fn name(&self) -> String {
        let journal = if self.journal { "" } else { ", journal off" };
        let users = thousands(u64::from(self.users));
        format!("{}, {users} users{journal}", self.work.name())
    }
}

/// The rows; what is wanted of a ratio is the project's own aim.
const ROWS: [Row; 15] = [
    Row::new(Work::GetUser, 100, Some(0.85)),
    Row::new(Work::CreateUser, 100, Some(0.75)),
    Row::new(Work::UpdateUser, 100, None),
    Row::new(Work::ListUsers, 1, None),
    Row::new(Work::ListUsers, 100, None),
    Row::new(Work::ListUsers, 1_000, Some(0.8)),
    Row::new(Work::ListUsers, 10_000, None),
    Row::new(Work::ListAfterUpdate, 100, None),
    Row::new(Work::ListAfterUpdate, 1_000, Some(0.5)),
    Row::new(Work::ListAfterUpdate, 10_000, None),
    Row::new(Work::Mixed, 100, None),
    Row::new(Work::GetUser, 100, None).without_journal(),
    Row::new(Work::CreateUser, 100, None).without_journal(),
    Row::new(Work::ListUsers, 1_000, None).without_journal(),
    Row::new(Work::Mixed, 100, None).without_journal(),
];

fn measure(options: &Options, mock: &Path) -> Result<()> {
    println!(
        "{} rounds of {} s each, {} connections; requests per second are medians.\n",
        options.rounds, options.seconds, options.connections
    );
    if options.httpmock {
        return httpmock::measure(options, mock);
    }
    if options.record {
        return record::measure(options, mock);
    }
    println!("| load | format | reference/s | mock/s | ratio | wanted | p50, µs | p99, µs |");
    println!("|---|---|---:|---:|---:|---:|---:|---:|");
    for row in ROWS.iter().filter(|row| row.name().contains(&options.only)) {
        for format in Format::ALL {
            if options.format.is_none_or(|only| only == format) {
                beside_reference(options, mock, row, format)?;
            }
        }
    }
    if "flat".contains(&options.only) {
        flat(options, mock)?;
    }
    if "start and memory".contains(&options.only) {
        start::measure(options.rounds, mock)?;
    }
    Ok(())
}

fn beside_reference(options: &Options, mock: &Path, row: &Row, format: Format) -> Result<()> {
    let users = row.users.to_string();
    let mut arguments = vec!["--seed", "empty", "--users", &users];
    if !row.journal {
        arguments.extend(["--journal-entries", "0"]);
    }
    let mock = Subject::mock(mock, &arguments)?;
    let folder = tempfile::tempdir()?;
    let answers = folder.path().join("answers.json");
    let known = reference::document(&mock.answers(format)?);
    fs::write(&answers, serde_json::to_vec(&known)?)?;
    let reference = Subject::reference(&answers)?;
    let load = row.load(options, format);
    let compared = compare(reference.address, mock.address, load, options.rounds)?;
    let wanted = row
        .wanted
        .map_or(String::new(), |ratio| format!("{ratio:.2}"));
    println!(
        "| {} | {} | {:.0} | {:.0} | {:.2} | {wanted} | {:.0} | {:.0} |",
        row.name(),
        format.name(),
        compared.first,
        compared.second,
        compared.ratio,
        compared.p50,
        compared.p99,
    );
    Ok(())
}

/// The same work with ten users and with a million.
fn flat(options: &Options, mock: &Path) -> Result<()> {
    const FEW: u32 = 10;
    const MANY: u32 = 1_000_000;
    let format = options.format.unwrap_or(Format::Xml);
    println!("\n| load | format | 10 users/s | 1,000,000 users/s | ratio |");
    println!("|---|---|---:|---:|---:|");
    for work in [Work::GetUser, Work::CreateUser] {
        let start =
            |users: u32| Subject::mock(mock, &["--seed", "empty", "--users", &users.to_string()]);
        let (few, many) = (start(FEW)?, start(MANY)?);
        let load = Row::new(work, MANY, None).load(options, format);
        let compared = compare(few.address, many.address, load, options.rounds)?;
        println!(
            "| {} | {} | {:.0} | {:.0} | {:.2} |",
            work.name(),
            format.name(),
            compared.first,
            compared.second,
            compared.ratio
        );
    }
    Ok(())
}

/// The resident memory of a process in MiB, as Linux tells it.
fn resident(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kibibytes = status.lines().find_map(|line| {
        let size = line.strip_prefix("VmRSS:")?.trim();
        size.strip_suffix(" kB")?.parse::<f64>().ok()
    });
    Ok(kibibytes.context("/proc does not tell the memory of the process")? / 1024.0)
}

/// A number for people: `1,000`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
