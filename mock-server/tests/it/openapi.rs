//! The description of the APIs is what the server does.

use std::collections::BTreeSet;

use bandwidth_fixtures::operation::Action;
use bandwidth_mock::MockServer;
use serde_json::{Value, json};

use crate::{
    control::ok,
    wire::{LOGIN, USERS, call, guide, request, send, server},
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
    for update in ["management.update=put", "management.update=patch"] {
        let server = everywhere(update);
        let document = ok(&server, "GET", "/openapi.json", "");
        let version = document["openapi"].as_str().unwrap();
        assert!(version.starts_with("3.1"), "{version}");
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in METHODS {
                let operation = item.get(method.to_ascii_lowercase());
                if path == "/__admin/shutdown" && method == "POST" {
                    assert!(operation.is_some());
                    continue;
                }
                // Some of these delete what others need.
                ok(&server, "POST", "/reset", "");
                let status = send(&server, &request(method, &filled(path), LOGIN, "")).status;
                assert_eq!(status != 405, operation.is_some(), "{method} {path}");
                if let Some(operation) = operation {
                    assert!(
                        operation["responses"].get(status.to_string()).is_some(),
                        "{method} {path}: {status} is not described"
                    );
                }
            }
        }
    }
}

/// The ids of the described operations.
fn ids(server: &MockServer) -> Vec<String> {
    let document = ok(server, "GET", "/openapi.json", "");
    let items = document["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().values());
    operations
        .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_operation_is_described_once() {
    let mut described = BTreeSet::new();
    for update in ["management.update=put", "management.update=patch"] {
        let ids = ids(&everywhere(update));
        let different: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(different.len(), ids.len(), "{ids:?}");
        described.extend(ids.into_iter().filter(|id| !id.starts_with("admin_")));
    }
    let all = Action::ALL.map(|action| action.as_str().to_owned());
    assert_eq!(described, all.into());
}

#[test]
fn what_a_profile_does_not_serve_is_not_described() {
    let emulated = ids(&guide())
        .into_iter()
        .filter(|id| !id.starts_with("admin_"));
    let own: BTreeSet<String> = emulated.collect();
    let account = [
        "list_users",
        "get_user",
        "create_user",
        "update_user",
        "delete_user",
        "list_roles",
    ];
    assert_eq!(own, account.map(str::to_owned).into());
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

/// A body that is described for the profile is taken by it.
#[test]
fn the_example_of_a_create_is_taken_under_each_way_to_write_a_body() {
    for set in [
        "format.json_null=absent",
        "naming.json_case=camelCase",
        "role.request_field=RoleIds",
        "user.account_id=required",
        "user.request_root=wrapped",
    ] {
        for media in ["application/json", "application/xml"] {
            let server = guide();
            let (id, option) = set.split_once('=').unwrap();
            ok(
                &server,
                "PATCH",
                "/profile",
                &json!({ id: option }).to_string(),
            );
            let document = ok(&server, "GET", "/openapi.json", "");
            let create = &document["paths"]["/api/accounts/{accountId}/users"]["post"];
            let described = &create["requestBody"]["content"][media];
            let example = match &described["example"] {
                Value::String(xml) => xml.clone(),
                json => json.to_string(),
            };
            let headers = format!("Content-Type: {media}\r\n");
            let reply = call(&server, "POST", USERS, &headers, &example);
            assert_eq!(
                reply.status, 201,
                "{set} {media}: {example}: {}",
                reply.body
            );
            let schema = &described["schema"];
            let wrapped = schema["properties"].as_object().is_some();
            assert_eq!(wrapped, option == "wrapped", "{set} {media}: {schema}");
        }
    }
}
