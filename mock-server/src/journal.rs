//! The journal: what was asked, what was answered, and why. Bounded, and without secrets: they
//! are removed before anything is kept.

pub mod assumptions;
mod entry;
mod pattern;
mod redact;
pub mod retries;
mod view;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

pub(crate) use self::view::rfc3339;
pub use self::{
    entry::{AppliedFault, Entry, RefusalNote, Sent},
    pattern::{Nearest, Pattern, Since},
    redact::{request as redact_request, token_response as redact_token_response},
    view::{
        Header, RecordedBehaviour, RecordedFault, RecordedMessage, RecordedRefusal,
        RecordedRequest, RecordedWhy,
    },
};

/// How much a journal keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests; 0 turns the journal off.
    pub entries: usize,
    /// Bytes of all requests together, in memory; 0 turns the journal off.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 1_000,
            bytes: 16 * 1024 * 1024,
        }
    }
}

/// Requests, the newest of them.
///
/// A throwaway account has a view of its own, which keeps as many requests as the limit says:
/// tests that run side by side do not push each other's requests out. All other requests share
/// one view. The limit in bytes is for all views together, and the oldest goes first.
#[derive(Debug)]
pub struct Journal {
    limits: Limits,
    next_id: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<u64, Arc<Entry>>,
    bytes: usize,
    views: HashMap<Option<Arc<str>>, View>,
}

/// The requests of one throwaway account, or those of all other accounts.
#[derive(Debug, Default)]
struct View {
    ids: BTreeSet<u64>,
    dropped: u64,
}

/// Some requests of a journal.
#[derive(Debug, Default)]
pub struct Selection {
    /// In the order in which they came.
    pub entries: Vec<Arc<Entry>>,
    /// How many of that view are no longer kept.
    pub dropped: u64,
}

impl Journal {
    /// An empty journal.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            next_id: AtomicU64::new(1),
            state: Mutex::default(),
        }
    }

    /// Whether it keeps anything.
    pub fn is_on(&self) -> bool {
        self.limits.entries > 0 && self.limits.bytes > 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of the next request. Ids follow the order in which requests came.
    pub fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps a request, in place of what was kept under its id before.
    pub fn record(&self, mut entry: Entry) {
        if !self.is_on() {
            return;
        }
        entry.fit(self.limits.bytes);
        let entry = Arc::new(entry);
        let mut state = self.state();
        // Freed after the lock is given back: a body can be large.
        let mut gone = Vec::new();
        gone.extend(state.take(entry.id));
        state.put(entry, self.limits, &mut gone);
        drop(state);
        drop(gone);
    }

    /// The requests that fit the pattern, the newest `limit` of them, or the oldest when the
    /// pattern says since when.
    pub fn select(&self, pattern: &Pattern, limit: usize) -> Selection {
        let (entries, dropped) = self.seen_by(pattern.account_id.as_deref());
        let mut entries: Vec<Arc<Entry>> = entries
            .into_iter()
            .filter(|entry| pattern.matches(entry))
            .collect();
        if pattern.since.is_some() {
            entries.truncate(limit);
        } else {
            entries.drain(..entries.len().saturating_sub(limit));
        }
        Selection { entries, dropped }
    }

    /// All requests that an account's view holds, or those of all views, in order.
    pub fn seen_by(&self, account: Option<&str>) -> (Vec<Arc<Entry>>, u64) {
        let state = self.state();
        let Some(account) = account else {
            let dropped = state.views.values().map(|view| view.dropped).sum();
            return (state.entries.values().cloned().collect(), dropped);
        };
        let own = Some(Arc::from(account));
        let view = state.views.get(&own).or_else(|| state.views.get(&None));
        let Some(view) = view else {
            return (Vec::new(), 0);
        };
        let entries = view.ids.iter().filter_map(|id| state.entries.get(id));
        let entries = entries.filter(|entry| entry.account.as_deref() == Some(account));
        (entries.cloned().collect(), view.dropped)
    }

    /// The request of that id.
    pub fn find(&self, id: u64) -> Option<Arc<Entry>> {
        self.state().entries.get(&id).cloned()
    }

    /// The request that comes nearest to the pattern, and what differs.
    pub fn nearest(&self, pattern: &Pattern) -> Option<Nearest> {
        let (entries, _) = self.seen_by(pattern.account_id.as_deref());
        pattern.nearest(&entries)
    }

    /// Forgets everything.
    pub fn clear(&self) -> usize {
        let old = std::mem::take(&mut *self.state());
        old.entries.len()
    }

    /// Forgets the requests of an account.
    pub fn forget(&self, account: &str) -> usize {
        let mut state = self.state();
        let own: Vec<u64> = state
            .entries
            .values()
            .filter(|entry| entry.account.as_deref() == Some(account))
            .map(|entry| entry.id)
            .collect();
        let gone: Vec<Arc<Entry>> = own.into_iter().filter_map(|id| state.take(id)).collect();
        state.views.remove(&Some(Arc::from(account)));
        drop(state);
        gone.len()
    }

    /// How many requests and bytes are kept, and how many requests were dropped.
    pub fn size(&self) -> (usize, usize, u64) {
        let state = self.state();
        let dropped = state.views.values().map(|view| view.dropped).sum();
        (state.entries.len(), state.bytes, dropped)
    }
}

impl State {
    fn put(&mut self, entry: Arc<Entry>, limits: Limits, gone: &mut Vec<Arc<Entry>>) {
        self.bytes += entry.bytes();
        let view = self.views.entry(entry.view.clone()).or_default();
        view.ids.insert(entry.id);
        let surplus = view.ids.len().saturating_sub(limits.entries);
        let oldest: Vec<u64> = view.ids.iter().take(surplus).copied().collect();
        self.entries.insert(entry.id, entry);
        for id in oldest {
            gone.extend(self.drop_oldest(id));
        }
        while self.bytes > limits.bytes {
            let Some((id, _)) = self.entries.first_key_value() else {
                break;
            };
            gone.extend(self.drop_oldest(*id));
        }
    }

    fn drop_oldest(&mut self, id: u64) -> Option<Arc<Entry>> {
        let entry = self.take(id)?;
        if let Some(view) = self.views.get_mut(&entry.view) {
            view.dropped += 1;
        }
        Some(entry)
    }

    fn take(&mut self, id: u64) -> Option<Arc<Entry>> {
        let entry = self.entries.remove(&id)?;
        self.bytes -= entry.bytes();
        if let Some(view) = self.views.get_mut(&entry.view) {
            view.ids.remove(&id);
        }
        Some(entry)
    }
}
