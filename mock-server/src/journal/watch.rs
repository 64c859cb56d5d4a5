//! Watchers of a journal. Without one, recording only checks a `None`, under the lock that it holds
//! anyway.

use tokio::sync::broadcast;

/// Number of changes that wait for a slow watcher. A watcher that misses some is notified.
const WAITING: usize = 1024;

/// A change of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The request with this id arrived, changed, or is no longer kept.
    Entry(u64),
    /// Everything was forgotten.
    All,
}

/// Hears of changes, in their order.
pub type Watcher = broadcast::Receiver<Change>;

/// Receivers of changes.
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

    /// Notifies all of them.
    pub(super) fn notify(&mut self, change: Change) {
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
    fn without_a_watcher_nothing_is_kept_and_a_slow_one_learns_that_it_missed_some() {
        let mut watchers = Watchers::default();
        watchers.notify(Change::All);
        assert!(watchers.0.is_none());
        let mut watcher = watchers.add();
        watchers.notify(Change::Entry(1));
        watchers.notify(Change::All);
        assert_eq!(watcher.try_recv(), Ok(Change::Entry(1)));
        assert_eq!(watcher.try_recv(), Ok(Change::All));
        for id in 0..=WAITING as u64 {
            watchers.notify(Change::Entry(id));
        }
        assert_eq!(watcher.try_recv(), Err(TryRecvError::Lagged(1)));
        drop(watcher);
        watchers.notify(Change::All);
        assert!(watchers.0.is_none());
    }
}
