//! The program when its standard streams are closed, full or not read.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use crate::{
    program::program,
    wire::{LOGIN, USERS, request},
};

/// Requests that are sent before their answers are read.
const BATCH: usize = 50;

/// Starts a mock that ends with its standard input. Returns its address.
fn start(command: &mut Command) -> (Child, String) {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let announced: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = announced["baseUrl"].as_str().unwrap();
    let address = url.trim_start_matches("http://").trim_end_matches("/api");
    (child, address.to_owned())
}

/// A mock that logs each request.
fn logging() -> Command {
    program(&[
        "--until-stdin-closes",
        "--explain",
        "--log",
        "info",
        "--listen",
        ":0",
        "--announce",
        "json",
    ])
}

/// Sends requests on one connection and reads the answer to each.
fn ask(address: &str, batches: usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    let one = request("GET", &format!("{USERS}/u1"), LOGIN, "");
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    for _ in 0..batches {
        stream.write_all(&one.repeat(BATCH)).unwrap();
        for _ in 0..BATCH {
            let mut length = 0;
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                let start = head.len();
                assert!(answers.read_line(&mut head).unwrap() > 0, "no answer");
                if let Some(value) = head[start..].strip_prefix("Content-Length: ") {
                    length = value.trim().parse().unwrap();
                }
            }
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            answers.read_exact(&mut vec![0; length]).unwrap();
        }
    }
}

/// Closes standard input, and returns the exit code.
fn close(mut child: Child) -> Option<i32> {
    drop(child.stdin.take());
    child.wait().unwrap().code()
}

#[test]
fn it_ends_when_standard_input_closes() {
    let (mut child, address) = start(&mut logging());
    child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(b"anything\n")
        .unwrap();
    ask(&address, 1);
    assert_eq!(child.try_wait().unwrap(), None);
    assert_eq!(close(child), Some(0));
}

#[test]
fn it_answers_when_nothing_reads_stderr_and_says_what_it_dropped() {
    let (mut child, address) = start(&mut logging());
    let stderr = child.stderr.take().unwrap();
    ask(&address, 6_000 / BATCH);
    let mut lines = BufReader::new(stderr).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.ends_with("log lines were dropped: stderr did not take them")));
    drop(lines);
    ask(&address, 1);
    assert_eq!(close(child), Some(0));
}

#[test]
fn it_answers_when_stderr_is_closed_or_full() {
    let (mut child, address) = start(&mut logging());
    drop(child.stderr.take());
    drop(child.stdout.take());
    ask(&address, 2);
    assert_eq!(close(child), Some(0));

    let full = || File::options().write(true).open("/dev/full").unwrap();
    let (child, address) = start(logging().stderr(full()));
    ask(&address, 2);
    assert_eq!(close(child), Some(0));

    // A message that cannot be printed leaves the exit code as it is.
    let wrong = program(&["--listen", "nowhere"]).stderr(full()).status();
    assert_eq!(wrong.unwrap().code(), Some(2));
}
