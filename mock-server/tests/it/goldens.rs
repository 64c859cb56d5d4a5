//! Every golden exchange, byte for byte, each against a server of its own.

use std::collections::BTreeSet;

use bandwidth_fixtures::{
    Golden, NamedProfile, Seed, error_codes,
    golden::{Message, missing},
    goldens,
};
use bandwidth_mock::{MockServer, Operation};

use crate::wire::{Reply, send};

fn exchange(golden: &Golden) -> Reply {
    let mut profile = NamedProfile::built_in(&golden.profile).unwrap();
    profile.set(golden.set.iter().map(String::as_str)).unwrap();
    let seed = Seed::built_in(&golden.seed).unwrap();
    let mut builder = MockServer::builder().profile(profile).seed(seed);
    for fault in &golden.faults {
        builder = builder.fault(fault);
    }
    let server = builder.start_blocking().unwrap();
    for request in &golden.before {
        send(&server, &request.to_bytes());
    }
    send(&server, &golden.request.to_bytes())
}

fn difference(reply: &Reply, expected: &Message) -> Option<String> {
    let status_line = reply.head.lines().next().unwrap_or("");
    if status_line != expected.start {
        return Some(format!(
            "status line `{status_line}`, expected `{}`",
            expected.start
        ));
    }
    for (name, value) in &expected.headers {
        if !reply.header(name).contains(&value.as_str()) {
            return Some(format!("no header `{name}: {value}` in\n{}", reply.head));
        }
    }
    (reply.body != expected.body)
        .then(|| format!("body\n{}\nexpected\n{}", reply.body, expected.body))
}

#[test]
fn every_golden_is_answered_byte_for_byte() {
    let wrong: Vec<String> = goldens()
        .iter()
        .filter_map(|golden| {
            let difference = difference(&exchange(golden), &golden.response)?;
            Some(format!("{}: {difference}", golden.id))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_operation_and_every_error_has_its_goldens_or_a_reason() {
    let of_operations = Operation::ALL
        .iter()
        .flat_map(|operation| ["json", "xml"].map(|format| format!("{operation}/{format}")));
    let names = error_codes().iter().filter_map(|row| row.name.as_deref());
    let of_errors = names.map(|name| format!("errors/{name}"));
    let expected: BTreeSet<String> = of_operations.chain(of_errors).collect();
    let is_there = |id: &String| {
        let golden = goldens().iter().find(|golden| golden.id == *id);
        golden.is_some_and(|golden| golden.profile == "guide" || id.starts_with("errors/"))
    };
    let absent: BTreeSet<&String> = expected.iter().filter(|id| !is_there(id)).collect();
    let reasons = missing();
    assert_eq!(
        absent,
        reasons.keys().collect(),
        "goldens that are not there, and those that fixtures/golden/missing.toml gives a reason for"
    );
    assert!(reasons.values().all(|reason| !reason.is_empty()));
}
