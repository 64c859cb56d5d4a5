//! Calls to the operating system, on Unix and on Windows.

use std::{fs::File, io};

#[cfg(unix)]
pub(super) use unix::{Signals, raise_file_limit};
#[cfg(not(unix))]
pub(super) use windows::{Signals, raise_file_limit};

/// Stderr without its lock: a write that waits must hold up nothing else.
pub(super) fn stderr() -> io::Result<File> {
    #[cfg(unix)]
    let owned = std::os::fd::AsFd::as_fd(&io::stderr()).try_clone_to_owned()?;
    #[cfg(not(unix))]
    let owned = std::os::windows::io::AsHandle::as_handle(&io::stderr()).try_clone_to_owned()?;
    Ok(File::from(owned))
}

#[cfg(unix)]
mod unix {
    use std::io;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Raises the limit of open files as far as the system allows: each connection needs one, and
    /// the usual limit is 1,024.
    pub(in crate::cli) fn raise_file_limit() {
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: limit.maximum,
            ..limit
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::debug!(%error, "the limit of open files stays as it is");
        }
    }

    /// SIGINT, as from Ctrl-C, and SIGTERM.
    pub(in crate::cli) struct Signals {
        terminate: Signal,
        interrupt: Signal,
    }

    impl Signals {
        pub(in crate::cli) fn new() -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }

        pub(in crate::cli) async fn wait(&mut self) {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        }
    }
}

#[cfg(not(unix))]
mod windows {
    use std::io;

    use tokio::signal::windows::{CtrlC, ctrl_c};

    /// Windows has no such limit.
    pub(in crate::cli) fn raise_file_limit() {}

    /// Ctrl-C.
    pub(in crate::cli) struct Signals(CtrlC);

    impl Signals {
        pub(in crate::cli) fn new() -> io::Result<Self> {
            ctrl_c().map(Self)
        }

        pub(in crate::cli) async fn wait(&mut self) {
            self.0.recv().await;
        }
    }
}
