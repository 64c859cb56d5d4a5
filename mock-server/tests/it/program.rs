//! Running the program.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Output, Stdio},
};

/// The program with these arguments, and none of the caller's variables for it.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bandwidth-mock"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BANDWIDTH_MOCK_")) {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

/// A program that serves on a free port, killed when dropped.
pub(crate) struct Serving {
    child: Child,
    /// Its announcement.
    pub(crate) announced: serde_json::Value,
}

impl Serving {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::with_variables(&[], arguments)
    }

    pub(crate) fn with_variables(variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut child = program(arguments)
            .envs(variables.iter().copied())
            .args(["--listen", ":0", "--announce", "json"])
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let announced = serde_json::from_str(&line).unwrap();
        Self { child, announced }
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn address(&self) -> String {
        let url = self.announced["baseUrl"].as_str().unwrap();
        let address = url.trim_start_matches("http://");
        address.split('/').next().unwrap().to_owned()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Ends it at once, as `kill -9` does.
    pub(crate) fn kill(&self) {
        let kill = format!("kill -9 {}", self.child.id());
        let killed = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(killed.success());
    }

    /// Sends SIGTERM, and returns the exit code and everything that was printed after the
    /// announcement.
    pub(crate) fn terminate(mut self) -> (Option<i32>, String) {
        // The shell's own kill: the program of that name is not everywhere.
        let kill = format!("kill {}", self.child.id());
        let killed = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(killed.success());
        let mut printed = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut printed)
            .unwrap();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut printed)
            .unwrap();
        (self.child.wait().unwrap().code(), printed)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
