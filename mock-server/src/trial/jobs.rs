//! Several runs side by side.

use std::{
    ops::ControlFlow,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

/// Calls `each` for all items, `jobs` of them in parallel, and `report` in this thread with each
/// result. No further item starts once `report` breaks, or after an error. The results are in the
/// order of the items.
pub fn side_by_side<T: Sync, R: Send, E: Send>(
    items: &[T],
    jobs: u16,
    each: impl Fn(&T) -> Result<R, E> + Sync,
    mut report: impl FnMut(&R) -> Result<ControlFlow<()>, E>,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let mut found = Vec::new();
    let mut failed = None;
    thread::scope(|scope| {
        let (sender, results) = mpsc::channel();
        for _ in 0..jobs {
            let sender = sender.clone();
            scope.spawn(|| {
                let sender = sender;
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else {
                        return;
                    };
                    let _ = sender.send((index, each(item)));
                }
            });
        }
        drop(sender);
        for (index, result) in results {
            match result.and_then(|result| Ok((report(&result)?, result))) {
                Ok((flow, result)) => {
                    stop.fetch_or(flow.is_break(), Ordering::Relaxed);
                    found.push((index, result));
                }
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    failed.get_or_insert(error);
                }
            }
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    found.sort_by_key(|(index, _)| *index);
    Ok(found.into_iter().map(|(_, result)| result).collect())
}
