//! An ordinary sync, and its recording: one JSON object a line.

use std::fmt::Write as _;

use bandwidth_fixtures::{Profile, profile::Telephone};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::server::{Modelled, PASSWORD};
use crate::support::{
    http::{Answer, Request},
    sloppy::{ACCOUNT, LOGIN},
};

/// The recording of a client.
pub(crate) struct Recorder<'a> {
    server: &'a Modelled,
    lines: String,
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

/// The last part of a `Location`.
fn key(answer: &Answer) -> String {
    let location = answer.headers().get("location");
    location.rsplit('/').next().unwrap_or("").to_owned()
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(server: &'a Modelled) -> Self {
        let lines = String::new();
        Self { server, lines }
    }

    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let path = format!("/api/accounts/{path}");
        let request = Request::new(method, &path, headers, body);
        let answer = request.forward(self.server.address()).unwrap();
        let line = json!({
            "time": "2026-03-04T12:00:00Z",
            "method": method,
            "url": format!("https://dashboard.bandwidth.com{path}"),
            "headers": headers,
            "body": body,
            "status": answer.status(),
            "answerHeaders": answer.headers().pairs().collect::<Vec<_>>(),
            "answer": answer.text(),
        });
        let _ = writeln!(self.lines, "{line}");
        answer
    }

    /// Some users are created, changed and deleted, and a few requests are wrong.
    pub(crate) fn sync(mut self, profile: &Profile) -> String {
        let login = basic(LOGIN.0, LOGIN.1);
        let plain = [("Authorization", login.as_str())];
        let json = [plain[0], ("Accept", "application/json")];
        let typed = [plain[0], json[1], ("Content-Type", "application/json")];
        let users = format!("{ACCOUNT}/users");
        // A client of such a server knows what a create needs.
        let number = match profile.user_telephone {
            Telephone::TenDigitsRequired => r#","TelephoneNumber":"9195550101""#,
            _ => "",
        };
        let user = |name: &str, password: &str, more: &str| {
            format!(
                r#"{{"Username":"{name}","FirstName":"Ann","LastName":"Lee","Email":"{name}@example.com","Password":"{password}"{number}{more}}}"#
            )
        };
        let first = self.send("GET", &users, &json, "");
        let first = first.json()["Users"][0].clone();
        let first = first.get("UserId").unwrap_or(&first["Username"]);
        let first = first.as_str().unwrap().to_owned();
        self.send("GET", &format!("{ACCOUNT}/roles"), &json, "");
        self.send("GET", &users, &plain, "");
        self.send("GET", &format!("{users}/{first}"), &json, "");
        for day in 0..4 {
            let name = format!("day{day}");
            let body = user(&name, PASSWORD, r#","Roles":["r2"]"#);
            let created = self.send("POST", &users, &typed, &body);
            let place = format!("{users}/{}", key(&created));
            match day {
                1 => drop(self.send("POST", &users, &typed, &user(&name, PASSWORD, ""))),
                2 => drop(self.send("POST", &users, &typed, &user("day2w", "short", ""))),
                _ => {}
            }
            self.send("GET", &place, &json, "");
            let change = format!(r#"{{"FirstName":"Zoe","Email":"z{name}@example.com"{number}}}"#);
            self.send("PUT", &place, &typed, &change);
            self.send("GET", &place, &json, "");
            if day > 1 {
                self.send("DELETE", &place, &json, "");
                self.send("GET", &place, &json, "");
                self.send("GET", &users, &json, "");
            }
        }
        self.send("GET", &format!("{users}/nobody"), &json, "");
        let wrong = basic(LOGIN.0, "wrong");
        self.send("GET", &users, &[("Authorization", &wrong)], "");
        self.send("GET", "99/users", &plain, "");
        self.lines
    }
}
