//! What a run created. A name is written down, and is on the disk, before its create is sent; only
//! what stands here is ever deleted, and what cannot be deleted is reported as left behind.

pub mod file;

use std::{io, path::PathBuf};

use self::file::{Event, LedgerFile};

/// Users by their unique names, with what is known of them.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    /// Every key that one of them has had.
    keys: Vec<String>,
    /// Names that one of them may have been given after its create.
    names: Vec<String>,
    file: Option<LedgerFile>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    username: String,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// The create was sent; its answer is not known.
    Sent,
    /// It exists under this key of the path.
    Exists(String),
    /// It was never created, or is deleted.
    Gone,
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

    /// Removes the file: nothing remains that it would be needed for.
    pub fn discard(&mut self) -> io::Result<()> {
        self.file.take().map_or(Ok(()), LedgerFile::remove)
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
                if self.find(&username, &State::Sent).is_none() {
                    let state = State::Sent;
                    self.entries.push(Entry { username, state });
                }
            }
            Event::Created { username, key } => {
                self.keys.push(key.clone());
                let state = State::Exists(key);
                match self.find(&username, &State::Sent) {
                    Some(entry) => entry.state = state,
                    None => self.entries.push(Entry { username, state }),
                }
            }
            Event::Refused { username } => {
                if let Some(entry) = self.find(&username, &State::Sent) {
                    entry.state = State::Gone;
                }
            }
            Event::Named { username } => self.names.push(username),
            Event::Deleted { key } => self.change(&key, &State::Gone),
            Event::Renamed { from, to } => {
                self.keys.push(to.clone());
                self.change(&from, &State::Exists(to));
            }
        }
    }

    fn change(&mut self, key: &str, state: &State) {
        for entry in &mut self.entries {
            if entry.state == State::Exists(key.to_owned()) {
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

    /// All that may still be there, newest first.
    pub fn remaining(&self) -> Vec<Remaining> {
        let remaining = |entry: &Entry| {
            let key = match &entry.state {
                State::Gone => return None,
                State::Sent => None,
                State::Exists(key) => Some(key.clone()),
            };
            let username = entry.username.clone();
            Some(Remaining { username, key })
        };
        self.entries.iter().rev().filter_map(remaining).collect()
    }

    fn find(&mut self, username: &str, state: &State) -> Option<&mut Entry> {
        self.entries
            .iter_mut()
            .find(|entry| entry.username == username && entry.state == *state)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ledger, Remaining};

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
}
