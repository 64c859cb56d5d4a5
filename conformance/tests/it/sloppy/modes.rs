//! The targets, and what is known of each.

use super::cells::Command;

/// A target, and how it is looked at.
pub(crate) struct Mode {
    /// As `support::sloppy::modes::Modes::parse` reads them.
    pub(crate) words: &'static str,
    /// Letters of the commands whose cell is quick and telling enough for every `cargo test`:
    /// `r`un, run `a`ll, `p`robe, `f`uzz, `k`ill. `A` is for a run of all that is not quick.
    quick: &'static str,
    pub(crate) expected: Expected,
}

/// The target as a command can use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// It leaves no user, and knows it.
    Clean,
    /// It leaves no user, or names those that may be left.
    Honest,
    /// A deleted user stays, so that no second one is created, unless leftovers are allowed.
    Stays,
    /// No user is created: one is updated that the operator has set aside, and put back.
    Prepared,
}

use Expected::{Clean, Honest, Prepared, Stays};

impl Mode {
    pub(crate) fn is_quick(&self, command: Command) -> bool {
        self.quick.contains(command.letter())
    }

    /// Whether there is such a cell at all: a run of all cases takes seconds, and random operations
    /// need users of their own.
    pub(crate) fn has(&self, command: Command) -> bool {
        match command {
            Command::RunAll => self.quick.contains(['a', 'A']),
            Command::Fuzz | Command::Killed => self.expected != Prepared,
            Command::Run | Command::Probe => true,
        }
    }
}

const fn mode(words: &'static str, quick: &'static str, expected: Expected) -> Mode {
    Mode {
        words,
        quick,
        expected,
    }
}

pub(crate) const MODES: [Mode; 96] = [
    mode("", "rafk", Clean),
    // Pages.
    mode("page=2", "rkA", Clean),
    mode("page=2,total", "k", Clean),
    mode("page=2,bare", "", Honest),
    mode("cap=2", "k", Honest),
    mode("page=2,delete=500", "rfk", Stays),
    mode("page=2,delete=403", "", Stays),
    mode("page=2,delete=lies", "r", Stays),
    mode("page=2,delete=lost", "", Honest),
    mode("page=2,create=500", "r", Honest),
    mode("page=2,create=400", "", Honest),
    mode("page=2,create=dropped", "", Honest),
    mode("page=2,total,create=dropped", "", Honest),
    mode("page=2,bare,create=dropped", "", Honest),
    mode("page=2,bare,delete=500", "", Stays),
    mode("cap=2,create=dropped", "k", Honest),
    mode("cap=2,create=500", "", Honest),
    mode("cap=2,delete=500", "r", Stays),
    mode("cap=2,location=none", "", Honest),
    // Reads that lag.
    mode("late=40", "rkA", Honest),
    mode("late=80", "f", Honest),
    mode("late=60000", "rfk", Honest),
    mode("late-reads=2", "", Honest),
    mode("late-reads=6", "", Honest),
    mode("late=40,create=dropped", "", Honest),
    mode("late=40,by-name,user-logins", "", Honest),
    mode("late=40,page=2", "", Honest),
    mode("late=40,cap=2", "", Honest),
    mode("late=60000,delete=lost", "", Honest),
    mode("stale=40", "rpA", Honest),
    mode("stale=80", "", Honest),
    mode("stale=60000", "k", Honest),
    mode("stale-reads=2", "r", Honest),
    mode("stale-reads=6", "", Honest),
    mode("stale=40,late=40", "", Honest),
    mode("stale=40,delete=lost", "", Honest),
    // Names.
    mode("trimmed", "rA", Clean),
    mode("cut=100", "rA", Clean),
    mode("cut=8", "r", Clean),
    mode("upper", "kA", Clean),
    mode("renamed", "rkA", Clean),
    mode("derived", "rA", Clean),
    mode("derived=always", "r", Clean),
    mode("trimmed,create=500", "", Honest),
    mode("renamed=anonymous", "rpfkA", Honest),
    mode("renamed,create=dropped", "", Honest),
    mode("renamed,location=none", "", Honest),
    mode("renamed,page=2,create=500", "", Honest),
    mode("derived=always,create=dropped", "", Honest),
    mode("derived=always,delete=500", "", Stays),
    // Ids that are given again.
    mode("recycled=colleague", "rfkA", Honest),
    mode("recycled=next", "rf", Honest),
    mode("recycled=colleague,delete=lost", "r", Honest),
    mode("recycled=colleague,late=40", "", Honest),
    mode("recycled=colleague,stale=40", "", Honest),
    // Keys that need encoding.
    mode("ids=percent", "rkA", Clean),
    mode("ids=percent,location=none", "r", Clean),
    mode("ids=percent,create=500", "r", Honest),
    mode("ids=percent,create=dropped", "", Honest),
    mode("ids=percent,location=raw", "r", Honest),
    mode("ids=question", "k", Clean),
    mode("ids=question,location=none", "", Clean),
    mode("ids=question,location=raw", "r", Honest),
    mode("ids=question,create=500", "", Honest),
    mode("ids=question,create=dropped", "", Honest),
    mode("ids=space", "k", Clean),
    mode("ids=space,location=none", "", Clean),
    mode("ids=space,create=dropped", "r", Honest),
    mode("ids=dots", "k", Honest),
    mode("ids=dots,location=none", "r", Honest),
    mode("ids=dots,create=500", "", Honest),
    mode("ids=slash", "r", Clean),
    mode("ids=slash,location=none", "", Clean),
    mode("ids=unicode", "", Clean),
    mode("ids=unicode,location=raw", "", Honest),
    mode("ids=number", "r", Clean),
    mode("location=none", "", Clean),
    mode("location=absolute", "", Clean),
    mode("location=foreign", "rk", Clean),
    // A user that the operator has set aside.
    mode("prepared", "rp", Prepared),
    mode("prepared,delete=deactivates", "", Prepared),
    mode("prepared,page=2", "", Prepared),
    mode("prepared,stale=40", "", Prepared),
    mode("prepared,errors=200", "", Prepared),
    mode("prepared,echo", "", Prepared),
    // Deletes and errors.
    mode("delete=deactivates", "rpfkA", Stays),
    mode("delete=500", "f", Stays),
    mode("delete=lies", "r", Stays),
    mode("delete=lost", "rk", Honest),
    mode("create=dropped", "rA", Honest),
    mode("errors=200", "pkA", Honest),
    mode("keys=user-camel", "", Clean),
    mode("keys=user-lower", "", Clean),
    mode("keys=camel", "rA", Clean),
    mode("control-characters", "A", Honest),
    mode("echo", "rfA", Clean),
];
