//! The ledger: users of the run, and requests that may have created one.

use std::{io, path::PathBuf, time::Instant};

use super::file::{Event, LedgerFile};
use crate::decode::users::Shown;

/// A user of the run, or a key that may name one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key, as bodies write it.
    pub key: String,
    /// The username under which it was last read; `None` until it was read.
    pub username: Option<String>,
    pub state: State,
}

/// State of a user of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It exists, or may.
    Present,
    /// It was read before, and the target has reported its key as unused once.
    Missing,
    /// The target has reported this twice, or the key belongs to another user now.
    Gone,
    /// It is still there after a delete.
    Stays(Stay),
}

/// State of a user that is still there after a delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stay {
    /// After a delete, the user is there and not enabled.
    Deactivated,
    /// After a delete with this response, the user is there as before.
    Undeleted(String),
    /// The target does not show whether it is there, for this reason.
    Unclear(String),
}

/// A request that may have created a user, until its result is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub create: u64,
    /// The username in the request.
    pub username: String,
    /// Keys in its response, as far as they are not disproved.
    pub keys: Vec<String>,
    /// The key in its response, if that key shows a user without the run's prefix.
    pub unrecognized: Option<String>,
    /// The target's response.
    pub answer: Answer,
    /// Time after which it cannot take effect.
    pub ends: Instant,
    /// True if a list was read because of it.
    pub list_read: bool,
}

/// Classes of responses to a request that may have created a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing conclusive.
    Unknown,
    /// A status from 400 to 499, and no earlier try may have taken effect.
    Refused,
    /// Success.
    Created,
}

/// The books of one run, in memory and in a file.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    open: Vec<Open>,
    creates: u64,
    /// True if the list shows users of the run; `None` before a search for one.
    listed: Option<bool>,
    /// The request that puts a prepared user back: key, media type, body.
    prepared: Option<(String, String, String)>,
    given_up: Vec<u64>,
    file: Option<LedgerFile>,
}

impl Ledger {
    /// A ledger that is also in a file.
    pub fn in_file(file: LedgerFile) -> Self {
        Self {
            file: Some(file),
            ..Self::default()
        }
    }

    /// Rebuilds the state from the events that another run wrote.
    pub fn replay(events: Vec<Event>) -> Self {
        let mut ledger = Self::default();
        for event in events {
            ledger.apply(event);
        }
        ledger
    }

    /// The file, if there is one.
    pub fn path(&self) -> Option<PathBuf> {
        self.file.as_ref().map(|file| file.path().to_owned())
    }

    /// Removes the file. It is not an error when it was removed before.
    pub fn discard(&mut self) -> io::Result<()> {
        match self.file.take().map(LedgerFile::remove) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Applies the event, also if it cannot be written to the file.
    pub fn note(&mut self, event: Event) -> io::Result<()> {
        let file = self.file.as_mut();
        let written = file.map_or(Ok(()), |file| file.append(&event));
        self.apply(event);
        written
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Sent { create, username } => {
                self.creates = self.creates.max(create + 1);
                self.open.push(Open {
                    create,
                    username,
                    keys: Vec::new(),
                    unrecognized: None,
                    answer: Answer::Unknown,
                    ends: Instant::now(),
                    list_read: false,
                });
            }
            Event::Settled { create } => self.open.retain(|open| open.create != create),
            Event::GivenUp { create } => self.given_up.push(create),
            Event::Refused { create } => {
                if let Some(open) = self.open_mut(create) {
                    open.answer = Answer::Refused;
                }
            }
            Event::Named { create, key } => {
                self.entry(&key);
                if let Some(open) = self.open_mut(create) {
                    open.answer = Answer::Created;
                    open.keys.push(key);
                }
            }
            Event::Seen { key, username } => {
                let entry = self.entry(&key);
                entry.username = Some(username);
                entry.state = State::Present;
            }
            Event::Gone { key } => self.entry(&key).state = State::Gone,
            Event::Listed { shows } => self.listed = Some(shows),
            Event::Prepared {
                key,
                content_type,
                body,
            } => self.prepared = Some((key, content_type, body)),
        }
    }

    fn entry(&mut self, key: &str) -> &mut Entry {
        let index = self.entries.iter().position(|entry| entry.key == key);
        let index = index.unwrap_or_else(|| {
            self.entries.push(Entry {
                key: key.to_owned(),
                username: None,
                state: State::Present,
            });
            self.entries.len() - 1
        });
        &mut self.entries[index]
    }

    /// A request that may create a user is about to be sent. Returns its number.
    pub fn sent(&mut self, username: &str) -> io::Result<u64> {
        let create = self.creates;
        self.note(Event::Sent {
            create,
            username: username.to_owned(),
        })?;
        Ok(create)
    }

    /// The number of such requests.
    pub fn creates(&self) -> u64 {
        self.creates
    }

    /// The requests whose result is unknown.
    pub fn open(&self) -> &[Open] {
        &self.open
    }

    /// The numbers of some of them.
    pub fn open_where(&self, is: impl Fn(&Open) -> bool) -> Vec<u64> {
        let open = self.open.iter().filter(|open| is(open));
        open.map(|open| open.create).collect()
    }

    /// One of them, to record its response.
    pub fn open_mut(&mut self, create: u64) -> Option<&mut Open> {
        self.open.iter_mut().find(|open| open.create == create)
    }

    /// Sets the time until which creates that were given up may take effect.
    pub fn hold(&mut self, until: Instant) {
        for open in &mut self.open {
            if self.given_up.contains(&open.create) {
                open.ends = until;
            }
        }
    }

    /// Every key that is known.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn find(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Sets the state of a key. The file has only the states that another process needs.
    pub fn set(&mut self, key: &str, state: State) {
        if state == State::Gone {
            // A clean-up from the file looks again at what is not written there.
            let _ = self.note(Event::Gone {
                key: key.to_owned(),
            });
        } else {
            self.entry(key).state = state;
        }
    }

    /// Records that a user of the run was read under that key. If it is new, it was created by the
    /// request with its name, or by the one whose response named its key.
    pub fn seen(&mut self, key: &str, username: &str) {
        let known = self.find(key).filter(|entry| entry.state != State::Gone);
        let known_as = known.and_then(|entry| entry.username.clone());
        if known_as.as_deref() != Some(username)
            || known.is_some_and(|entry| entry.state == State::Missing)
        {
            // Without this line a clean-up from the file finds the user by its prefix in the list.
            let _ = self.note(Event::Seen {
                key: key.to_owned(),
                username: username.to_owned(),
            });
        }
        if known_as.is_some() {
            return;
        }
        let by_key = |open: &Open| open.keys.iter().any(|named| named == key);
        // Where an answer names no key, the username is supposed to be the key.
        let by_name = |open: &Open| {
            open.keys.iter().all(|key| *key == open.username)
                && open.username.eq_ignore_ascii_case(username)
        };
        let likely = |open: &Open| by_name(open) && open.answer != Answer::Refused;
        let open = &self.open;
        let create = (open.iter().find(|open| by_key(open)))
            .or_else(|| open.iter().find(|open| likely(open)))
            .or_else(|| open.iter().find(|open| by_name(open)))
            .map(|open| open.create);
        let Some(create) = create else { return };
        let supposed = self.asked_for_by(create);
        let _ = self.note(Event::Settled { create });
        // The user has another key, and the supposed one was never read.
        let unread = supposed.filter(|supposed| {
            supposed != key
                && self
                    .find(supposed)
                    .is_some_and(|entry| entry.username.is_none())
        });
        if let Some(supposed) = unread {
            self.set(&supposed, State::Gone);
        }
    }

    /// The username in a request.
    fn asked_for_by(&self, create: u64) -> Option<String> {
        let open = self.open.iter().find(|open| open.create == create);
        open.map(|open| open.username.clone())
    }

    /// True if a user in the list was read under one of its keys, and is not gone.
    pub fn accounts_for(&self, user: &Shown) -> bool {
        let keys = [user.id.as_deref(), Some(user.username.as_str())];
        // A key that was only supposed says nothing.
        let read = |key| {
            let entry = self.find(key);
            entry.is_some_and(|entry| entry.state != State::Gone && entry.username.is_some())
        };
        keys.into_iter().flatten().any(read)
    }

    /// True if the list shows users of the run; `None` before a search for one.
    pub fn listed(&self) -> Option<bool> {
        self.listed
    }

    /// The request that puts a prepared user back: key, media type, body.
    pub fn prepared(&self) -> Option<&(String, String, String)> {
        self.prepared.as_ref()
    }

    /// The keys in a matching state, oldest first.
    pub fn keys(&self, known: impl Fn(&State) -> bool) -> Vec<String> {
        let keys = self.entries.iter().filter(|entry| known(&entry.state));
        keys.map(|entry| entry.key.clone()).collect()
    }

    /// Keys of users that are not proved gone, newest first.
    pub fn present(&self) -> Vec<String> {
        let mut keys = self.keys(|state| *state == State::Present);
        keys.reverse();
        keys
    }

    /// The username in the request whose response named that key.
    pub fn asked_for(&self, key: &str) -> Option<String> {
        let mut open = self.open.iter();
        let open = open.find(|open| open.keys.iter().any(|named| named == key));
        open.map(|open| open.username.clone())
    }

    /// No user of the run has that key. What the requests created that named it is open again.
    pub fn disprove(&mut self, key: &str) {
        self.set(key, State::Gone);
        for open in &mut self.open {
            let before = open.keys.len();
            open.keys.retain(|named| named != key);
            open.list_read &= open.keys.len() == before || !open.keys.is_empty();
        }
    }

    /// [`Ledger::disprove`], because the key shows a user without the run's prefix.
    pub fn disprove_as_unrecognized(&mut self, key: &str) {
        let names = |open: &&mut Open| open.keys.iter().any(|named| named == key);
        for open in self.open.iter_mut().filter(names) {
            open.unrecognized = Some(key.to_owned());
        }
        self.disprove(key);
    }

    /// The number of users that a clean-up has to check.
    pub fn pending(&self) -> usize {
        let pending = |entry: &&Entry| matches!(entry.state, State::Present | State::Missing);
        self.entries.iter().filter(pending).count() + self.open.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Ledger, State};

    #[test]
    fn a_create_is_open_until_its_user_was_read() {
        let mut ledger = Ledger::default();
        let create = ledger.sent("cf-0-a").unwrap();
        let key = "u7".to_owned();
        ledger.note(Event::Named { create, key }).unwrap();
        assert_eq!((ledger.open().len(), ledger.present().len()), (1, 1));
        ledger.seen("u7", "cf-0-renamed");
        assert_eq!(ledger.open(), []);

        assert_eq!(ledger.present(), ["u7"]);
    }

    #[test]
    fn a_key_that_was_deleted_is_not_ours_until_it_is_read_again() {
        let mut ledger = Ledger::default();
        ledger.seen("u7", "cf-0-a");
        ledger.set("u7", State::Missing);
        assert_eq!((ledger.present().len(), ledger.pending()), (0, 1));
        ledger.set("u7", State::Gone);
        assert_eq!(ledger.pending(), 0);
        ledger.seen("u7", "cf-0-b");
        assert_eq!(ledger.present(), ["u7"]);
    }

    #[test]
    fn a_key_that_was_only_supposed_gives_way_to_the_one_that_is_read() {
        let mut ledger = Ledger::default();
        let create = ledger.sent("cf-0-a").unwrap();
        let key = "cf-0-a".to_owned();
        ledger.note(Event::Named { create, key }).unwrap();
        ledger.seen("u7", "cf-0-a");
        assert_eq!(
            (ledger.open().len(), ledger.present()),
            (0, vec!["u7".to_owned()])
        );
    }

    #[test]
    fn two_creates_of_one_name_are_kept_apart() {
        let mut ledger = Ledger::default();
        for _ in 0..2 {
            ledger.sent("cf-0-twin").unwrap();
        }
        ledger.seen("u7", "cf-0-twin");
        assert_eq!(ledger.open().len(), 1);
        // The same user, read again, settles nothing else.
        ledger.seen("u7", "cf-0-twin");
        assert_eq!(ledger.open().len(), 1);
    }
}
