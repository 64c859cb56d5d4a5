//! Every option of every behaviour changes what a client sees.
//!
//! Each behaviour has a scenario of requests in `fixtures/behaviours.toml`. It is played once per
//! option, each time against a server that differs in nothing else, and no two options may give the
//! same replies.

/// A test for each behaviour.
macro_rules! scenarios {
    ($($name:ident $id:literal;)*) => {
        $(#[test] fn $name() { super::differ($id); })*
    };
}

mod generated;

use std::{fmt::Write as _, sync::LazyLock};

use bandwidth_fixtures::{
    BehaviourId, NamedProfile, Seed,
    behaviour::table::{self, Row},
    golden::without_event_dates,
};
use bandwidth_mock::MockServer;

use crate::wire::{LOGIN, basic, noon, request, send};

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let text = include_str!("../../../fixtures/behaviours.toml");
    table::read("fixtures/behaviours.toml", text).unwrap()
});

/// A second account, for what must be unique among all.
const TWO_ACCOUNTS: &str = r#"{"format":1,"accounts":[
    {"accountId":"12345","login":{"username":"api-user","password":"Api-Passw0rd!23"},"nextUserNumber":2,
     "users":[{"userId":"u1","username":"jdoe","firstName":"John","lastName":"Doe","email":"jdoe@example.com"}]},
    {"accountId":"67890","login":{"username":"other-login","password":"Api-Passw0rd!24"},"nextUserNumber":2,
     "users":[{"userId":"u1","username":"other-user","email":"other@example.com"}]}]}"#;

/// A request of a scenario.
struct Step<'a> {
    times: usize,
    /// Method, target and body.
    shown: &'a str,
    headers: String,
}

impl Step<'_> {
    fn is_for_client(&self) -> bool {
        !self.shown.contains(" /__admin/")
    }

    /// `token` is the one of the last reply that had one.
    fn bytes(&self, token: &str) -> Vec<u8> {
        let mut parts = self.shown.splitn(3, ' ');
        let mut part = || parts.next().unwrap_or_default();
        let (method, target, body) = (part(), part(), part());
        let headers = self
            .headers
            .replace("Bearer TOKEN", &format!("Bearer {token}"));
        let headers = match headers.split_once("Authorization: Basic ") {
            Some((before, rest)) => {
                let (login, after) = rest.split_once("\r\n").unwrap();
                let (name, password) = login.split_once(':').unwrap();
                format!("{before}{}{after}", basic(name, password))
            }
            None if self.is_for_client() && !headers.contains("Authorization: ") => {
                format!("{LOGIN}{headers}")
            }
            None => headers,
        };
        request(method, target, &headers, body)
    }
}

/// Reads the form that the head of `behaviours.toml` describes.
fn steps(requests: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut times = 1;
    for line in requests.lines() {
        if let Some(shown) = line.strip_prefix("> ") {
            steps.push(Step {
                times: std::mem::replace(&mut times, 1),
                shown,
                headers: String::new(),
            });
        } else if let Some(count) = line.strip_suffix(" times") {
            times = count.parse().unwrap();
        } else {
            let step = steps.last_mut().expect("a header stands below its request");
            let _ = write!(step.headers, "{line}\r\n");
        }
    }
    steps
}

fn start(seed: &str, set: &[String], choice: &str) -> MockServer {
    let mut profile = NamedProfile::built_in("guide").unwrap();
    let set = set.iter().map(String::as_str);
    profile.set(set.chain([choice])).unwrap();
    let seed = match seed {
        "two_accounts" => Seed::parse("two.json", TWO_ACCOUNTS).unwrap(),
        name => Seed::built_in(name).unwrap(),
    };
    let builder = MockServer::builder()
        .profile(profile)
        .seed(seed)
        .clock(noon());
    builder.start_blocking().unwrap()
}

/// All replies to a scenario, without what differs from run to run, and what is repeated once.
fn transcript(server: &MockServer, steps: &[Step]) -> String {
    // A slow machine must not see a limit's tokens come back.
    let freeze = request("POST", "/__admin/clock", "", r#"{"action":"freeze"}"#);
    send(server, &freeze);
    let mut shown: Vec<(String, usize)> = Vec::new();
    let mut token = String::new();
    for step in steps {
        let bytes = step.bytes(&token);
        for _ in 0..step.times {
            let reply = send(server, &bytes);
            if let Some((_, rest)) = reply.body.split_once("\"access_token\":\"") {
                rest.split('"').next().unwrap().clone_into(&mut token);
            }
            let mut exchange = format!("> {}\n", step.shown);
            if step.is_for_client() {
                exchange += &steady_head(&reply.head);
                exchange += &steady_body(&reply.body);
                exchange += if reply.body.is_empty() { "" } else { "\n" };
            }
            match shown.last_mut() {
                Some((last, times)) if *last == exchange => *times += 1,
                _ => shown.push((exchange, 1)),
            }
        }
    }
    let shown = shown.into_iter().map(|(exchange, times)| match times {
        1 => exchange,
        times => format!("{times} times\n{exchange}"),
    });
    shown.collect()
}

/// Without the date and the body's length, and without the time when a limit ends.
fn steady_head(head: &str) -> String {
    let left_out = ["Date: ", "Content-Length: "];
    let lines = head
        .lines()
        .filter(|line| !left_out.iter().any(|name| line.starts_with(name)));
    lines
        .map(|line| match line.strip_prefix("X-Ratelimit-Reset: ") {
            Some(_) => "X-Ratelimit-Reset: T\n".to_owned(),
            None => format!("{line}\n"),
        })
        .collect()
}

/// Without a token, which names the time, and without a time.
fn steady_body(body: &str) -> String {
    let mut steady = body.to_owned();
    for key in ["\"access_token\":\"", "\"timestamp\":\""] {
        if let Some((before, rest)) = steady.split_once(key) {
            let after = rest.split_once('"').map_or("", |(_, after)| after);
            steady = format!("{before}{key}T\"{after}");
        }
    }
    without_event_dates(&steady)
}

/// Plays the scenario of behaviour `id`. The snapshot is for a reader: two options that were swapped
/// differ from each other no less than before.
fn differ(id: &str) {
    let row = ROWS.iter().find(|row| row.id == id).unwrap();
    let steps = steps(&row.scenario.requests);
    let behaviour = id.parse::<BehaviourId>().unwrap().behaviour();
    let mut all = String::new();
    let mut seen: Vec<(&str, String)> = Vec::new();
    for option in behaviour.options {
        let option = option.name;
        let server = start(
            &row.scenario.seed,
            &row.scenario.set,
            &format!("{id}={option}"),
        );
        let replies = transcript(&server, &steps);
        if let Some((other, _)) = seen.iter().find(|(_, earlier)| *earlier == replies) {
            panic!("{id}: {option} and {other} look the same");
        }
        writeln!(all, "=== {id} = {option}\n{replies}").unwrap();
        seen.push((option, replies));
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("behaviours");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(id, all));
}
