//! The engine's results for the exchanges so far: differences from the prediction, and settled
//! behaviours. It runs from time to time in a thread of its own; requests never wait for it.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use bandwidth_fixtures::{BehaviourId, NamedProfile, describe::counted};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::traffic::{
    Exchange,
    engine::{Finding, learn, replay},
    not_modelled,
};

/// Maximum number of exchanges that are analysed during the recording.
const MOST: usize = 1_000;

/// Maximum size of their bodies.
const BYTES: usize = 16 * 1024 * 1024;

/// The shortest time between two analyses. A long analysis is followed by a longer pause.
const PAUSE: Duration = Duration::from_secs(1);

/// A behaviour that is settled.
#[derive(Debug)]
struct Settled {
    id: BehaviourId,
    option: String,
    /// Ids of the exchanges that contradict every other option.
    evidence: Vec<u64>,
}

/// Results of an analysis.
#[derive(Debug, Default)]
pub struct Analysis {
    analysed_until: u64,
    /// Differences from the prediction, by the id of the exchange.
    differences: BTreeMap<u64, Vec<String>>,
    settled: Vec<Settled>,
    open: usize,
    /// Ids of exchanges that no profile explains.
    unexplained: Vec<u64>,
    /// The fields that were not compared, as a line.
    not_modelled: String,
}

impl Analysis {
    /// A word for the line of an exchange; `None` if it was predicted or not analysed.
    pub fn mark(&self, id: u64) -> Option<&'static str> {
        if self.unexplained.contains(&id) {
            return Some("unexplained");
        }
        self.differences.contains_key(&id).then_some("differs")
    }

    /// The ids of marked exchanges.
    pub fn marked(&self) -> impl Iterator<Item = u64> {
        let ids = self.differences.keys().chain(&self.unexplained);
        ids.copied()
    }

    /// Prediction for one exchange.
    pub fn of(&self, id: u64, profile: &NamedProfile) -> Value {
        let settled = self.settled.iter();
        let explains: Vec<String> = settled
            .filter(|settled| settled.evidence.contains(&id))
            .filter(|settled| profile.options().get(settled.id) != settled.option)
            .map(|settled| format!("{}={}", settled.id, settled.option))
            .collect();
        json!({
            "profile": profile.name(),
            "lookedAt": id <= self.analysed_until,
            "differences": self.differences.get(&id),
            "explains": explains,
            "unexplained": self.unexplained.contains(&id),
        })
    }

    /// Settled behaviours so far.
    pub fn summary(&self, profile: &NamedProfile) -> Value {
        let settled = self.settled.iter().map(|settled| {
            let expected = profile.options().get(settled.id);
            json!({
                "id": settled.id.to_string(),
                "option": settled.option,
                "expected": expected,
                "evidence": settled.evidence,
            })
        });
        json!({
            "lookedAt": self.analysed_until,
            "settled": settled.collect::<Vec<_>>(),
            "open": self.open,
            "unexplained": self.unexplained,
        })
    }

    /// The same for the last screen.
    pub fn text(&self, profile: &NamedProfile) -> String {
        let mut text = format!(
            "{} settled, {} open, {} that nothing explains\n",
            counted(self.settled.len(), "behaviour"),
            self.open,
            counted(self.unexplained.len(), "exchange")
        );
        for settled in &self.settled {
            let expected = profile.options().get(settled.id);
            if expected != settled.option {
                let (id, option) = (settled.id, &settled.option);
                let name = profile.name();
                let _ = writeln!(text, "  {id}={option}, and {name} has {expected}");
            }
        }
        text + &self.not_modelled
    }
}

/// The exchanges that are looked at.
#[derive(Debug, Default)]
struct Exchanges {
    all: Vec<Exchange>,
    bytes: usize,
}

/// Looks at exchanges.
#[derive(Debug)]
pub struct Analyst {
    exchanges: Mutex<Exchanges>,
    wake: SyncSender<()>,
    /// The expected profile.
    pub profile: NamedProfile,
    analysis: watch::Sender<Arc<Analysis>>,
}

impl Analyst {
    /// Starts its thread, which ends with it.
    pub fn start(profile: NamedProfile) -> Arc<Self> {
        let (wake, woken) = sync_channel(1);
        let analyst = Arc::new(Self {
            exchanges: Mutex::default(),
            wake,
            profile,
            analysis: watch::Sender::default(),
        });
        let watched = Arc::downgrade(&analyst);
        thread::spawn(move || {
            // Elsewhere it would concern the whole process.
            #[cfg(target_os = "linux")]
            let _ = rustix::process::setpriority_process(None, 19);
            while woken.recv().is_ok() {
                let Some(analyst) = watched.upgrade() else {
                    break;
                };
                let began = Instant::now();
                analyst.analyse();
                drop(analyst);
                thread::sleep(PAUSE.max(4 * began.elapsed()));
            }
        });
        analyst
    }

    /// Takes note of an exchange. Their ids begin at 1 and have no gaps.
    pub fn add(&self, exchange: &Exchange) {
        let mut exchanges = self.exchanges.lock();
        let answer = exchange.answer.as_ref();
        exchanges.bytes +=
            exchange.request_body.len() + answer.map_or(0, |answer| answer.body.len());
        if exchanges.all.len() < MOST && exchanges.bytes <= BYTES {
            exchanges.all.push(exchange.clone());
            let _ = self.wake.try_send(());
        }
    }

    /// The current results, and their changes.
    pub fn analysis(&self) -> watch::Receiver<Arc<Analysis>> {
        self.analysis.subscribe()
    }

    /// Looks at all exchanges until now.
    pub fn analyse(&self) {
        let exchanges = self.exchanges.lock().all.clone();
        let options = self.profile.options();
        let analysed = learn(&exchanges, options)
            .and_then(|learned| Ok((learned, replay(&exchanges, options)?)));
        // Without random numbers there is no emulator to compare with.
        let Ok((learned, replayed)) = analysed else {
            return;
        };
        let id = |number: usize| number as u64;
        let mut settled = Vec::new();
        let mut open = 0;
        for (behaviour, finding) in &learned.findings {
            match finding {
                Finding::Settled(evidence) => settled.push(Settled {
                    id: *behaviour,
                    option: learned.profile.get(*behaviour),
                    evidence: evidence.iter().copied().map(id).collect(),
                }),
                Finding::Open(_) => open += 1,
            }
        }
        let not_modelled = not_modelled(&learned);
        let differing = replayed.unexplained.into_iter();
        self.analysis.send_replace(Arc::new(Analysis {
            analysed_until: id(exchanges.len()),
            differences: differing
                .map(|differing| (id(differing.exchange), differing.differences))
                .collect(),
            settled,
            open,
            unexplained: learned
                .unexplained
                .iter()
                .map(|unexplained| id(unexplained.exchange))
                .collect(),
            not_modelled,
        }));
    }
}
