//! The user's command: its output goes to a file, and none of its processes survives.

use std::{
    ffi::OsString,
    fmt,
    fs::File,
    io::{self, Read, Write as _},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{error::TrialError, group};

/// Time that the command has to end after a signal.
const GRACE: Duration = Duration::from_secs(1);
/// Time limit for the rest of stderr, which a process outside of the group may keep open.
const REST: Duration = Duration::from_millis(500);
/// The longest last line, in bytes.
const LINE: usize = 400;

/// The end of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With exit code 0.
    Passed,
    /// With another one.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It took too long and was stopped.
    TimedOut(Duration),
    /// It was stopped after this number of requests.
    Flooded(usize),
    /// A signal ended this program.
    Interrupted(u8),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::TimedOut(limit) => write!(f, "stopped after {} s", limit.as_secs()),
            Self::Flooded(requests) => write!(f, "stopped after {requests} requests"),
            Self::Interrupted(signal) => write!(f, "stopped by signal {signal}"),
        }
    }
}

/// A command that ended.
pub struct Ended {
    pub ending: Ending,
    pub last_line: Option<String>,
}

/// Runs the command in a process group of its own, and ends the rest of the group. `stop` is polled
/// to end the command early.
pub fn run(
    command: &[OsString],
    variables: &[(&str, String)],
    path: &Path,
    stop: impl Fn(Duration) -> Option<Ending>,
) -> Result<Ended, TrialError> {
    let file = |error| TrialError::Io(path.display().to_string(), error);
    let name = command[0].to_string_lossy();
    let output = File::create(path).map_err(file)?;
    let copy = output.try_clone().map_err(file)?;
    let mut child = group::own_group(&mut Command::new(&command[0]))
        .args(&command[1..])
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .stdout(output)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => TrialError::Usage(format!(
                "cannot run `{name}`: program not found; give its path"
            )),
            io::ErrorKind::PermissionDenied => TrialError::Usage(format!(
                "cannot run `{name}`: it is not executable; name the program that runs it, for example `sh {name}`"
            )),
            _ => TrialError::Io(format!("cannot run `{name}`"), error),
        })?;
    let (sender, last_line) = mpsc::channel();
    if let Some(stderr) = child.stderr.take() {
        thread::spawn(move || sender.send(copy_lines(stderr, copy)));
    }
    let ending = wait(&mut child, stop)
        .map_err(|error| TrialError::Io(format!("cannot wait for `{name}`"), error))?;
    Ok(Ended {
        ending,
        last_line: last_line.recv_timeout(REST).ok().flatten(),
    })
}

fn wait(child: &mut Child, stop: impl Fn(Duration) -> Option<Ending>) -> io::Result<Ending> {
    let started = Instant::now();
    let ended = |child: &mut Child| {
        Ok(match child.try_wait()? {
            Some(status) => Some(ending_of(status)),
            None => stop(started.elapsed()),
        })
    };
    let ending = poll(child, ended)?;
    if matches!(ending, Ending::Interrupted(_)) {
        group::terminate(child);
        let asked = Instant::now();
        poll(child, |child| {
            Ok((child.try_wait()?.is_some() || asked.elapsed() >= GRACE).then_some(()))
        })?;
    }
    group::kill(child);
    child.wait()?;
    Ok(ending)
}

/// Asks again and again, at first often, until there is an answer.
fn poll<T>(
    child: &mut Child,
    mut ask: impl FnMut(&mut Child) -> io::Result<Option<T>>,
) -> io::Result<T> {
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(answer) = ask(child)? {
            return Ok(answer);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn ending_of(status: ExitStatus) -> Ending {
    match (status.code(), group::ended_by(status)) {
        (Some(0), _) => Ending::Passed,
        (Some(code), _) => Ending::Code(code),
        (None, signal) => Ending::Signal(signal.unwrap_or_default()),
    }
}

/// Copies stderr to the file of the output, to its end. Returns the last line with a word.
fn copy_lines(mut stderr: impl Read, mut output: File) -> Option<String> {
    let mut buffer = [0; 8192];
    let (mut line, mut last) = (Vec::new(), None);
    while let Ok(count @ 1..) = stderr.read(&mut buffer) {
        // The command continues when the disk is full.
        let _ = output.write_all(&buffer[..count]);
        for byte in &buffer[..count] {
            match byte {
                b'\n' => last = words(&std::mem::take(&mut line)).or(last),
                _ if line.len() < LINE => line.push(*byte),
                _ => {}
            }
        }
    }
    words(&line).or(last)
}

/// The text of a line without colours; `None` for a line without a word, for example a rule.
fn words(line: &[u8]) -> Option<String> {
    let line = String::from_utf8_lossy(line);
    let mut parts = line.split("\x1b[");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // A control sequence ends with its first letter.
        let end = part.find(|c: char| ('@'..='~').contains(&c));
        text += end.map_or("", |end| &part[end + 1..]);
    }
    text.retain(|c| !c.is_control());
    text.contains(char::is_alphabetic)
        .then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_line_of_output_is_its_words_without_colours() {
        for (line, text) in [
            ("\x1b[31m\x1b[2m⎯⎯⎯[1/1]⎯\x1b[22m\x1b[39m", None),
            ("\x1b[1mTypeError\x1b[22m: a\tb\r", Some("TypeError: ab")),
            (" \x1b[31m⎯⎯⎯\x1b[39m ", None),
            ("====\x1b[", None),
            ("", None),
        ] {
            assert_eq!(words(line.as_bytes()).as_deref(), text, "{line:?}");
        }
    }
}
