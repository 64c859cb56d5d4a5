//! A server of a random profile, and the recorded traffic of its clients.

use std::time::{Duration, UNIX_EPOCH};

use bandwidth_fixtures::{BehaviourId, NamedProfile, Seed, behaviour::Values, profile::Profile};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::super::simulator::{Prepared, Simulator};
use crate::{
    random::mix,
    store::Saved,
    traffic::{Answer, Exchange},
};

/// Numbers that follow from a seed.
struct Dice(u64, u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.1 += 1;
        usize::try_from(mix(self.0, self.1) % sides as u64).unwrap()
    }

    fn is(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }
}

/// A server of a random profile, and what a client of it recorded.
pub(super) struct Target {
    simulator: Simulator,
    world: Saved,
    pub(super) truth: Profile,
    pub(super) recorded: Vec<Exchange>,
    dice: Dice,
    noise: Noise,
}

/// Gaps in a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noise {
    None,
    Dropped,
    Unavailable,
    Limited,
    OtherClients,
    Middle,
}

pub(super) const NOISES: [Noise; 6] = [
    Noise::None,
    Noise::Dropped,
    Noise::Unavailable,
    Noise::Limited,
    Noise::OtherClients,
    Noise::Middle,
];

pub(super) fn guide() -> Profile {
    *NamedProfile::built_in(NamedProfile::BUILT_IN[0])
        .unwrap()
        .options()
}

/// A profile that has another option for about a quarter of the behaviours.
fn random_profile(dice: &mut Dice) -> Profile {
    loop {
        let mut profile = guide();
        for id in BehaviourId::all() {
            let behaviour = id.behaviour();
            let skipped = matches!(behaviour.values, Values::Rate)
                || id.area() == "rate"
                || id.as_str() == "auth.token_seconds";
            if !skipped && dice.is(25) {
                let option = &behaviour.options[dice.roll(behaviour.options.len())];
                profile.choose(id, option.name);
            }
        }
        let checked = NamedProfile::of(profile);
        let texts: Vec<String> = [
            "password.min_length",
            "password.max_length",
            "password.classes",
        ]
        .map(|id| format!("{id}={}", profile.get(id.parse().unwrap())))
        .to_vec();
        if checked
            .clone()
            .set(texts.iter().map(String::as_str))
            .is_ok()
        {
            return profile;
        }
    }
}

pub(super) const BASIC: &str = "api-user:Api-Passw0rd!23";

impl Target {
    pub(super) fn new(seed: u64, noise: Noise) -> Self {
        let mut dice = Dice(seed, 0);
        let truth = random_profile(&mut dice);
        let demo = Seed::built_in(Seed::built_in_names().next().unwrap()).unwrap();
        let account = crate::generate::with_credential(demo.accounts[0].clone(), 0);
        let clock = Duration::from_hours(492_396);
        let simulator = Simulator::new(account, truth, clock).unwrap();
        let world = simulator.world();
        Self {
            simulator,
            world,
            truth,
            recorded: Vec::new(),
            dice,
            noise,
        }
    }

    /// Sends a request without recording it.
    fn quietly(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Exchange {
        let mut exchange = Exchange {
            at: Some(UNIX_EPOCH + Duration::from_hours(492_396)),
            after_gap: false,
            method: method.to_owned(),
            url: format!("https://dashboard.bandwidth.com{path}"),
            request_headers: headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            request_body: Bytes::from(body.to_owned()),
            answer: None,
            passwords: std::collections::BTreeMap::new(),
        };
        let request = Prepared::of(&exchange).unwrap();
        let (simulated, after) = self.simulator.send(&self.world, self.truth, &request);
        if let Some(after) = after {
            self.world = after;
        }
        let headers = simulated.sent.headers.iter();
        exchange.answer = Some(Answer {
            status: simulated.sent.status,
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
                .chain([("server".to_owned(), "x".to_owned())])
                .collect(),
            body: simulated.sent.body,
        });
        exchange
    }

    pub(super) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        if self.noise == Noise::OtherClients && self.dice.is(15) {
            self.interfere();
        }
        let noise = self.dice.is(5);
        let happens = self.dice.is(50);
        let before = self.world.clone();
        let mut exchange = self.quietly(method, path, headers, body);
        let real = exchange.answer.clone().unwrap();
        let gateway = |status| Answer {
            status,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            body: Bytes::from_static(b"<html>"),
        };
        if noise {
            match self.noise {
                Noise::Dropped => exchange.answer = None,
                Noise::Unavailable => exchange.answer = Some(gateway(503)),
                Noise::Limited => exchange.answer = Some(gateway(429)),
                _ => {}
            }
            if exchange.answer.as_ref() != Some(&real) && (!happens || self.noise == Noise::Limited)
            {
                self.world = before;
            }
        }
        self.recorded.push(exchange);
        real
    }

    /// Another client changes something.
    fn interfere(&mut self) {
        let users: Vec<_> = self.world.account.users().cloned().collect();
        let number = self.dice.roll(1000);
        let account = &mut self.world.account;
        match (
            users.get(self.dice.roll(users.len().max(1))),
            self.dice.roll(4),
        ) {
            (Some(user), 0) => account.take_away(user.number),
            (Some(user), 1) => {
                let mut user = (**user).clone();
                user.texts.first_name = Some(format!("Other{number}").into());
                user.texts.last_name = None;
                account.put(user);
            }
            (Some(user), 2) => {
                let mut user = (**user).clone();
                user.enabled = !user.enabled;
                account.put(user);
            }
            (Some(user), _) => {
                let mut other = (**user).clone();
                other.number = account.next_number();
                other.id = format!("u{}", other.number).into();
                other.username = format!("other{number}").into();
                other.texts.email = Some(format!("other{number}@example.com").into());
                account.put(other);
            }
            _ => {}
        }
    }

    fn key(answer: &Answer) -> String {
        let mut headers = answer.headers.iter();
        let location = headers.find(|(name, _)| name == "location");
        let last = location.and_then(|(_, value)| value.rsplit('/').next());
        last.unwrap_or("u1").to_owned()
    }

    /// An ordinary sync, in 31 requests.
    pub(super) fn sync(&mut self) {
        let basic = format!("Basic {}", STANDARD.encode(BASIC));
        let wrong = format!("Basic {}", STANDARD.encode("api-user:wrong"));
        let plain = [("Authorization", basic.as_str())];
        let json = [plain[0], ("Accept", "application/json")];
        let typed = [plain[0], json[1], ("Content-Type", "application/json")];
        let users = "/api/accounts/12345/users";
        let user = |name: &str, password: &str, more: &str| {
            format!(
                r#"{{"Username":"{name}","FirstName":"Ann","LastName":"Lee","Email":"{name}@example.com","Password":"{password}"{more}}}"#
            )
        };
        let good = "Teal-Wagon.47";
        let r2 = r#","Roles":["r2"]"#;
        if self.noise != Noise::Middle {
            self.send("GET", users, &json, "");
        }
        self.send("GET", "/api/accounts/12345/roles", &json, "");
        if self.noise != Noise::Middle {
            self.send("GET", users, &plain, "");
        }
        self.send("GET", &format!("{users}/u1"), &json, "");
        for number in 0..4 {
            let name = format!("day{number}");
            let answer = self.send("POST", users, &typed, &user(&name, good, r2));
            let place = format!("{users}/{}", Self::key(&answer));
            if number == 1 {
                self.send("POST", users, &typed, &user(&name, good, ""));
            }
            if number == 2 {
                self.send(
                    "POST",
                    users,
                    &typed,
                    &user(&format!("{name}w"), "short", ""),
                );
            }
            self.send("GET", &place, &json, "");
            let change = format!(r#"{{"FirstName":"Zoe","Email":"z{name}@example.com"}}"#);
            self.send("PUT", &place, &typed, &change);
            self.send("GET", &place, &json, "");
            if number > 1 {
                self.send("DELETE", &place, &json, "");
                self.send("GET", &place, &json, "");
                if self.noise != Noise::Middle {
                    self.send("GET", users, &json, "");
                }
            }
        }
        self.send("GET", &format!("{users}/unused"), &json, "");
        self.send("GET", users, &[("Authorization", &wrong)], "");
        self.send("GET", "/api/accounts/99/users", &plain, "");
    }

    /// A create for each length of a password.
    pub(super) fn create_with_lengths(&mut self, lengths: &[usize]) {
        let basic = format!("Basic {}", STANDARD.encode(BASIC));
        let typed = [
            ("Authorization", basic.as_str()),
            ("Accept", "application/json"),
            ("Content-Type", "application/json"),
        ];
        let users = "/api/accounts/12345/users";
        self.send("GET", users, &typed[..2], "");
        for length in lengths {
            // No character stands twice, so that no rule but one on lengths refuses it.
            let plain = ('#'..='~').filter(|character| *character != '\\');
            let password: String = plain.take(*length).collect();
            let body = format!(
                r#"{{"Username":"long{length}","FirstName":"Ann","LastName":"Lee","Email":"{length}@example.com","Password":"{password}"}}"#
            );
            self.send("POST", users, &typed, &body);
        }
    }

    /// Random requests.
    #[expect(
        clippy::too_many_lines,
        reason = "it is one table of what a request may have"
    )]
    pub(super) fn fuzz(&mut self, count: usize) {
        let basic = format!("Basic {}", STANDARD.encode(BASIC));
        let mut keys = vec!["u1".to_owned(), "jdoe".to_owned(), "unused".to_owned()];
        let users = "/api/accounts/12345/users";
        for number in 0..count {
            let mut headers = vec![("Authorization", basic.as_str())];
            let accepts = [
                "application/json",
                "application/xml",
                "*/*",
                "text/html",
                "application/json, text/plain, */*",
            ];
            if self.dice.is(85) {
                headers.push((
                    "Accept",
                    accepts[[0, 0, 0, 1, 1, 2, 3, 4][self.dice.roll(8)]],
                ));
            }
            let as_json = self.dice.is(70);
            let kind = if as_json {
                "application/json"
            } else {
                "application/xml"
            };
            let key = keys[self.dice.roll(keys.len())].clone();
            let place = format!("{users}/{key}");
            let mut fields: Vec<(&str, String)> = Vec::new();
            let name = format!("fuzz{}", self.dice.roll(8));
            let create = self.dice.is(40);
            for (field, value) in [
                (
                    "Username",
                    if self.dice.is(20) {
                        name.to_uppercase()
                    } else {
                        name.clone()
                    },
                ),
                (
                    "FirstName",
                    ["Ann", "Zoe", ""][self.dice.roll(3)].to_owned(),
                ),
                ("LastName", ["Lee", "Roe"][self.dice.roll(2)].to_owned()),
                (
                    ["Email", "Email", "EmailAddress"][self.dice.roll(3)],
                    format!("{}@example.com", ["a", "A", &name][self.dice.roll(3)]),
                ),
                (
                    "Password",
                    [
                        "Teal-Wagon.47",
                        "short",
                        "TealWagon47",
                        "Teal-Wagon.47-Teal-Wagon.48",
                        "My-Qwerty.47",
                        "Teal Wagon.47",
                        "Ann-Teal.474",
                    ][self.dice.roll(7)]
                    .to_owned(),
                ),
                (
                    "TelephoneNumber",
                    ["9195550102", "+19195550103"][self.dice.roll(2)].to_owned(),
                ),
                ("Colour", "red".to_owned()),
            ] {
                let most = match field {
                    "TelephoneNumber" => 10,
                    "Colour" => 3,
                    _ if create => 96,
                    "Username" | "Password" => 8,
                    _ => 50,
                };
                if self.dice.is(most) {
                    fields.push((field, value));
                }
            }
            let role = self
                .dice
                .is(20)
                .then(|| ["r1", "r2", "r9"][self.dice.roll(3)]);
            let body = if as_json {
                let mut map = serde_json::Map::new();
                for (field, value) in &fields {
                    map.insert((*field).to_owned(), value.as_str().into());
                }
                if let Some(role) = role {
                    map.insert("Roles".to_owned(), vec![role].into());
                }
                serde_json::Value::Object(map).to_string()
            } else {
                let fields = fields
                    .iter()
                    .map(|(field, value)| format!("<{field}>{value}</{field}>"));
                let role = role.map(|role| format!("<Roles><Role>{role}</Role></Roles>"));
                format!(
                    "<User>{}{}</User>",
                    fields.collect::<String>(),
                    role.unwrap_or_default()
                )
            };
            let typed = self.dice.is(95);
            let write = |headers: &mut Vec<(&'static str, &str)>| {
                if typed {
                    headers.push(("Content-Type", kind));
                }
            };
            let mut headers: Vec<(&'static str, &str)> = headers;
            match self.dice.roll(12) {
                0 | 1 => drop(self.send("GET", users, &headers, "")),
                2 | 3 => drop(self.send("GET", &place, &headers, "")),
                4 if number % 3 == 0 => {
                    drop(self.send("GET", "/api/accounts/12345/roles", &headers, ""));
                }
                4 => drop(self.send("GET", "/v1.0/accounts/12345/users", &headers, "")),
                5 | 6 => {
                    write(&mut headers);
                    drop(self.send("PUT", &place, &headers, &body));
                }
                7 => drop(self.send("DELETE", &place, &headers, "")),
                8 if self.dice.is(30) => drop(self.send("GET", users, &headers[1..], "")),
                8 => drop(self.send("HEAD", &place, &headers, "")),
                _ => {
                    write(&mut headers);
                    let answer = self.send("POST", users, &headers, &body);
                    if answer.status < 300 {
                        keys.push(Self::key(&answer));
                    }
                }
            }
        }
    }
}
