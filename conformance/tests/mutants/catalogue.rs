//! The broken servers. Each says what is wrong with it, the case that must catch it and a part of
//! the reason that this case must give.

mod authentication;
mod changing;
mod creating;
mod domain_parts;
mod errors;
mod formats;
mod identity;
mod management;
mod passwords;
mod reading;
mod roles;
mod tokens;
mod whole_answers;

use crate::message::{Answer, Ask, Memory};

/// A broken server.
pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    /// Its defect.
    pub(crate) says: &'static str,
    /// The case that must fail; empty for what is not broken.
    pub(crate) killed_by: &'static str,
    /// Text that the failing case's reason must contain.
    pub(crate) because: &'static str,
    /// The built-in profile that is expected.
    pub(crate) profile: &'static str,
    /// How what is expected differs from that profile.
    pub(crate) expected: &'static [&'static str],
    /// How the server differs from what is expected.
    pub(crate) set: &'static [&'static str],
    /// Changes a request on its way.
    pub(crate) before: fn(&mut Ask, &mut Memory),
    /// Changes an answer on its way.
    pub(crate) after: fn(&Ask, &mut Answer, &mut Memory),
}

impl Mutant {
    const fn new(
        name: &'static str,
        says: &'static str,
        killed_by: &'static str,
        because: &'static str,
    ) -> Self {
        Self {
            name,
            says,
            killed_by,
            because,
            profile: "guide",
            expected: &[],
            set: &[],
            before: |_, _| {},
            after: |_, _, _| {},
        }
    }

    const fn published(self) -> Self {
        Self {
            profile: "published",
            ..self
        }
    }

    const fn expects(self, expected: &'static [&'static str]) -> Self {
        Self { expected, ..self }
    }

    const fn set(self, set: &'static [&'static str]) -> Self {
        Self { set, ..self }
    }

    const fn before(self, before: fn(&mut Ask, &mut Memory)) -> Self {
        Self { before, ..self }
    }

    const fn after(self, after: fn(&Ask, &mut Answer, &mut Memory)) -> Self {
        Self { after, ..self }
    }
}

/// Servers with nothing wrong: the proxy alone must change nothing.
pub(crate) const UNBROKEN: [Mutant; 2] = [
    Mutant::new("unbroken", "nothing", "", ""),
    Mutant::new("unbroken-published", "nothing", "", "").published(),
];

const OWN_LOGIN: &str = "Basic YXBpLXVzZXI6QXBpLVBhc3N3MHJkITIz";

/// An error body that the guide's profile would send.
fn refuse(ask: &Ask, answer: &mut Answer, status: u16) {
    answer.status = status;
    let json = ask.wants_json();
    answer.body = if json {
        r#"{"ResponseStatus":{"ErrorCode":400,"Description":"No."}}"#.to_owned()
    } else {
        "<?xml version=\"1.0\"?><UserResponse><ResponseStatus><ErrorCode>400</ErrorCode><Description>No.</Description></ResponseStatus></UserResponse>".to_owned()
    };
    let kind = if json {
        "application/json"
    } else {
        "application/xml"
    };
    answer.headers.set("Content-Type", kind);
}

/// A user body, as a success would have it.
fn accept(ask: &Ask, answer: &mut Answer, status: u16) {
    answer.status = status;
    let json = ask.wants_json();
    answer.body = if json {
        r#"{"UserId":"u999","Username":"somebody"}"#.to_owned()
    } else {
        "<?xml version=\"1.0\"?><UserResponse><User><UserId>u999</UserId><Username>somebody</Username></User></UserResponse>".to_owned()
    };
    let kind = if json {
        "application/json"
    } else {
        "application/xml"
    };
    answer.headers.set("Content-Type", kind);
}

/// A create of today's API that succeeded, with that data.
fn managed_success(answer: &mut Answer, data: &str) {
    answer.status = 201;
    answer.body = format!("{{\"links\":[],\"data\":{data},\"errors\":[]}}");
    answer.headers.set("Content-Type", "application/json");
}

fn is_create(ask: &Ask) -> bool {
    ask.method == "POST" && ask.is_users()
}

/// Every part of the path that is this becomes that.
fn rename(ask: &mut Ask, from: &str, to: &str) {
    let parts = ask.path.split('/');
    let parts: Vec<&str> = parts
        .map(|part| if part == from { to } else { part })
        .collect();
    ask.path = parts.join("/");
}

fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}

/// All of them, by what is wrong.
pub(crate) const MUTANTS: [&[Mutant]; 13] = [
    authentication::MUTANTS,
    changing::MUTANTS,
    creating::MUTANTS,
    domain_parts::MUTANTS,
    errors::MUTANTS,
    formats::MUTANTS,
    identity::MUTANTS,
    management::MUTANTS,
    passwords::MUTANTS,
    reading::MUTANTS,
    roles::MUTANTS,
    tokens::MUTANTS,
    whole_answers::MUTANTS,
];
