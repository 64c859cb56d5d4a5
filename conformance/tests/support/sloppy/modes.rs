//! The ways in which the server differs from the emulator.

use std::time::Duration;

/// When what was written can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lag {
    /// At once.
    #[default]
    None,
    /// After that time.
    Time(Duration),
    /// After that number of further reads.
    Reads(u64),
}

/// How the list is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Pages {
    /// Not at all.
    #[default]
    Whole,
    /// Pages of that size, with `Link: <..>; rel="next"`.
    Linked(usize),
    /// Pages of that size, with the count of all users in the body.
    Counted(usize),
    /// Pages of that size; nothing says that there are more.
    Bare(usize),
    /// The first users; there is no way to the others.
    Capped(usize),
}

/// Changes to a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Names {
    #[default]
    Kept,
    /// Without spaces around it.
    Trimmed,
    /// The first characters.
    Cut(usize),
    /// A name that the server chooses.
    Renamed,
    /// A name that the server chooses, and no email.
    Anonymous,
    /// In upper case.
    Upper,
    /// The email, where no username was sent.
    DerivedIfAbsent,
    /// The email, whatever was sent.
    Derived,
}

/// The form of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Ids {
    /// `u4`
    #[default]
    Plain,
    /// `%751`, which decodes to `u1`
    Percent,
    /// `u?4`
    Question,
    /// `a b?4#x`
    Space,
    /// `../users/u1`
    Dots,
    /// `u/1`
    Slash,
    /// Not ASCII.
    Unicode,
    /// Digits; numbers in JSON.
    Number,
}

/// The header that says where a new user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Location {
    /// A path with the key encoded.
    #[default]
    Encoded,
    Absent,
    /// A path with the key as it is.
    Raw,
    /// With scheme and host.
    Absolute,
    /// The same on a host that is not this one.
    Foreign,
}

/// Results of a create.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Creates {
    #[default]
    Work,
    /// It takes effect, and returns that status.
    TakeEffectAnd(u16),
    /// It takes effect, and the connection is closed.
    TakeEffectAndDrop,
}

/// Results of a delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Deletes {
    #[default]
    Work,
    /// The user is only no longer enabled.
    Deactivate,
    /// It has no effect, and returns that status.
    Fail(u16),
    /// It has no effect, and returns 200.
    Lie,
    /// It takes effect, and the connection is closed.
    TakeEffectAndDrop,
}

/// Reuse of the id of a deleted user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Recycled {
    #[default]
    Never,
    /// A user that another user creates right after.
    Colleague,
    /// The next one that is created.
    Next,
}

/// How fields are named in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Keys {
    #[default]
    Pascal,
    /// `users`, `userId`
    Camel,
    /// `Users`, `userId`
    CamelInUsers,
    /// `Users`, `userid`
    LowerInUsers,
}

/// All of them.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mode")]
pub(crate) struct Modes {
    pub(crate) late: Lag,
    pub(crate) stale: Lag,
    pub(crate) pages: Pages,
    pub(crate) names: Names,
    pub(crate) ids: Ids,
    pub(crate) location: Location,
    pub(crate) creates: Creates,
    pub(crate) deletes: Deletes,
    pub(crate) recycled: Recycled,
    pub(crate) keys: Keys,
    /// Errors have status 200.
    pub(crate) errors_as_200: bool,
    /// Answers repeat what was sent, login and passwords included.
    pub(crate) echo: bool,
    /// Paths take usernames too.
    pub(crate) by_name: bool,
    /// Fields may hold control characters, which are then in lists too.
    pub(crate) control_characters: bool,
    /// There is a user that the operator has set aside.
    pub(crate) prepared: bool,
    /// Users can log in.
    pub(crate) user_logins: bool,
}

impl Modes {
    /// Words such as `page=2,total,create=500`; nothing is the server without a difference.
    pub(crate) fn parse(text: &str) -> Self {
        let mut modes = Self::default();
        for word in text.split(',').filter(|word| !word.is_empty()) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            modes.set(name, value);
        }
        modes
    }

    fn set(&mut self, name: &str, value: &str) {
        let number = || value.parse::<u64>().unwrap();
        let size = || value.parse::<usize>().unwrap();
        match (name, value) {
            ("late", _) => self.late = Lag::Time(Duration::from_millis(number())),
            ("late-reads", _) => self.late = Lag::Reads(number()),
            ("stale", _) => self.stale = Lag::Time(Duration::from_millis(number())),
            ("stale-reads", _) => self.stale = Lag::Reads(number()),
            ("page", _) => self.pages = Pages::Linked(size()),
            ("total", _) => self.pages = Pages::Counted(self.page_size()),
            ("bare", _) => self.pages = Pages::Bare(self.page_size()),
            ("cap", _) => self.pages = Pages::Capped(size()),
            ("trimmed", _) => self.names = Names::Trimmed,
            ("cut", _) => self.names = Names::Cut(size()),
            ("renamed", "anonymous") => self.names = Names::Anonymous,
            ("renamed", _) => self.names = Names::Renamed,
            ("upper", _) => self.names = Names::Upper,
            ("derived", "") => self.names = Names::DerivedIfAbsent,
            ("derived", "always") => self.names = Names::Derived,
            ("ids", "percent") => self.ids = Ids::Percent,
            ("ids", "question") => self.ids = Ids::Question,
            ("ids", "space") => self.ids = Ids::Space,
            ("ids", "dots") => self.ids = Ids::Dots,
            ("ids", "slash") => self.ids = Ids::Slash,
            ("ids", "unicode") => self.ids = Ids::Unicode,
            ("ids", "number") => self.ids = Ids::Number,
            ("location", "none") => self.location = Location::Absent,
            ("location", "raw") => self.location = Location::Raw,
            ("location", "absolute") => self.location = Location::Absolute,
            ("location", "foreign") => self.location = Location::Foreign,
            ("create", "dropped") => self.creates = Creates::TakeEffectAndDrop,
            ("create", _) => self.creates = Creates::TakeEffectAnd(value.parse().unwrap()),
            ("delete", "deactivates") => self.deletes = Deletes::Deactivate,
            ("delete", "lies") => self.deletes = Deletes::Lie,
            ("delete", "lost") => self.deletes = Deletes::TakeEffectAndDrop,
            ("delete", _) => self.deletes = Deletes::Fail(value.parse().unwrap()),
            ("recycled", "colleague") => self.recycled = Recycled::Colleague,
            ("recycled", "next") => self.recycled = Recycled::Next,
            ("keys", "camel") => self.keys = Keys::Camel,
            ("keys", "user-camel") => self.keys = Keys::CamelInUsers,
            ("keys", "user-lower") => self.keys = Keys::LowerInUsers,
            ("errors", "200") => self.errors_as_200 = true,
            ("echo", _) => self.echo = true,
            ("by-name", _) => self.by_name = true,
            ("control-characters", _) => self.control_characters = true,
            ("prepared", _) => self.prepared = true,
            ("user-logins", _) => self.user_logins = true,
            _ => panic!("there is no mode {name}={value}"),
        }
    }

    fn page_size(&self) -> usize {
        match self.pages {
            Pages::Linked(size) => size,
            other => panic!("page=N comes first, not {other:?}"),
        }
    }
}
