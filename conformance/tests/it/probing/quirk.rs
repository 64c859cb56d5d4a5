//! Servers with a quirk that no profile has: a proxy in front of the emulator that answers some
//! requests itself and lets the others pass.

use std::{
    fmt::Write as _,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use bandwidth_conformance::{
    context::Context,
    probe::{Choice, Finding, Findings, Probe},
    run::{GoldenMode, Run, Setup},
    safety::Limits,
    target::embedded::Embedded,
    transport::Endpoint,
    wire::Format,
};
use serde_json::{Value, json};

use crate::against::{profile, run_of, server, wait};

/// A request, or an answer: its first line, its headers and its body.
#[derive(Debug, Clone)]
struct Message {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Message {
    /// Nothing when the other side is done.
    fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let headers = lines[1..].iter().filter_map(|line| line.split_once(": "));
        let mut message = Self {
            line: lines[0].clone(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: Vec::new(),
        };
        let length = message.header("content-length").parse().unwrap_or(0);
        message.body = vec![0; length];
        stream.read_exact(&mut message.body)?;
        Ok(Some(message))
    }

    fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("{}\r\n", self.line);
        for (name, value) in &self.headers {
            let own = ["content-length", "connection"];
            if !own.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                let _ = write!(head, "{name}: {value}\r\n");
            }
        }
        let _ = write!(
            head,
            "Connection: close\r\nContent-Length: {}\r\n\r\n",
            self.body.len()
        );
        [head.as_bytes(), &self.body].concat()
    }
}

/// A request on its way to the emulator.
#[derive(Clone)]
pub(crate) struct Asked {
    message: Message,
    emulator: SocketAddr,
}

impl Asked {
    /// Whether it has that method, and a path that ends so.
    pub(crate) fn is(&self, method: &str, ending: &str) -> bool {
        self.method() == method && self.path().ends_with(ending)
    }

    /// Whether it is of that method and about one user.
    pub(crate) fn is_of_user(&self, method: &str) -> bool {
        self.method() == method && self.path().contains("/users/")
    }

    pub(crate) fn method(&self) -> &str {
        self.message.line.split(' ').next().unwrap()
    }

    pub(crate) fn path(&self) -> &str {
        self.message.line.split(' ').nth(1).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.message.header(name)
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        let headers = &mut self.message.headers;
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.push((name.to_owned(), value.to_owned()));
    }

    /// The body, where that is JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.message.body).unwrap_or_default()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.message.body).into_owned()
    }

    /// Whether its body has that field with something in it, in either format.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.json().get(field).is_some() || self.text().contains(&format!("<{field}>"))
    }

    /// Changes the body, which is JSON.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
        if let Value::Object(mut fields) = self.json() {
            change(&mut fields);
            self.message.body = Value::Object(fields).to_string().into_bytes();
        }
    }

    /// What the emulator answers, and nothing else.
    pub(crate) fn pass_on(self) -> Answered {
        self.pass()
    }

    /// What the emulator answers.
    pub(crate) fn pass(&self) -> Answered {
        let mut stream = TcpStream::connect(self.emulator).unwrap();
        stream.write_all(&self.message.to_bytes()).unwrap();
        let answer = Message::read(&mut BufReader::new(stream));
        Answered(answer.unwrap().unwrap())
    }

    /// An error of the API, in the format that was asked for.
    pub(crate) fn error(&self, status: u16, code: u32, text: &str) -> Answered {
        let error = json!({"ErrorCode": code, "Description": text});
        if self.header("accept").contains("json") {
            let body = json!({"ResponseStatus": error}).to_string();
            return Answered::of(status, "application/json", body);
        }
        let body = format!(
            "<UserResponse><ResponseStatus><ErrorCode>{code}</ErrorCode><Description>{text}</Description></ResponseStatus></UserResponse>"
        );
        Answered::of(status, "application/xml", body)
    }
}

/// An answer on its way to the probe.
pub(crate) struct Answered(Message);

impl Answered {
    pub(crate) fn of(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self(Message {
            line: format!("HTTP/1.1 {status} Status"),
            headers: vec![("Content-Type".to_owned(), kind.to_owned())],
            body: body.into(),
        })
    }

    /// The page of something that stands in front of the API.
    pub(crate) fn page(status: u16) -> Self {
        Self::of(status, "text/html", "<html><body>gateway</body></html>")
    }

    pub(crate) fn status(&self) -> u16 {
        self.0.line.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        let headers = &mut self.0.headers;
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }

    pub(crate) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.0.body = body.into();
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.0.body).unwrap_or_default()
    }
}

/// What a server does with a request.
pub(crate) type Quirk = dyn Fn(Asked) -> Answered + Send + Sync;

/// An emulator and the proxy in front of it; both end when it is dropped.
pub(crate) struct Odd {
    pub(crate) address: SocketAddr,
    emulator: Embedded,
    actual: bandwidth_fixtures::NamedProfile,
    over: Arc<AtomicBool>,
}

impl Odd {
    /// Of profile `guide` with some behaviours set, in front of which that quirk stands.
    pub(crate) fn new(
        set: &[&str],
        quirk: impl Fn(Asked) -> Answered + Send + Sync + 'static,
    ) -> Self {
        Self::before(set, &[], quirk)
    }

    /// The same where some requests fail by rules such as `status=503,every=5`, and no other quirk.
    pub(crate) fn failing(set: &[&str], faults: &[&str]) -> Self {
        Self::before(set, faults, Asked::pass_on)
    }

    fn before(
        set: &[&str],
        faults: &[&str],
        quirk: impl Fn(Asked) -> Answered + Send + Sync + 'static,
    ) -> Self {
        let actual = profile("guide", set);
        let emulator = server(actual.clone(), faults);
        let behind = emulator.address();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let (ends, quirk): (_, Arc<Quirk>) = (Arc::clone(&over), Arc::new(quirk));
        thread::spawn(move || {
            for client in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let quirk = Arc::clone(&quirk);
                thread::spawn(move || answer(&client.unwrap(), behind, &*quirk));
            }
        });
        Self {
            address,
            emulator,
            actual,
            over,
        }
    }

    /// Its address, as `--target` takes it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The names of its users.
    pub(crate) fn users(&self) -> Vec<String> {
        let expected = profile("guide", &[]);
        let mut cx = Context::new(run_of(&self.emulator, expected));
        let path = cx.users_path();
        let ask = cx.ask("GET", path).accept(Format::Json);
        let reply = wait(cx.send(ask)).unwrap();
        let list: Value = serde_json::from_slice(&reply.response.body).unwrap();
        let users = list["Users"].as_array().unwrap().iter();
        let mut names: Vec<String> = users
            .map(|user| user["Username"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    /// What a probe finds out about it.
    pub(crate) fn probed(&self, choice: &Choice) -> (Findings, Probe) {
        let run = Run::new(Setup {
            endpoint: Endpoint::local(self.address),
            credentials: self.emulator.credentials(&self.actual),
            expected: profile("guide", &[]),
            goldens: GoldenMode::Symbolic,
            limits: Limits::impatient(),
        });
        let mut probe = Probe::new(Arc::new(run.unwrap()));
        let mut quiet = |_: &str, _: &Probe| Ok(());
        wait(probe.learn(choice, Findings::new(), &mut quiet)).unwrap();
        (probe.findings().clone(), probe)
    }

    /// The same, of some behaviours.
    pub(crate) fn learned(&self, only: &[&str]) -> Learned {
        let choice = Choice {
            only: only.iter().map(|id| (*id).to_owned()).collect(),
            ..Choice::default()
        };
        Learned(self.probed(&choice).0)
    }
}

impl Drop for Odd {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

/// One request, and its answer.
fn answer(mut client: &TcpStream, emulator: SocketAddr, quirk: &Quirk) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    if let Ok(Some(message)) = Message::read(&mut reader) {
        let answer = quirk(Asked { message, emulator });
        let _ = client.write_all(&answer.0.to_bytes());
    }
}

/// What was found.
pub(crate) struct Learned(pub(crate) Findings);

impl Learned {
    /// `merge`, `merge, or replace` where that is not ruled out, or `open: ` and why.
    pub(crate) fn of(&self, id: &str) -> String {
        match &self.0[id] {
            Finding::Observed(seen) if seen.alternatives.is_empty() => seen.option.clone(),
            Finding::Observed(seen) => {
                format!("{}, or {}", seen.option, seen.alternatives.join(", "))
            }
            Finding::Open(why) => format!("open: {why}"),
        }
    }

    /// Why it stays open.
    pub(crate) fn why_open(&self, id: &str) -> String {
        match &self.0[id] {
            Finding::Open(why) => why.clone(),
            Finding::Observed(seen) => panic!("{id} is {seen:?}"),
        }
    }

    /// What else was seen.
    pub(crate) fn note(&self, id: &str) -> String {
        match &self.0[id] {
            Finding::Observed(seen) => seen.note.clone(),
            Finding::Open(why) => panic!("{id} is open: {why}"),
        }
    }
}
