//! Histories of several clients on two users: each must read as if the requests had come one after
//! the other, at some moment between their start and their answer. Some answers are lost after the
//! operation took effect, some requests are rejected before, and the account is reset in between.

use std::{
    collections::HashSet,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use bandwidth_mock::MockServer;

use crate::wire::{Connection, JSON, LOGIN, Reply, USERS, XML, repeats, request, server};

const NAMES: [&str; 2] = ["ann", "ben"];

/// An operation on one username.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Did {
    Create(String),
    Put(String),
    Delete,
    Read,
    /// The account is as it was at first: without users.
    Reset,
}

/// Its result.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Effect {
    Done,
    /// The user exists already, or does not exist.
    Refused,
    /// The result of a read.
    Shown(Option<String>),
    /// No answer: it may have taken effect at any later time, or never.
    Lost,
}

#[derive(Debug, Clone)]
struct Event {
    name: &'static str,
    did: Did,
    effect: Effect,
    start: u64,
    end: u64,
}

/// An outcome that an operation cannot have in a state.
struct Impossible;

/// The state after an operation with that outcome.
fn apply(state: Option<&String>, did: &Did, effect: &Effect) -> Result<Option<String>, Impossible> {
    let exists = state.is_some();
    match (did, effect) {
        (Did::Reset, _) | (Did::Delete, Effect::Lost) => Ok(None),
        (Did::Delete, Effect::Done) if exists => Ok(None),
        (Did::Create(value), Effect::Done | Effect::Lost) if !exists => Ok(Some(value.clone())),
        (Did::Put(value), Effect::Done | Effect::Lost) if exists => Ok(Some(value.clone())),
        (Did::Create(_), Effect::Refused) if exists => Ok(state.cloned()),
        (Did::Put(_) | Did::Delete, Effect::Refused) if !exists => Ok(None),
        (Did::Read, Effect::Shown(shown)) if shown.as_ref() == state => Ok(state.cloned()),
        (_, Effect::Lost) => Ok(state.cloned()),
        _ => Err(Impossible),
    }
}

/// True if the events of one name have an order (Wing and Gong, with the visited states kept).
fn has_an_order(events: &[Event]) -> bool {
    fn search(
        events: &[Event],
        taken: u128,
        state: Option<&String>,
        seen: &mut HashSet<(u128, Option<String>)>,
    ) -> bool {
        let left = || (0..events.len()).filter(|index| taken >> index & 1 == 0);
        if left().all(|index| events[index].effect == Effect::Lost) {
            return true;
        }
        if !seen.insert((taken, state.cloned())) {
            return false;
        }
        let first_end = left().map(|index| events[index].end).min().unwrap_or(0);
        left().any(|index| {
            let event = &events[index];
            event.start <= first_end
                && apply(state, &event.did, &event.effect)
                    .is_ok_and(|next| search(events, taken | 1 << index, next.as_ref(), seen))
        })
    }
    assert!(events.len() <= 128);
    search(events, 0, None, &mut HashSet::new())
}

struct Client<'s> {
    server: &'s MockServer,
    connection: Connection,
    random: u64,
}

impl Client<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.random >> 33) % bound
    }

    /// The answer, unless it was lost.
    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Option<Reply> {
        let bytes = request(method, path, &format!("{LOGIN}{headers}"), body);
        self.connection.write(&bytes);
        let reply = self.connection.try_read();
        if reply.is_none() {
            self.connection = Connection::to(self.server);
        }
        reply
    }

    fn step(&mut self, clock: &AtomicU64, value: &str, log: &Mutex<Vec<Event>>) {
        let name = NAMES[usize::try_from(self.below(2)).unwrap()];
        let path = format!("{USERS}/{name}");
        let start = clock.fetch_add(1, Ordering::SeqCst);
        let fields = format!("<FirstName>{value}</FirstName><LastName>{value}</LastName>");
        let (did, reply) = match self.below(10) {
            0..=2 => {
                let body = format!(
                    "<User><Username>{name}</Username>{fields}<Email>a@b.example</Email>\
                     <Password>Teal-Wagon.47</Password></User>"
                );
                (
                    Did::Create(value.to_owned()),
                    self.ask("POST", USERS, XML, &body),
                )
            }
            3 | 4 => {
                let body = format!("<User>{fields}</User>");
                (
                    Did::Put(value.to_owned()),
                    self.ask("PUT", &path, XML, &body),
                )
            }
            5 => (Did::Delete, self.ask("DELETE", &path, "", "")),
            6 | 7 => (Did::Read, self.ask("GET", &path, "", "")),
            number => {
                let accept = if number == 8 { "" } else { JSON };
                let reply = self.ask("GET", USERS, accept, "");
                let end = clock.fetch_add(1, Ordering::SeqCst);
                let Some(reply) = reply.filter(|reply| reply.status == 200) else {
                    return;
                };
                let mut log = log.lock().unwrap();
                for name in NAMES {
                    let effect = Effect::Shown(shown(&reply.body, name));
                    log.push(Event {
                        name,
                        did: Did::Read,
                        effect,
                        start,
                        end,
                    });
                }
                return;
            }
        };
        let end = clock.fetch_add(1, Ordering::SeqCst);
        let (effect, end) = match reply {
            None => (Effect::Lost, u64::MAX),
            Some(reply) => match (reply.status, &did) {
                // Refused before it took effect.
                (503, _) => return,
                (200, Did::Read) => (Effect::Shown(shown(&reply.body, name)), end),
                (404, Did::Read) => (Effect::Shown(None), end),
                (200 | 201, _) => (Effect::Done, end),
                (404 | 409, _) => (Effect::Refused, end),
                (status, did) => panic!("{did:?}: {status} {}", reply.body),
            },
        };
        log.lock().unwrap().push(Event {
            name,
            did,
            effect,
            start,
            end,
        });
    }
}

/// The first name that a body shows of a user. A user whose names differ was read half changed.
fn shown(body: &str, name: &str) -> Option<String> {
    let (start, first, last, end) = if body.starts_with('{') {
        (
            "\"Username\":\"",
            "\"FirstName\":\"",
            "\"LastName\":\"",
            "\"",
        )
    } else {
        ("<Username>", "<FirstName>", "<LastName>", "<")
    };
    let from = body.find(&format!("{start}{name}{end}"))?;
    let rest = &body[from + start.len()..];
    let rest = &rest[..rest.find(start).unwrap_or(rest.len())];
    let field = |before: &str| {
        let from = rest.find(before).expect("a user is shown whole") + before.len();
        let length = rest[from..].find(end).expect("a user is shown whole");
        rest[from..from + length].to_owned()
    };
    let (first, last) = (field(first), field(last));
    assert_eq!(first, last, "half changed: {body}");
    Some(first)
}

/// One history, of four clients and, in every other one, a user who resets the account.
fn history(server: &MockServer, number: u64) -> Vec<Event> {
    let clock = AtomicU64::new(1);
    let log = Mutex::new(Vec::new());
    let reset = |server: &MockServer| {
        let reset = request("POST", "/__admin/accounts/12345/reset", "", "");
        let mut connection = Connection::to(server);
        connection.write(&reset);
        assert_eq!(connection.read(true).status, 200);
    };
    reset(server);
    thread::scope(|scope| {
        for client in 0..4_u64 {
            let (clock, log) = (&clock, &log);
            scope.spawn(move || {
                let mut state = Client {
                    server,
                    connection: Connection::to(server),
                    random: number * 4 + client + 1,
                };
                for step in 0..8 {
                    state.step(clock, &format!("v{client}x{step}"), log);
                }
            });
        }
        if number % 2 == 1 {
            let start = clock.fetch_add(1, Ordering::SeqCst);
            reset(server);
            let end = clock.fetch_add(1, Ordering::SeqCst);
            let mut log = log.lock().unwrap();
            for name in NAMES {
                log.push(Event {
                    name,
                    did: Did::Reset,
                    effect: Effect::Done,
                    start,
                    end,
                });
            }
        }
    });
    log.into_inner().unwrap()
}

#[test]
fn histories_of_several_clients_are_linearizable() {
    let server = server("guide", &["naming.user_key=Username"], "empty");
    for fault in [
        r#"{"fault":"EMPTY_RESPONSE","when":"after","probability":0.08}"#,
        r#"{"status":503,"probability":0.05}"#,
    ] {
        let mut connection = Connection::to(&server);
        let json = "Content-Type: application/json\r\n";
        connection.write(&request("POST", "/__admin/faults", json, fault));
        assert_eq!(connection.read(true).status, 201);
    }
    let histories = repeats("HISTORIES", 150);
    let (mut events, mut lost) = (0, 0);
    for number in 0..histories as u64 {
        let history = history(&server, number);
        events += history.len();
        for name in NAMES {
            let of_name = history.iter().filter(|event| event.name == name);
            let of_name: Vec<Event> = of_name.cloned().collect();
            lost += of_name
                .iter()
                .filter(|event| event.effect == Effect::Lost)
                .count();
            assert!(
                has_an_order(&of_name),
                "history {number} of {name} has no order: {of_name:#?}"
            );
        }
    }
    assert!(events > 25 * histories, "{events} events");
    assert!(lost > histories / 2, "{lost} answers were lost");
}

#[test]
fn the_checker_finds_histories_that_no_order_explains() {
    let event = |did: Did, effect: Effect, start: u64, end: u64| Event {
        name: "ann",
        did,
        effect,
        start,
        end,
    };
    let value = |text: &str| text.to_owned();
    let shown = |text: &str| Effect::Shown(Some(text.to_owned()));
    let created = event(Did::Create(value("a")), Effect::Done, 1, 2);
    for (wrong, what) in [
        (
            vec![
                created.clone(),
                event(Did::Create(value("b")), Effect::Done, 1, 3),
            ],
            "two winners",
        ),
        (
            vec![
                created.clone(),
                event(Did::Put(value("b")), Effect::Done, 3, 4),
                event(Did::Read, shown("a"), 5, 6),
            ],
            "a lost update",
        ),
        (
            vec![
                created.clone(),
                event(Did::Put(value("b")), Effect::Done, 3, 8),
                event(Did::Read, shown("b"), 4, 5),
                event(Did::Read, shown("a"), 6, 7),
            ],
            "a read that goes back",
        ),
        (
            vec![created.clone(), event(Did::Read, Effect::Shown(None), 3, 4)],
            "a user that is not there yet",
        ),
    ] {
        assert!(!has_an_order(&wrong), "{what}");
    }
    let right = vec![
        created,
        event(Did::Put(value("b")), Effect::Lost, 3, u64::MAX),
        event(Did::Read, shown("a"), 4, 5),
        event(Did::Read, shown("b"), 6, 7),
        event(Did::Reset, Effect::Done, 8, 9),
        event(Did::Delete, Effect::Refused, 10, 11),
    ];
    assert!(has_an_order(&right));
}
