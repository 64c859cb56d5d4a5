//! Who looks on while requests are recorded. Without anybody it costs a look at a `None`, under the
//! lock that recording holds anyway.

use tokio::sync::broadcast;

/// How many changes wait for a watcher that is slow. One that misses some is told so.
const WAITING: usize = 1024;

/// What changed in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The request of this id came, changed, or is no longer kept.
    Entry(u64),
    /// Everything was forgotten.
    All,
}

/// Hears of changes, in their order.
pub type Watcher = broadcast::Receiver<Change>;

/// Those who hear of changes.
#[derive(Debug, Default)]
pub(super) struct Watchers(Option<broadcast::Sender<Change>>);

impl Watchers {
    /// One more.
    pub(super) fn add(&mut self) -> Watcher {
        let changes = self
            .0
            .get_or_insert_with(|| broadcast::Sender::new(WAITING));
        changes.subscribe()
    }

    /// Tells all of them.
    pub(super) fn tell(&mut self, change: Change) {
        let Some(changes) = &self.0 else { return };
        if changes.send(change).is_err() {
            // The last one has gone.
            self.0 = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast::error::TryRecvError;

    use super::{Change, WAITING, Watchers};

    #[test]
    fn nothing_is_kept_for_nobody_and_a_slow_one_is_told_that_it_missed_some() {
        let mut watchers = Watchers::default();
        watchers.tell(Change::All);
        assert!(watchers.0.is_none());
        let mut watcher = watchers.add();
        watchers.tell(Change::Entry(1));
        watchers.tell(Change::All);
        assert_eq!(watcher.try_recv(), Ok(Change::Entry(1)));
        assert_eq!(watcher.try_recv(), Ok(Change::All));
        for id in 0..=WAITING as u64 {
            watchers.tell(Change::Entry(id));
        }
        assert_eq!(watcher.try_recv(), Err(TryRecvError::Lagged(1)));
        drop(watcher);
        watchers.tell(Change::All);
        assert!(watchers.0.is_none());
    }
}
