//! Signals that end the program while a command runs.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
};

use super::group::Signals;

/// The received signal, if there was one.
#[derive(Debug, Clone)]
pub struct Interrupt(Arc<AtomicU8>);

impl Interrupt {
    /// Listens from now on.
    pub fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let guard = runtime.enter();
        let mut signals = Signals::listen()?;
        drop(guard);
        let signal = Arc::new(AtomicU8::new(0));
        let heard = Self(Arc::clone(&signal));
        thread::spawn(move || {
            let number = runtime.block_on(signals.next());
            signal.store(number, Ordering::Relaxed);
        });
        Ok(heard)
    }

    /// The number of the signal.
    pub fn signal(&self) -> Option<u8> {
        Some(self.0.load(Ordering::Relaxed)).filter(|number| *number > 0)
    }
}
