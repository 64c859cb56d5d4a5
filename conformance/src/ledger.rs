//! What a run created. A name is written down, and is on the disk, before its create is sent; only
//! what stands here is ever deleted, and what cannot be deleted is reported as left behind.

pub mod file;

use std::{
    io, mem,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use self::file::{Event, LedgerFile};

/// A create whose client gave up on it may still be under way for as long: servers and gateways
/// end a request that takes longer.
pub const UNDER_WAY: Duration = Duration::from_mins(1);

/// The command that removes what the ledger in that file has.
pub fn cleanup_command(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let path = if path.bytes().all(plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    };
    format!("bandwidth-conformance cleanup --ledger {path}")
}

/// Users by their unique names, with what is known of them.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    /// Every key that one of them has had.
    keys: Vec<String>,
    /// Names that one of them may have been given after its create.
    names: Vec<String>,
    /// Keys whose deletes were answered with success.
    deleted: Vec<String>,
    /// Names whose creates could still be under way when the run ended.
    given_up: Vec<String>,
    file: Option<LedgerFile>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    username: String,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// The create was sent, and no answer said what came of it.
    Sent(Open),
    /// It exists under this key of the path.
    Exists(String),
    /// It exists under this key, and could not be deleted.
    Stuck(String),
    /// It was never created, or is deleted.
    Gone,
}

impl State {
    /// The key of a user that exists.
    fn key(&self) -> Option<&str> {
        match self {
            Self::Exists(key) | Self::Stuck(key) => Some(key),
            Self::Sent(_) | Self::Gone => None,
        }
    }
}

/// A create of which it is not known what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    /// When it was sent or, later, when its answer came or was given up.
    since: Instant,
    /// From when on a list that does not show its name says that there is no such user.
    certain: Instant,
    /// Whether the list was asked for because of it.
    looked: bool,
    /// When the list was last seen without that name.
    unseen: Option<Instant>,
}

impl Open {
    fn certain_in(wait: Duration) -> Self {
        let since = Instant::now();
        Self {
            since,
            certain: since + wait,
            looked: false,
            unseen: None,
        }
    }

    fn is_nobody(&self) -> bool {
        self.unseen.is_some_and(|unseen| unseen >= self.certain)
    }
}

/// Something to clean up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// The name that the run gave it.
    pub username: String,
    /// Its key in paths; `None` when the answer to its create was lost.
    pub key: Option<String>,
}

impl Ledger {
    /// A ledger that is also in a file.
    pub fn in_file(file: LedgerFile) -> Self {
        Self {
            file: Some(file),
            ..Self::default()
        }
    }

    /// The file, if there is one.
    pub fn path(&self) -> Option<PathBuf> {
        self.file.as_ref().map(|file| file.path().to_owned())
    }

    /// Removes the file: nothing remains that it would be needed for. That somebody else removed
    /// it does no harm then.
    pub fn discard(&mut self) -> io::Result<()> {
        match self.file.take().map(LedgerFile::remove) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// What happened, as a ledger of another run wrote it down.
    pub fn replay(events: Vec<Event>) -> Self {
        let mut ledger = Self::default();
        for event in events {
            ledger.apply(event);
        }
        ledger
    }

    /// What happened is known here even when it cannot be written down.
    fn note(&mut self, event: Event) -> io::Result<()> {
        let file = self.file.as_mut();
        let written = file.map_or(Ok(()), |file| file.append(&event));
        self.apply(event);
        written
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Sent { username } => {
                let state = State::Sent(Open::certain_in(UNDER_WAY));
                self.entries.push(Entry { username, state });
            }
            Event::Created { username, key } => {
                self.keys.push(key.clone());
                let state = State::Exists(key);
                match self.open(&username) {
                    Some(entry) => entry.state = state,
                    None => self.entries.push(Entry { username, state }),
                }
            }
            Event::Refused { username } => {
                if let Some(entry) = self.open(&username) {
                    entry.state = State::Gone;
                }
            }
            Event::Named { username } => self.names.push(username),
            Event::Deleted { key } => {
                self.change(&key, &State::Gone);
                self.deleted.push(key);
            }
            Event::Renamed { from, to } => {
                self.keys.push(to.clone());
                self.change(&from, &State::Exists(to));
            }
            Event::GivenUp { username } => self.given_up.push(username),
        }
    }

    fn change(&mut self, key: &str, state: &State) {
        for entry in &mut self.entries {
            if entry.state.key() == Some(key) {
                entry.state = state.clone();
            }
        }
    }

    /// A create of that user is about to be sent. When this returns, the name outlives the process.
    pub fn sent(&mut self, username: &str) -> io::Result<()> {
        let username = username.to_owned();
        self.note_for_good(Event::Sent { username })
    }

    /// An update that gives one of the users that name is about to be sent. When this returns, the
    /// name outlives the process.
    pub fn named(&mut self, username: &str) -> io::Result<()> {
        let username = username.to_owned();
        self.note_for_good(Event::Named { username })
    }

    fn note_for_good(&mut self, event: Event) -> io::Result<()> {
        self.note(event)?;
        self.file.as_mut().map_or(Ok(()), LedgerFile::sync)
    }

    /// The create was answered with success. Names need not be unique to the target, so the same
    /// name may come to exist more than once.
    pub fn created(&mut self, username: &str, key: &str) -> io::Result<()> {
        self.note(Event::Created {
            username: username.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The create was refused.
    pub fn refused(&mut self, username: &str) -> io::Result<()> {
        let username = username.to_owned();
        self.note(Event::Refused { username })
    }

    /// The user with that key was deleted.
    pub fn deleted(&mut self, key: &str) -> io::Result<()> {
        let key = key.to_owned();
        self.note(Event::Deleted { key })
    }

    /// The user's key is another one now.
    pub fn renamed(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.note(Event::Renamed {
            from: from.to_owned(),
            to: to.to_owned(),
        })
    }

    /// Whether a user of this run has, or had, that key.
    pub fn owns(&self, key: &str) -> bool {
        self.keys.iter().any(|known| known == key)
    }

    /// Whether a user of this run has, had or was to have that name; a target may not keep its
    /// case.
    pub fn names(&self, username: &str) -> bool {
        let entries = self.entries.iter().map(|entry| &entry.username);
        entries
            .chain(&self.names)
            .any(|name| name.eq_ignore_ascii_case(username))
    }

    /// What came back for the create of that name does not tell what came of it. In `wait` from now
    /// the list will.
    pub fn unclear(&mut self, username: &str, wait: Duration) {
        if let Some(entry) = self.open(username) {
            entry.state = State::Sent(Open::certain_in(wait));
        }
    }

    /// The list was read, and shows none of the creates that are still open.
    pub fn unseen(&mut self) {
        for entry in &mut self.entries {
            if let State::Sent(open) = &mut entry.state {
                open.unseen = Some(Instant::now());
            }
        }
    }

    /// The user with that key cannot be deleted.
    pub fn stuck(&mut self, key: &str) {
        self.change(key, &State::Stuck(key.to_owned()));
    }

    /// What could not be deleted is to be tried again.
    pub fn unstick(&mut self) {
        for entry in &mut self.entries {
            if let State::Stuck(key) = &entry.state {
                entry.state = State::Exists(key.clone());
            }
        }
    }

    /// Forgets the creates of which it is certain that nobody came of them.
    pub fn settle(&mut self) -> io::Result<()> {
        let nobody = self.names_of_open(Open::is_nobody);
        nobody
            .iter()
            .try_for_each(|username| self.refused(username))
    }

    /// Writes down the creates that may still be under way: whoever cleans up must not look too
    /// soon.
    pub fn give_up(&mut self) -> io::Result<()> {
        let now = Instant::now();
        let under_way = self.names_of_open(|open| open.certain > now);
        under_way
            .into_iter()
            .try_for_each(|username| self.note(Event::GivenUp { username }))
    }

    /// Names of creates that were given up, and that no list has shown.
    pub fn given_up(&self) -> Vec<String> {
        let mut open = self.names_of_open(|_| true);
        open.retain(|name| self.given_up.contains(name));
        open
    }

    fn names_of_open(&self, which: impl Fn(&Open) -> bool) -> Vec<String> {
        self.entries
            .iter()
            .filter(|entry| matches!(&entry.state, State::Sent(open) if which(open)))
            .map(|entry| entry.username.clone())
            .collect()
    }

    /// When the list tells of every create that is still open, or `most` after the last of them,
    /// where it would take longer.
    pub fn tells_at(&self, most: Duration) -> Option<Instant> {
        let tells = |entry: &Entry| match &entry.state {
            State::Sent(open) => Some(open.certain.min(open.since + most)),
            _ => None,
        };
        self.entries.iter().filter_map(tells).max()
    }

    /// Whether a create is open that no list was asked for yet. It counts as asked for from here
    /// on.
    pub fn take_wish_for_a_look(&mut self) -> bool {
        let mut wished = false;
        for entry in &mut self.entries {
            if let State::Sent(open) = &mut entry.state {
                wished |= !mem::replace(&mut open.looked, true);
            }
        }
        wished
    }

    /// Whether a create was ever about to be sent.
    pub fn has_entries(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Keys of users that exist and that no delete has failed for, newest first.
    pub fn deletable(&self) -> Vec<String> {
        let deletable = |entry: &Entry| match &entry.state {
            State::Exists(key) => Some(key.clone()),
            _ => None,
        };
        self.entries.iter().rev().filter_map(deletable).collect()
    }

    /// Whether a user exists whose key is such.
    pub fn has_user(&self, is_such: impl Fn(&str) -> bool) -> bool {
        let mut keys = self.entries.iter().filter_map(|entry| entry.state.key());
        keys.any(is_such)
    }

    /// Whether a user was deleted whose key was such.
    pub fn was_deleted(&self, is_such: impl Fn(&str) -> bool) -> bool {
        self.deleted.iter().any(|key| is_such(key))
    }

    /// All that may still be there, newest first.
    pub fn remaining(&self) -> Vec<Remaining> {
        let remaining = |entry: &Entry| {
            let key = match &entry.state {
                State::Gone => return None,
                State::Sent(_) => None,
                State::Exists(key) | State::Stuck(key) => Some(key.clone()),
            };
            let username = entry.username.clone();
            Some(Remaining { username, key })
        };
        self.entries.iter().rev().filter_map(remaining).collect()
    }

    /// The last create of that name that is still open; a target may not keep its case.
    fn open(&mut self, username: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().rev().find(|entry| {
            entry.username.eq_ignore_ascii_case(username) && matches!(entry.state, State::Sent(_))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Ledger, Remaining, UNDER_WAY};

    #[test]
    fn only_what_may_still_exist_remains() {
        let mut ledger = Ledger::default();
        for name in ["kept", "deleted", "refused", "lost"] {
            ledger.sent(name).unwrap();
        }
        ledger.created("kept", "u1").unwrap();
        ledger.created("deleted", "u2").unwrap();
        ledger.deleted("u2").unwrap();
        ledger.refused("refused").unwrap();
        assert!(ledger.owns("u1") && ledger.owns("u2") && !ledger.owns("u3"));
        assert!(ledger.names("LOST") && !ledger.names("los"));
        let remaining = |username: &str, key: Option<&str>| Remaining {
            username: username.to_owned(),
            key: key.map(str::to_owned),
        };
        assert_eq!(
            ledger.remaining(),
            [remaining("lost", None), remaining("kept", Some("u1"))]
        );
    }

    #[test]
    fn a_second_user_of_the_same_name_is_kept_apart() {
        let mut ledger = Ledger::default();
        ledger.sent("twin").unwrap();
        ledger.created("twin", "u1").unwrap();
        ledger.sent("twin").unwrap();
        ledger.created("twin", "u2").unwrap();
        ledger.deleted("u1").unwrap();
        assert_eq!(ledger.remaining().len(), 1);
    }

    #[test]
    fn that_nobody_came_of_a_create_is_certain_only_when_a_list_says_so_late_enough() {
        let remaining = |wait: Duration, looks: bool| {
            let mut ledger = Ledger::default();
            ledger.sent("lost").unwrap();
            ledger.unclear("lost", wait);
            if looks {
                ledger.unseen();
            }
            ledger.settle().unwrap();
            ledger.give_up().unwrap();
            (ledger.remaining().len(), ledger.given_up().len())
        };
        assert_eq!(remaining(Duration::ZERO, true), (0, 0));
        assert_eq!(remaining(Duration::ZERO, false), (1, 0));
        assert_eq!(remaining(UNDER_WAY, true), (1, 1));
    }

    #[test]
    fn the_list_is_asked_for_once_because_of_a_create() {
        let mut ledger = Ledger::default();
        assert!(!ledger.take_wish_for_a_look());
        ledger.sent("lost").unwrap();
        assert!(ledger.take_wish_for_a_look());
        assert!(!ledger.take_wish_for_a_look());
        ledger.sent("another").unwrap();
        assert!(ledger.take_wish_for_a_look());
    }

    #[test]
    fn a_create_that_was_refused_leaves_an_earlier_one_of_its_name_open() {
        let mut ledger = Ledger::default();
        ledger.sent("twice").unwrap();
        ledger.sent("twice").unwrap();
        ledger.refused("twice").unwrap();
        assert_eq!(ledger.remaining().len(), 1);
    }

    #[test]
    fn what_could_not_be_deleted_is_not_tried_until_it_is_asked_for() {
        let mut ledger = Ledger::default();
        ledger.created("user", "u1").unwrap();
        ledger.stuck("u1");
        assert!(ledger.deletable().is_empty());
        assert_eq!(ledger.remaining().len(), 1);
        ledger.unstick();
        assert_eq!(ledger.deletable(), ["u1"]);
    }
}
