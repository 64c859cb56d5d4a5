//! The processes of the user's command, and the signals that end this program.

#[cfg(unix)]
pub(super) use self::unix::{Signals, ended_by, kill, own_group, terminate};
#[cfg(not(unix))]
pub(super) use self::windows::{Signals, ended_by, kill, own_group, terminate};

#[cfg(unix)]
mod unix {
    use std::{
        fs, io,
        os::unix::process::{CommandExt as _, ExitStatusExt as _},
        process::{Child, Command, ExitStatus},
    };

    use rustix::process::{self, Pid, kill_process_group};
    use tokio::signal::unix::{Signal, SignalKind, signal};

    pub(in crate::trial) fn own_group(command: &mut Command) -> &mut Command {
        command.process_group(0)
    }

    /// Asks the processes to end.
    pub(in crate::trial) fn terminate(child: &Child) {
        send(child, process::Signal::TERM);
    }

    /// Ends what is left of the group.
    pub(in crate::trial) fn kill(child: &mut Child) {
        send(child, process::Signal::KILL);
    }

    /// A group without processes is an error that does not matter.
    fn send(child: &Child, signal: process::Signal) {
        if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, signal);
        }
    }

    /// The number of the signal that ended it.
    pub(in crate::trial) fn ended_by(status: ExitStatus) -> Option<i32> {
        status.signal()
    }

    /// SIGINT, SIGTERM and SIGHUP. A SIGHUP that was ignored at the start, by `nohup` for example,
    /// stays ignored.
    pub(in crate::trial) struct Signals {
        interrupt: Signal,
        terminate: Signal,
        hangup: Option<Signal>,
    }

    impl Signals {
        pub(in crate::trial) fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hangup: if hangup_is_ignored() {
                    None
                } else {
                    Some(signal(SignalKind::hangup())?)
                },
            })
        }

        /// The number of the received signal.
        pub(in crate::trial) async fn next(&mut self) -> u8 {
            tokio::select! {
                _ = self.interrupt.recv() => 2,
                _ = self.terminate.recv() => 15,
                () = received(self.hangup.as_mut()) => 1,
            }
        }
    }

    async fn received(signal: Option<&mut Signal>) {
        match signal {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
    }

    /// Linux shows the ignored signals as a mask, in which SIGHUP is the lowest bit.
    fn hangup_is_ignored() -> bool {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status
            .lines()
            .find_map(|line| line.strip_prefix("SigIgn:"))
            .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask & 1 == 1)
    }
}

/// A command has no group here: its own process alone is ended.
#[cfg(not(unix))]
mod windows {
    use std::{
        io,
        process::{Child, Command, ExitStatus},
    };

    use tokio::signal::windows::{CtrlC, ctrl_c};

    pub(in crate::trial) fn own_group(command: &mut Command) -> &mut Command {
        command
    }

    /// Windows cannot ask a process to end.
    pub(in crate::trial) fn terminate(_child: &Child) {}

    pub(in crate::trial) fn kill(child: &mut Child) {
        let _ = child.kill();
    }

    pub(in crate::trial) fn ended_by(_status: ExitStatus) -> Option<i32> {
        None
    }

    /// Ctrl-C.
    pub(in crate::trial) struct Signals(CtrlC);

    impl Signals {
        pub(in crate::trial) fn listen() -> io::Result<Self> {
            ctrl_c().map(Self)
        }

        /// The number that Unix gives it.
        pub(in crate::trial) async fn next(&mut self) -> u8 {
            self.0.recv().await;
            2
        }
    }
}
