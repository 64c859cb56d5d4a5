//! Which behaviours the traffic so far relied on, and how each is known.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bandwidth_fixtures::{Asked, BehaviourId, Evidence, EvidenceKind, NamedProfile};
use serde::Serialize;
use utoipa::ToSchema;

/// Counts, for each account, how often each behaviour of a profile was asked. It counts also what
/// the journal no longer keeps.
#[derive(Debug, Default)]
pub struct Reliance {
    accounts: Mutex<HashMap<Option<Arc<str>>, Vec<Relied>>>,
}

/// What was asked of one profile.
#[derive(Debug)]
struct Relied {
    profile: Arc<NamedProfile>,
    /// By the behaviour's index.
    requests: [u64; BehaviourId::COUNT],
}

impl Reliance {
    fn accounts(&self) -> MutexGuard<'_, HashMap<Option<Arc<str>>, Vec<Relied>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the behaviours that shaped one answer. `account` must be one that exists, so that
    /// the table is bounded.
    pub fn count(&self, account: Option<&Arc<str>>, profile: &Arc<NamedProfile>, asked: Asked) {
        let mut accounts = self.accounts();
        let relied = accounts.entry(account.cloned()).or_default();
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
                    requests: [0; BehaviourId::COUNT],
                });
                relied.len() - 1
            });
        for id in asked.iter() {
            relied[index].requests[id.index()] += 1;
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.accounts().clear();
    }

    /// Forgets what an account relied on.
    pub fn forget(&self, account: &str) {
        self.accounts().remove(&Some(Arc::from(account)));
    }

    /// The report, for one account or for all.
    pub fn report(&self, account: Option<&str>, fail_on: Option<EvidenceKind>) -> Assumptions {
        let mut rows: BTreeMap<(BehaviourId, String), Assumption> = BTreeMap::new();
        for (id, relied) in &*self.accounts() {
            if account.is_some_and(|account| id.as_deref() != Some(account)) {
                continue;
            }
            for relied in relied {
                for behaviour in BehaviourId::all() {
                    let requests = relied.requests[behaviour.index()];
                    if requests == 0 {
                        continue;
                    }
                    let option = relied.profile.options().get(behaviour);
                    rows.entry((behaviour, option.clone()))
                        .or_insert_with(|| Assumption::new(behaviour, option, &relied.profile))
                        .requests += requests;
                }
            }
        }
        let behaviours: Vec<Assumption> = rows.into_values().collect();
        let count = |kind: EvidenceKind| {
            let fits = behaviours.iter().filter(|row| row.known_as == kind);
            fits.count()
        };
        Assumptions {
            ok: fail_on.map(|least| behaviours.iter().all(|row| row.known_as > least)),
            observed: count(EvidenceKind::Observed),
            published: count(EvidenceKind::Published),
            guide: count(EvidenceKind::Guide),
            assumed: count(EvidenceKind::Assumed),
            behaviours,
        }
    }
}

/// Which behaviours the traffic relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Assumptions {
    /// With `fail_on`: whether everything is better known than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok: Option<bool>,
    /// How many behaviours are known from a real account.
    pub observed: usize,
    /// How many from Bandwidth's own documents.
    pub published: usize,
    /// How many from the guide only.
    pub guide: usize,
    /// How many from nobody.
    pub assumed: usize,
    /// The behaviours.
    pub behaviours: Vec<Assumption>,
}

/// A behaviour that the traffic relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assumption {
    /// Its id, as `put.semantics`.
    pub id: String,
    /// The open question.
    pub question: String,
    /// The option that answered it.
    pub option: String,
    /// How many requests it shaped.
    pub requests: u64,
    /// The strongest kind of evidence for it.
    #[schema(value_type = String, example = "assumed")]
    pub known_as: EvidenceKind,
    /// How it is known, strongest first.
    #[schema(value_type = Vec<Object>)]
    pub evidence: Vec<Evidence>,
}

impl Assumption {
    fn new(id: BehaviourId, option: String, profile: &NamedProfile) -> Self {
        Self {
            id: id.to_string(),
            question: id.behaviour().question.clone(),
            option,
            requests: 0,
            known_as: profile.evidence_kind(id),
            evidence: profile.evidence(id).to_vec(),
        }
    }
}
