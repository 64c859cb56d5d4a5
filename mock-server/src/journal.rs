//! The journal: requests, responses, and the reasons. Its size is limited. [`Request`] removes
//! secrets before it shows anything.

pub mod assumptions;
mod entry;
mod pattern;
mod redact;
mod request;
pub mod retries;
mod view;
mod watch;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::{Mutex, MutexGuard};

#[cfg(feature = "traffic")]
pub use self::redact::{
    Redacted, Secrets, StandIns, basic, is_secret_name, is_unread, message as redact_message,
    query as redact_url, unread,
};
use self::watch::Watchers;
pub use self::{
    entry::{Entry, RefusalNote, Sent},
    pattern::{Nearest, Pattern, Since},
    redact::answer_body,
    request::Request,
    view::{
        Header, RecordedAssumed, RecordedBehaviour, RecordedFault, RecordedMessage,
        RecordedRefusal, RecordedRequest, RecordedSummary, RecordedWhy,
    },
    watch::{Change, Watcher},
};

/// Size limits of a journal.
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
/// A throwaway account has a view of its own, with the same limit of requests: parallel tests do
/// not displace each other's requests. All other requests share one view. The limit in bytes is for
/// all views together, and the oldest request is dropped first.
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
    /// The requests of all accounts that are not throwaway.
    shared: View,
    /// Those of each throwaway account.
    own: HashMap<Arc<str>, View>,
    /// Dropped requests, for a reader that needs all requests of a run.
    forgotten: Option<BTreeMap<u64, Arc<Entry>>>,
    watchers: Watchers,
}

/// The requests of one throwaway account, or those of all other accounts.
#[derive(Debug, Default)]
struct View {
    /// In order.
    ids: VecDeque<u64>,
    dropped: u64,
}

impl View {
    fn insert(&mut self, id: u64) {
        // Nearly always the newest.
        let place = match self.ids.back() {
            Some(last) if id < *last => self.ids.partition_point(|known| *known < id),
            _ => self.ids.len(),
        };
        self.ids.insert(place, id);
    }

    fn remove(&mut self, id: u64) {
        // Nearly always the oldest.
        if self.ids.front() == Some(&id) {
            self.ids.pop_front();
        } else if let Ok(place) = self.ids.binary_search(&id) {
            self.ids.remove(place);
        }
    }
}

/// Some requests of a journal.
#[derive(Debug, Default)]
pub struct Selection {
    /// In order of arrival.
    pub entries: Vec<Arc<Entry>>,
    /// Number of requests of that view that are no longer kept.
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

    /// True if it keeps anything.
    pub fn is_on(&self) -> bool {
        self.limits.entries > 0 && self.limits.bytes > 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// The id of the next request. Ids follow the order of arrival.
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
        let account = entry.view.clone();
        let mut state = self.state();
        let newest = state.entries.last_key_value();
        let is_new = newest.is_none_or(|(newest, _)| *newest < entry.id);
        let before = if is_new { None } else { state.take(entry.id) };
        state.put(entry);
        // As a rule one goes for one that comes.
        let first = state.pop_surplus(account.as_ref(), self.limits);
        let mut more = Vec::new();
        while let Some(gone) = state.pop_surplus(account.as_ref(), self.limits) {
            more.push(gone);
        }
        drop(state);
        // Freed after the lock was given back: a body can be large.
        drop((before, first, more));
    }

    /// The requests that match the pattern: the newest `limit` of them, or the oldest if the
    /// pattern has a start.
    pub fn select(&self, pattern: &Pattern, limit: usize) -> Selection {
        let (mut entries, dropped) = self.seen_by(pattern.main.as_deref());
        entries.retain(|entry| pattern.matches(entry));
        if pattern.since.is_some() {
            entries.truncate(limit);
        } else {
            entries.drain(..entries.len().saturating_sub(limit));
        }
        Selection { entries, dropped }
    }

    /// All requests of a domain, by its main account, or those of all, in order; and how many
    /// that view no longer keeps.
    pub fn seen_by(&self, main: Option<&str>) -> (Vec<Arc<Entry>>, u64) {
        let state = self.state();
        let Some(main) = main else {
            return (state.entries.values().cloned().collect(), state.dropped());
        };
        let view = state.own.get(main).unwrap_or(&state.shared);
        let entries = view.ids.iter().filter_map(|id| state.entries.get(id));
        let entries = entries.filter(|entry| entry.is_of(main));
        (entries.cloned().collect(), view.dropped)
    }

    /// From now on keeps what is forgotten for [`Journal::all`]: a test deletes its account, and
    /// its requests still count.
    #[cfg(feature = "trials")]
    pub fn keep_forgotten(&self) {
        self.state().forgotten.get_or_insert_default();
    }

    /// All requests in order, those that were forgotten and kept included.
    pub fn all(&self) -> Vec<Arc<Entry>> {
        let state = self.state();
        let mut all = state.forgotten.clone().unwrap_or_default();
        all.extend(state.entries.clone());
        all.into_values().collect()
    }

    /// The request of that id.
    pub fn find(&self, id: u64) -> Option<Arc<Entry>> {
        self.state().entries.get(&id).cloned()
    }

    /// The request that comes nearest to the pattern, and what differs.
    pub fn nearest(&self, pattern: &Pattern) -> Option<Nearest> {
        let (entries, _) = self.seen_by(pattern.main.as_deref());
        pattern.nearest(&entries)
    }

    /// Forgets everything.
    pub fn clear(&self) -> usize {
        let mut state = self.state();
        let watchers = std::mem::take(&mut state.watchers);
        let forgotten = state.forgotten.take();
        let old = std::mem::replace(
            &mut *state,
            State {
                forgotten,
                watchers,
                ..State::default()
            },
        );
        state.keep(old.entries.values());
        state.watchers.notify(Change::All);
        drop(state);
        old.entries.len()
    }

    /// Reports changes from now on.
    pub fn watch(&self) -> Watcher {
        self.state().watchers.add()
    }

    /// The ids of all requests, in order.
    pub fn ids(&self) -> Vec<u64> {
        self.state().entries.keys().copied().collect()
    }

    /// Forgets the requests of an account, or of the whole domain whose main account it is.
    pub fn forget(&self, account: &str) -> usize {
        let mut state = self.state();
        let own: Vec<u64> = state
            .entries
            .values()
            .filter(|entry| entry.is_of(account))
            .map(|entry| entry.id)
            .collect();
        let gone: Vec<Arc<Entry>> = own.into_iter().filter_map(|id| state.take(id)).collect();
        state.keep(&gone);
        state.own.remove(account);
        drop(state);
        gone.len()
    }

    /// Kept requests, kept bytes, and dropped requests.
    pub fn size(&self) -> (usize, usize, u64) {
        let state = self.state();
        (state.entries.len(), state.bytes, state.dropped())
    }
}

impl State {
    fn keep<'a>(&mut self, gone: impl IntoIterator<Item = &'a Arc<Entry>>) {
        if let Some(kept) = &mut self.forgotten {
            kept.extend(gone.into_iter().map(|entry| (entry.id, Arc::clone(entry))));
        }
    }

    fn dropped(&self) -> u64 {
        let own = self.own.values().map(|view| view.dropped);
        self.shared.dropped + own.sum::<u64>()
    }

    /// The view of a throwaway account, or that of all other accounts.
    fn view(&mut self, account: Option<&Arc<str>>) -> Option<&mut View> {
        match account {
            None => Some(&mut self.shared),
            Some(account) => self.own.get_mut(account),
        }
    }

    fn put(&mut self, entry: Arc<Entry>) {
        self.bytes += entry.bytes();
        match &entry.view {
            None => self.shared.insert(entry.id),
            Some(account) => {
                let view = self.own.entry(Arc::clone(account)).or_default();
                view.insert(entry.id);
            }
        }
        self.watchers.notify(Change::Entry(entry.id));
        self.entries.insert(entry.id, entry);
    }

    /// The oldest request of that view if it has too many, else the oldest of all if they need too
    /// much memory.
    fn pop_surplus(&mut self, account: Option<&Arc<str>>, limits: Limits) -> Option<Arc<Entry>> {
        let full = self.view(account);
        let full = full.filter(|view| view.ids.len() > limits.entries);
        let oldest = match full.and_then(|view| view.ids.front().copied()) {
            Some(id) => id,
            None if self.bytes > limits.bytes => *self.entries.first_key_value()?.0,
            None => return None,
        };
        let entry = self.take(oldest)?;
        if let Some(view) = self.view(entry.view.as_ref()) {
            view.dropped += 1;
        }
        Some(entry)
    }

    fn take(&mut self, id: u64) -> Option<Arc<Entry>> {
        let entry = self.entries.remove(&id)?;
        self.watchers.notify(Change::Entry(id));
        self.bytes -= entry.bytes();
        if let Some(view) = self.view(entry.view.as_ref()) {
            view.remove(id);
        }
        Some(entry)
    }
}
