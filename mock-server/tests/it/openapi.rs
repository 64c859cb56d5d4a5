//! The description of the APIs is what the server does.

use std::collections::BTreeSet;

use bandwidth_fixtures::operation::Action;
use bandwidth_mock::MockServer;
use serde_json::Value;

use crate::{
    control::ok,
    wire::{LOGIN, guide, request, send, server},
};

const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "PATCH"];

/// A server that has every path, with that method for updates of today's API.
fn everywhere(update: &str) -> MockServer {
    let set = [
        "surface.login=served",
        "auth.schemes=basic_and_bearer",
        "surface.management=served",
        "surface.identity=served",
        "management.removal=deletes",
        update,
    ];
    server("guide", &set, "demo")
}

/// A path with its parameters filled in.
fn filled(path: &str) -> String {
    path.replace("{accountId}", "12345")
        .replace("{userId}", "u1")
        .replace("{username}", "api-user")
        .replace("{id}", "1")
}

#[test]
fn every_described_path_takes_the_described_methods_and_no_others() {
    let servers = ["management.update=put", "management.update=patch"].map(everywhere);
    let document = ok(&servers[0], "GET", "/openapi.json", "");
    assert!(
        document["openapi"].as_str().unwrap().starts_with("3.1"),
        "{document}"
    );
    let paths = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        for method in METHODS {
            let described = item.get(method.to_ascii_lowercase()).is_some();
            if path == "/__admin/shutdown" && method == "POST" {
                assert!(described);
                continue;
            }
            let replies = servers.iter().map(|server| {
                // Some of these delete what others need.
                ok(server, "POST", "/reset", "");
                send(server, &request(method, &filled(path), LOGIN, "")).status
            });
            let served: Vec<u16> = replies.filter(|status| *status != 405).collect();
            assert_eq!(!served.is_empty(), described, "{method} {path}");
            for status in served {
                let statuses = &item[method.to_ascii_lowercase()]["responses"];
                assert!(
                    statuses.get(status.to_string()).is_some(),
                    "{method} {path}: {status} is not described"
                );
            }
        }
    }
}

#[test]
fn every_operation_is_described() {
    let document = ok(&guide(), "GET", "/openapi.json", "");
    let paths = document["paths"].as_object().unwrap();
    let emulated = paths
        .iter()
        .filter(|(path, _)| !path.starts_with("/__admin"));
    let described: BTreeSet<&str> = emulated
        .flat_map(|(_, item)| item.as_object().unwrap().values())
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    assert_eq!(described, Action::ALL.map(Action::as_str).into());
}

#[test]
fn every_reference_leads_somewhere() {
    let server = guide();
    let document = ok(&server, "GET", "/openapi.json", "");
    let mut pending = vec![&document];
    let mut references = 0;
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(reference)) = object.get("$ref") {
                    references += 1;
                    let pointer = reference.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                pending.extend(object.values());
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    assert!(references > 50, "{references}");
}
