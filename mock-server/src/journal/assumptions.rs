//! Behaviours that the traffic so far relied on, with their evidence.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use bandwidth_fixtures::{BehaviourId, Evidence, EvidenceKind, NamedProfile, ReadBehaviours};
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Counts, for each account, how often each behaviour of a profile was read. It also counts
/// requests that the journal no longer keeps.
#[derive(Debug, Default)]
pub struct Reliance {
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    accounts: HashMap<Option<Arc<str>>, Vec<Relied>>,
    /// Counts of deleted accounts.
    gone: Sum,
}

/// Values of `--fail-on`. An observation is the strongest evidence, so it is not one of them.
pub const FAIL_ON: &[EvidenceKind] = EvidenceKind::ALL.split_last().unwrap().1;

/// Behaviours that requests under one profile relied on.
#[derive(Debug)]
struct Relied {
    profile: Arc<NamedProfile>,
    requests: u64,
    /// By the behaviour's index.
    shaped: [u64; BehaviourId::COUNT],
}

/// The sum over several profiles.
#[derive(Debug, Clone, Default)]
struct Sum {
    requests: u64,
    /// By the chosen option.
    rows: BTreeMap<(BehaviourId, String), Assumption>,
}

impl Sum {
    fn add(&mut self, relied: &Relied) {
        self.requests += relied.requests;
        for behaviour in BehaviourId::all() {
            let requests = relied.shaped[behaviour.index()];
            if requests == 0 {
                continue;
            }
            let option = relied.profile.options().get(behaviour);
            let new = Assumption::new(behaviour, option.clone(), &relied.profile);
            let row = self.rows.entry((behaviour, option)).or_insert(new.clone());
            // Two profiles may know the same option differently.
            if new.known_as < row.known_as {
                (row.known_as, row.evidence) = (new.known_as, new.evidence);
            }
            row.requests += requests;
        }
    }
}

impl Reliance {
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock()
    }

    /// Counts the behaviours that shaped one answer. `account` must be one that exists, so that
    /// the table is bounded.
    pub fn count(
        &self,
        account: Option<&Arc<str>>,
        profile: &Arc<NamedProfile>,
        behaviours: ReadBehaviours,
    ) {
        let mut counted = self.counted();
        let relied = counted.accounts.entry(account.cloned()).or_default();
        let index = relied
            .iter()
            .position(|relied| Arc::ptr_eq(&relied.profile, profile))
            .or_else(|| {
                let same = |relied: &Relied| relied.profile == *profile;
                relied.iter().position(same)
            })
            .unwrap_or_else(|| {
                relied.push(Relied {
                    profile: Arc::clone(profile),
                    requests: 0,
                    shaped: [0; BehaviourId::COUNT],
                });
                relied.len() - 1
            });
        relied[index].requests += 1;
        for id in behaviours.iter() {
            relied[index].shaped[id.index()] += 1;
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.counted() = Counted::default();
    }

    /// Forgets what an account relied on.
    pub fn forget(&self, account: &str) {
        self.counted().accounts.remove(&Some(Arc::from(account)));
    }

    /// Keeps what an account relied on that is no more, for the report of all: tests that delete
    /// their accounts rely on no less.
    pub fn retire(&self, account: &str) {
        let mut counted = self.counted();
        let relied = counted.accounts.remove(&Some(Arc::from(account)));
        for relied in relied.unwrap_or_default() {
            counted.gone.add(&relied);
        }
    }

    /// The report, for one account or for all.
    pub fn report(&self, account: Option<&str>, fail_on: Option<EvidenceKind>) -> Assumptions {
        let counted = self.counted();
        let mut sum = match account {
            Some(_) => Sum::default(),
            None => counted.gone.clone(),
        };
        for (id, relied) in &counted.accounts {
            if account.is_some_and(|account| id.as_deref() != Some(account)) {
                continue;
            }
            for relied in relied {
                sum.add(relied);
            }
        }
        let behaviours: Vec<Assumption> = sum.rows.into_values().collect();
        let count = |kind: EvidenceKind| {
            let fits = behaviours.iter().filter(|row| row.known_as == kind);
            fits.count()
        };
        Assumptions {
            ok: fail_on
                .map(|least| sum.requests > 0 && behaviours.iter().all(|row| row.known_as > least)),
            requests: sum.requests,
            observed: count(EvidenceKind::Observed),
            support: count(EvidenceKind::Support),
            published: count(EvidenceKind::Published),
            guide: count(EvidenceKind::Guide),
            assumed: count(EvidenceKind::Assumed),
            behaviours,
        }
    }
}

/// Report on the behaviours that the traffic relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Assumptions {
    /// With `fail_on`: whether there were requests, and everything is better known than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok: Option<bool>,
    /// Number of requests.
    pub requests: u64,
    /// Number of behaviours observed on a real account.
    pub observed: usize,
    /// Number of behaviours that Bandwidth's support answered.
    pub support: usize,
    /// Number of behaviours in Bandwidth's own documents.
    pub published: usize,
    /// Number of behaviours that only the guide describes.
    pub guide: usize,
    /// Number of behaviours that are assumed.
    pub assumed: usize,
    /// The behaviours.
    pub behaviours: Vec<Assumption>,
}

/// A behaviour that the traffic relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assumption {
    /// Its id, as `put.semantics`.
    pub id: String,
    /// The open question.
    pub question: String,
    /// The chosen option.
    pub option: String,
    /// Number of requests that it shaped.
    pub requests: u64,
    /// The strongest kind of evidence for it; if two profiles differ in that, the weaker one's.
    #[schema(value_type = String, example = "assumed")]
    pub known_as: EvidenceKind,
    /// Evidence, strongest first.
    #[schema(value_type = Vec<Object>)]
    pub evidence: Vec<Evidence>,
}

impl Assumption {
    fn new(id: BehaviourId, option: String, profile: &NamedProfile) -> Self {
        Self {
            id: id.to_string(),
            question: id.behaviour().question.to_owned(),
            option,
            requests: 0,
            known_as: profile.evidence_kind(id),
            evidence: profile.evidence(id).to_vec(),
        }
    }
}
