//! Every golden exchange, byte for byte, each against a server of its own.

use bandwidth_fixtures::{
    Golden, NamedProfile, Operation, Seed, error_codes, golden::Message, goldens,
};
use bandwidth_mock::MockServer;

use crate::wire::{Reply, noon, send};

fn exchange(golden: &Golden) -> Reply {
    let mut profile = NamedProfile::built_in(&golden.profile).unwrap();
    profile.set(golden.set.iter().map(String::as_str)).unwrap();
    let seed = Seed::built_in(&golden.seed).unwrap();
    let builder = MockServer::builder().profile(profile).seed(seed);
    let mut builder = builder.clock(noon());
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
    (!expected.has_body(&reply.body))
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
fn every_error_that_the_emulator_knows_has_a_golden() {
    // It takes half a minute to get, so the test of slow bodies has its bytes.
    let elsewhere = ["body_too_slow"];
    let names = error_codes().iter().filter_map(|row| row.name);
    for name in names.filter(|name| !elsewhere.contains(name)) {
        let id = format!("errors/{name}");
        assert!(
            goldens().iter().any(|golden| golden.id == id),
            "there is no golden {id}"
        );
    }
}

#[test]
fn every_operation_has_the_goldens_of_its_row() {
    for operation in Operation::ALL {
        for format in operation.goldens() {
            let id = format!("{operation}/{format}");
            let golden = goldens().iter().find(|golden| golden.id == id);
            assert!(
                golden.is_some_and(|golden| golden.profile == "guide"),
                "there is no golden {id}"
            );
        }
    }
}
