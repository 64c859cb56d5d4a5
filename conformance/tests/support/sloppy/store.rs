//! The users of the account, with the times of their changes and of their visibility.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Instant,
};

use super::modes::{Ids, Lag, Modes, Recycled};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) username: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) password: String,
    pub(super) roles: Vec<String>,
    pub(super) enabled: bool,
}

/// The creator of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// It was there before, or another user did.
    Other,
    /// A request.
    Client,
    /// The operator, who has set it aside for the suite to update, and never to delete.
    Operator,
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    at: Instant,
    reads: u64,
}

/// A user with its past.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) owner: Owner,
    versions: Vec<(Moment, Option<Card>)>,
}

impl User {
    /// As it is; `None` when it is deleted.
    pub(super) fn now(&self) -> Option<&Card> {
        self.versions.last()?.1.as_ref()
    }
}

/// The account.
pub(super) struct Store {
    /// Deleted ones included, in the order of their creation.
    pub(super) users: Vec<User>,
    pub(super) harm: Vec<String>,
    pub(super) log: Vec<String>,
    pub(super) passwords: BTreeSet<String>,
    reads: u64,
    late: Lag,
    stale: Lag,
    ids: Ids,
    recycled: Recycled,
    free: VecDeque<String>,
    next: usize,
}

/// The key of the user that is set aside.
pub(crate) const PREPARED: &str = "p1";

/// Users of others: id, username, role.
const OTHERS: [(&str, &str, &str); 5] = [
    ("u1", "jdoe", ""),
    ("u2", "real-alice", "r1"),
    ("u3", "real-bob", "r2"),
    ("u", "real-of-question-mark", ""),
    ("a b", "real-of-space", ""),
];

impl Store {
    pub(super) fn new(modes: &Modes) -> Self {
        let mut store = Self {
            users: Vec::new(),
            harm: Vec::new(),
            log: Vec::new(),
            passwords: BTreeSet::new(),
            reads: 0,
            late: modes.late,
            stale: modes.stale,
            ids: modes.ids,
            recycled: modes.recycled,
            free: VecDeque::new(),
            next: 0,
        };
        for (id, username, role) in OTHERS {
            let mut card = other(username);
            card.roles
                .extend((!role.is_empty()).then(|| role.to_owned()));
            store.put_in(id.to_owned(), Owner::Other, card);
        }
        if modes.prepared {
            store.put_in(PREPARED.to_owned(), Owner::Operator, other("set-aside"));
        }
        store
    }

    /// True if the user that was set aside is unchanged, except for its password.
    pub(super) fn prepared_is_as_it_was(&self) -> bool {
        let mut users = self.users.iter();
        let prepared = users.find(|user| user.owner == Owner::Operator);
        prepared.is_none_or(|user| {
            let card = |version: Option<&Card>| {
                let mut card = version?.clone();
                card.password.clear();
                Some(card)
            };
            card(user.now()) == card(user.versions[0].1.as_ref())
        })
    }

    fn moment(&self) -> Moment {
        Moment {
            at: Instant::now(),
            reads: self.reads,
        }
    }

    fn has_passed(&self, lag: Lag, since: Moment) -> bool {
        match lag {
            Lag::None => true,
            Lag::Time(time) => since.at.elapsed() >= time,
            Lag::Reads(reads) => self.reads - since.reads > reads,
        }
    }

    /// Counts a read, for lags that are counted in reads.
    pub(super) fn count_read(&mut self) {
        self.reads += 1;
    }

    /// True if a replica shows the user. Users of others are old.
    fn is_known(&self, user: &User) -> bool {
        let (created, _) = &user.versions[0];
        user.owner != Owner::Client || self.has_passed(self.late, *created)
    }

    /// As a read shows it.
    pub(super) fn seen<'u>(&self, user: &'u User) -> Option<&'u Card> {
        let mut versions = user.versions.iter();
        let mut card = versions.next().filter(|_| self.is_known(user))?.1.as_ref();
        for (moment, version) in versions {
            if self.has_passed(self.stale, *moment) {
                card = version.as_ref();
            }
        }
        card
    }

    /// The place of the user that a write is about.
    pub(super) fn find(&self, is: impl Fn(&User, &Card) -> bool) -> Option<usize> {
        self.users.iter().position(|user| {
            let card = user.now();
            card.is_some_and(|card| is(user, card)) && self.is_known(user)
        })
    }

    fn put_in(&mut self, id: String, owner: Owner, card: Card) {
        let versions = vec![(self.moment(), Some(card))];
        self.users.push(User {
            id,
            owner,
            versions,
        });
    }

    /// A new user; its id.
    pub(super) fn create(&mut self, card: Card) -> String {
        let id = self.free.pop_front().unwrap_or_else(|| self.new_id());
        self.put_in(id.clone(), Owner::Client, card);
        id
    }

    /// Another version of the user at that place.
    pub(super) fn change(&mut self, at: usize, card: Option<Card>, by: &str) {
        let moment = self.moment();
        let user = &mut self.users[at];
        let is_harm = match user.owner {
            Owner::Other => true,
            Owner::Operator => card.is_none(),
            Owner::Client => false,
        };
        if is_harm {
            let name = user.now().map_or("", |card| &card.username);
            self.harm.push(format!("{name} (key {}) by {by}", user.id));
        }
        let gone = card.is_none();
        user.versions.push((moment, card));
        let (id, owner) = (user.id.clone(), user.owner);
        if gone && owner == Owner::Client {
            match self.recycled {
                Recycled::Never => {}
                Recycled::Next => self.free.push_back(id),
                Recycled::Colleague => {
                    let colleague = other(&format!("colleague-{}", self.users.len()));
                    self.put_in(id, Owner::Other, colleague);
                }
            }
        }
    }

    fn new_id(&mut self) -> String {
        self.next += 1;
        let (number, next) = (self.next, self.next + 3);
        // Those that come out as a user of others when they are decoded once too often come first.
        let victim = (number - 1) % 3 + 1;
        match self.ids {
            Ids::Plain => format!("u{next}"),
            Ids::Percent => match (number - 1) / 3 {
                0 => format!("%75{victim}"),
                1 => format!("u%3{victim}"),
                2 => format!("%75%3{victim}"),
                _ => format!("%75{next}"),
            },
            Ids::Question => format!("u?{next}"),
            Ids::Space => format!("a b?{next}#x"),
            Ids::Dots => match (number - 1) / 3 {
                0 => format!("../users/u{victim}"),
                1 => format!("./u{victim}"),
                2 => format!("x/../u{victim}"),
                _ => format!("../users/u{next}"),
            },
            Ids::Slash => format!("u/{number}"),
            Ids::Unicode => format!("ü-{number}-名"),
            Ids::Number => format!("{}", 1_000 + number),
        }
    }
}

/// A user that another client created.
fn other(username: &str) -> Card {
    Card {
        username: username.to_owned(),
        first_name: "Real".to_owned(),
        last_name: "Person".to_owned(),
        email: format!("{username}@example.org"),
        password: "Th3ir-0wn-Secret!".to_owned(),
        roles: Vec::new(),
        enabled: true,
    }
}
