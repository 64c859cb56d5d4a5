//! What a run created. Only what stands here is ever deleted, and what cannot be deleted is
//! reported as left behind.

/// Users by their unique names, with what is known of them.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    /// Every key that one of them has had.
    keys: Vec<String>,
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
    /// A create of that user is about to be sent.
    pub fn sent(&mut self, username: &str) {
        if self.find(username, &State::Sent).is_none() {
            self.entries.push(Entry {
                username: username.to_owned(),
                state: State::Sent,
            });
        }
    }

    /// The create was answered with success. Names need not be unique to the target, so the same
    /// name may come to exist more than once.
    pub fn created(&mut self, username: &str, key: &str) {
        self.keys.push(key.to_owned());
        let state = State::Exists(key.to_owned());
        match self.find(username, &State::Sent) {
            Some(entry) => entry.state = state,
            None => self.entries.push(Entry {
                username: username.to_owned(),
                state,
            }),
        }
    }

    /// The create was refused.
    pub fn refused(&mut self, username: &str) {
        if let Some(entry) = self.find(username, &State::Sent) {
            entry.state = State::Gone;
        }
    }

    /// The user with that key was deleted.
    pub fn deleted(&mut self, key: &str) {
        for entry in &mut self.entries {
            if entry.state == State::Exists(key.to_owned()) {
                entry.state = State::Gone;
            }
        }
    }

    /// The user's key is another one now.
    pub fn renamed(&mut self, from: &str, to: &str) {
        self.keys.push(to.to_owned());
        for entry in &mut self.entries {
            if entry.state == State::Exists(from.to_owned()) {
                entry.state = State::Exists(to.to_owned());
            }
        }
    }

    /// Whether a user of this run has, or had, that key.
    pub fn owns(&self, key: &str) -> bool {
        self.keys.iter().any(|known| known == key)
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
            ledger.sent(name);
        }
        ledger.created("kept", "u1");
        ledger.created("deleted", "u2");
        ledger.deleted("u2");
        ledger.refused("refused");
        assert!(ledger.owns("u1") && ledger.owns("u2") && !ledger.owns("u3"));
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
        ledger.sent("twin");
        ledger.created("twin", "u1");
        ledger.sent("twin");
        ledger.created("twin", "u2");
        ledger.deleted("u1");
        assert_eq!(ledger.remaining().len(), 1);
    }
}
