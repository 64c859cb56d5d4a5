//! Through `bandwidth-mock record`: random traces against emulators of random profiles. What is
//! learned from the file must be true. `RECORDINGS=300` takes that many profiles under each
//! disturbance; the usual one has a short trace.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use bandwidth_conformance::{
    dialogue::{
        Context,
        run::{Run, Setup},
    },
    fuzz::{Trace, Unanswered, walk},
    limits::Limits,
    target::embedded::Embedded,
    transport::Endpoint,
};
use bandwidth_fixtures::NamedProfile;
use bandwidth_mock::{
    record::{RecordArguments, Recorder},
    traffic::{self, engine},
};
use clap::Parser;
use tokio::{runtime::Runtime, sync::watch};

use crate::{
    against::{self, profile, repeats, two_at_a_time, wait},
    modelled,
    probing::{guide_with, random_profiles},
    support::{
        http::Server,
        proxy::{self, Asked},
    },
};

/// What is wrong with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disturbance {
    None,
    Dropped,
    Unavailable,
    Limited,
    OtherClients,
    Middle,
}

const DISTURBANCES: [Disturbance; 6] = [
    Disturbance::None,
    Disturbance::Dropped,
    Disturbance::Unavailable,
    Disturbance::Limited,
    Disturbance::OtherClients,
    Disturbance::Middle,
];

impl Disturbance {
    fn faults(self) -> &'static [&'static str] {
        match self {
            Self::Dropped => &["fault=EMPTY_RESPONSE,when=after,probability=0.05"],
            Self::Unavailable => &["status=503,probability=0.05"],
            // One that names a later time would end the run: nothing waits here.
            Self::Limited => &["status=429,probability=0.05,headers.X-RateLimit-Reset=0"],
            Self::None | Self::OtherClients | Self::Middle => &[],
        }
    }
}

/// Numbers of requests.
const SIZES: [usize; 4] = [5, 20, 60, 200];

/// The flags of `record`, as its command line has them.
#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    record: RecordArguments,
}

/// A recorder of this process.
struct Recording {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: thread::JoinHandle<()>,
}

impl Recording {
    fn start(upstream: SocketAddr, out: &Path) -> Self {
        let upstream = format!("http://{upstream}/api");
        let out = out.to_str().unwrap();
        let line = Line::parse_from([
            "record",
            "--upstream",
            &upstream,
            "--out",
            out,
            "--listen",
            "127.0.0.1:0",
            "--announce",
            "json",
        ]);
        let (stop, stopping) = watch::channel(false);
        let runtime = Runtime::new().unwrap();
        let recorder = {
            let _inside = runtime.enter();
            Recorder::start(&line.record, str::to_owned, stopping).unwrap()
        };
        let (_, announced) = recorder.announcement();
        let facts: serde_json::Value = serde_json::from_str(&announced).unwrap();
        let base = facts["baseUrl"].as_str().unwrap();
        let authority = base.split('/').nth(2).unwrap();
        let address = authority.parse().unwrap();
        let thread = thread::spawn(move || {
            runtime.block_on(recorder.serve()).unwrap();
        });
        Self {
            address,
            stop,
            thread,
        }
    }

    /// Completes the file.
    fn finish(self) {
        self.stop.send_replace(true);
        self.thread.join().unwrap();
    }
}

/// In front of the emulator: another client deletes a user that was just read, or writes what it had
/// written before.
fn interfered(emulator: &Embedded) -> Server {
    let earlier: Mutex<(usize, Vec<Asked>)> = Mutex::default();
    proxy::start(emulator.address(), move |asked| {
        let answer = asked.pass();
        let (count, writes) = &mut *earlier.lock().unwrap();
        *count += 1;
        match asked.method() {
            "GET" if *count % 9 == 4 && asked.is_of_user("GET") => drop(asked.delete()),
            "GET" if *count % 7 == 3 && !writes.is_empty() => {
                drop(writes[*count % writes.len()].pass());
            }
            "POST" | "PUT" => writes.push(asked),
            _ => {}
        }
        answer
    })
}

/// Sends about that number of requests: traces of any length, one after the other.
fn client(
    actual: &NamedProfile,
    emulator: &Embedded,
    address: SocketAddr,
    seed: u64,
    count: usize,
) {
    let run = Run::new(Setup {
        endpoint: Endpoint::local(address),
        credentials: emulator.credentials(actual),
        expected: actual.clone(),
        emulators: None,
        limits: Limits::impatient(),
    });
    let run = Arc::new(run.unwrap());
    let mut sent = 0;
    for number in 0..20 {
        if sent >= count {
            break;
        }
        let mut cx = Context::new(Arc::clone(&run));
        let trace = Trace::of(seed * 100 + number, (count - sent).min(40));
        let walked = wait(walk(&mut cx, &trace, Unanswered::HadNoEffect));
        sent += usize::try_from(walked.operations + walked.unanswered + 1).unwrap();
    }
}

/// What is learned from a recording, and its replay, against the truth.
struct Judged {
    settled: usize,
    unexplained: usize,
    exchanges: usize,
    wrong: Vec<String>,
}

fn judged(file: &Path, actual: &NamedProfile, disturbance: Disturbance) -> Judged {
    let mut exchanges = traffic::read(file, |_| true).unwrap();
    if disturbance == Disturbance::Middle {
        exchanges.drain(..exchanges.len() / 3);
    }
    let base = profile("guide", &[]);
    let learned = engine::learn(&exchanges, base.options()).unwrap();
    let (settled, mut wrong) = modelled::judged(&learned, actual);
    if disturbance == Disturbance::None {
        let again = engine::replay(&exchanges, &learned.profile).unwrap();
        for (what, unexplained) in [
            ("nothing explains", &learned.unexplained),
            ("replay differs at", &again.unexplained),
        ] {
            let texts = unexplained
                .iter()
                .map(|one| format!("{what} {}: {:?}", one.exchange, one.differences));
            wrong.extend(texts);
        }
    }
    Judged {
        settled,
        unexplained: learned.unexplained.len(),
        exchanges: exchanges.len(),
        wrong,
    }
}

/// Records a client of an emulator of that profile, and judges what the file tells. A file that
/// misleads is kept.
fn record(number: usize, actual: &NamedProfile, disturbance: Disturbance, count: usize) -> Judged {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("traffic.har");
    let emulator = against::server(actual.clone(), disturbance.faults());
    let others = (disturbance == Disturbance::OtherClients).then(|| interfered(&emulator));
    let upstream = others.as_ref().map_or(emulator.address(), Server::address);
    let recording = Recording::start(upstream, &file);
    client(actual, &emulator, recording.address, number as u64, count);
    recording.finish();
    let mut judged = judged(&file, actual, disturbance);
    if !judged.wrong.is_empty() {
        let kept = folder.keep().display().to_string();
        judged.wrong.push(format!("the recording is in {kept}"));
    }
    judged
}

/// True if a behaviour varies. The others change how a client can send its traffic, not what it
/// does.
fn varies(id: &str) -> bool {
    let area = id.split('.').next().unwrap_or("");
    id != "format.json" && !["auth", "paths", "rate", "surface"].contains(&area)
}

/// Records each profile under that disturbance; two at a time.
fn sweep(profiles: &[NamedProfile], disturbance: Disturbance, sizes: &[usize]) -> Vec<String> {
    let all = two_at_a_time(profiles, |number, actual| {
        let size = sizes[number % sizes.len()];
        (size, record(number, actual, disturbance, size))
    });
    for size in sizes {
        let of_size = all.iter().filter(|(one, _)| one == size);
        let mut settled: Vec<usize> = of_size.map(|(_, judged)| judged.settled).collect();
        settled.sort_unstable();
        if let Some(median) = settled.get(settled.len() / 2) {
            println!(
                "{disturbance:?}, {size} requests: median {median} settled, least {}",
                settled[0]
            );
        }
    }
    let exchanges: usize = all.iter().map(|(_, judged)| judged.exchanges).sum();
    let unexplained: usize = all.iter().map(|(_, judged)| judged.unexplained).sum();
    println!("{disturbance:?}: {exchanges} exchanges, {unexplained} unexplained");
    let all = all.into_iter().enumerate();
    let wrong = all.flat_map(|(number, (_, judged))| {
        let wrong = judged.wrong.into_iter();
        wrong.map(move |one| format!("{disturbance:?}, profile {number}: {one}"))
    });
    wrong.collect()
}

#[test]
fn what_is_learned_from_a_recorded_trace_is_true() {
    let count = repeats("RECORDINGS", 1);
    let sizes = &SIZES[..count.min(SIZES.len())];
    let sets = random_profiles(count, varies);
    let profiles: Vec<NamedProfile> = sets.iter().map(|set| guide_with(set)).collect();
    let wrong: Vec<String> = DISTURBANCES
        .into_iter()
        .flat_map(|disturbance| sweep(&profiles, disturbance, sizes))
        .collect();
    assert_eq!(wrong, [""; 0]);
}
