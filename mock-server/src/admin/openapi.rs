//! The description of both APIs, in version 3.1 of the `OpenAPI` format.

mod emulated;
mod examples;
mod shapes;

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    extract::State,
    http::{HeaderMap, header::CONTENT_TYPE},
    response::IntoResponse,
};
use bandwidth_fixtures::{Consultation, NamedProfile};
use serde_json::{Map, Value, json};

use super::{PREFIX, authority, documented, guard};
use crate::app::App;

/// This description
///
/// The emulated API is described as the server's profile has it: its paths, statuses and names.
#[utoipa::path(get, path = "/openapi.json", tag = "server", responses((status = 200, body = Object)))]
pub async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> impl IntoResponse {
    let scheme = if app.settings.ca_pem.is_some() {
        "https"
    } else {
        "http"
    };
    let server = match authority(&headers) {
        Some(authority) => format!("{scheme}://{authority}"),
        None => "/".to_owned(),
    };
    let text = document(&app.profile(), &server).to_string();
    ([(CONTENT_TYPE, "application/json")], text)
}

/// The description of the control API and of the emulated one under a profile, of a server that
/// listens where it does by default.
pub fn json(profile: &NamedProfile) -> String {
    let document = document(profile, "http://127.0.0.1:8080");
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// The document: the control API from the router itself, the emulated API from its operations.
fn document(profile: &NamedProfile, server: &str) -> Value {
    let rules = Consultation::of(*profile.options());
    let (mut paths, mut schemas) = control();
    paths.extend(emulated::paths(&rules));
    let mut shapes = shapes::schemas(&rules);
    let named = names(&Value::from(paths.clone()), &Value::from(shapes.clone()));
    shapes.retain(|name, _| named.contains(name));
    schemas.extend(shapes);
    let mut schemes = taken(&mut schemes(server));
    schemes.retain(|name, _| {
        let needed = json!({ name: [] });
        let operations = paths
            .values()
            .filter_map(Value::as_object)
            .flat_map(Map::values);
        let mut needs = operations.filter_map(|operation| operation["security"].as_array());
        needs.any(|needs| needs.contains(&needed))
    });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "bandwidth-mock",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "An emulator of Bandwidth's user-management API under the profile `{}`, and the \
                 control API below {PREFIX}. Nothing here was tried on a real account. A request \
                 that has a key or an element that is not described is refused, unless \
                 `user.unknown_fields` says otherwise. Send `Accept: application/json` for JSON.",
                profile.name()
            ),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": server }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": schemes,
        },
    })
}

/// The authentication schemes.
fn schemes(server: &str) -> Value {
    json!({
        "basic": { "type": "http", "scheme": "basic" },
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token of POST /api/v1/oauth2/token.",
        },
        "oauth2": {
            "type": "oauth2",
            "flows": { "clientCredentials": {
                "tokenUrl": format!("{}/api/v1/oauth2/token", server.trim_end_matches('/')),
                "scopes": {},
            } },
        },
        "adminToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "The token of the control API, where it has one.",
        },
    })
}

/// The paths and schemas of the control API.
fn control() -> (Map<String, Value>, Map<String, Value>) {
    // The description is fixed at build time.
    let mut document = serde_json::to_value(documented()).unwrap_or_default();
    let mut schemas = taken(&mut document["components"]["schemas"]);
    let mut paths = Map::new();
    for (path, mut item) in taken(&mut document["paths"]) {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            operation["operationId"] = operation_id(method, &path).into();
            complete(operation, &path);
        }
        paths.insert(format!("{PREFIX}{path}"), item);
    }
    let sent: Vec<&Value> = paths
        .values()
        .filter_map(Value::as_object)
        .flat_map(Map::values)
        .map(|operation| &operation["requestBody"])
        .collect();
    let bodies = Value::from(schemas.clone());
    let sent: BTreeSet<String> = sent.iter().flat_map(|body| names(body, &bodies)).collect();
    for (name, schema) in &mut schemas {
        if sent.contains(name) {
            without_null(schema);
        }
        open(schema);
    }
    (paths, schemas)
}

fn taken(value: &mut Value) -> Map<String, Value> {
    match value.take() {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// `admin_put_account_profile`: unique, since path and method are.
fn operation_id(method: &str, path: &str) -> String {
    let mut words = vec!["admin", method];
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (index, segment) in segments.iter().enumerate() {
        let next = segments.get(index + 1);
        match (segment.starts_with('{'), next) {
            (true, _) => {}
            // One of them.
            (false, Some(next)) if next.starts_with('{') => {
                words.push(segment.trim_end_matches('s'));
            }
            (false, _) => words.push(segment.split('.').next().unwrap_or_default()),
        }
    }
    words.join("_")
}

/// Adds what every operation has.
fn complete(operation: &mut Value, path: &str) {
    let optional = json!([{ "adminToken": [] }, {}]);
    let needs_token = guard::needs_token(path);
    operation["security"] = if needs_token { optional } else { json!([]) };
    if let Some(body) = operation.get_mut("requestBody") {
        for (_, content) in body["content"].as_object_mut().into_iter().flatten() {
            without_null(&mut content["schema"]);
        }
    }
    let mut errors = vec![("403", "A web page of another origin asks.")];
    if needs_token {
        errors.push(("401", "The token is missing."));
    }
    if operation.get("requestBody").is_some() {
        errors.push(("400", "The body is not of the right form."));
        errors.push(("413", "The body is too large."));
    }
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    for (status, description) in errors {
        responses.entry(status).or_insert_with(|| {
            let schema = shapes::reference("AdminError");
            json!({
                "description": description,
                "content": { "application/json": { "schema": schema } },
            })
        });
    }
    for (status, response) in responses {
        if response["description"].as_str().is_none_or(str::is_empty) {
            let words = if status.starts_with('2') {
                "Done"
            } else {
                "Refused"
            };
            response["description"] = words.into();
        }
    }
}

/// A key that a client leaves out is not null.
fn without_null(schema: &mut Value) {
    if let Some(choices) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| choice["type"] != "null");
        if choices.len() == 1 {
            *schema = choices.remove(0);
        }
    }
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|name| name != "null");
        if types.len() == 1 {
            schema["type"] = types.remove(0);
        }
    }
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|value| !value.is_null());
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(Map::values_mut) {
        without_null(property);
    }
}

/// Says which keys there are in a way that generators do not turn into maps.
fn open(schema: &mut Value) {
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        let keys: Vec<String> = schema["properties"]
            .as_object()
            .into_iter()
            .flat_map(|properties| properties.keys().cloned())
            .collect();
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("additionalProperties");
            schema.insert("propertyNames".to_owned(), json!({ "enum": keys }));
        }
    }
}

/// The names of the schemas that a value leads to.
fn names(value: &Value, schemas: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(fields) => {
                let reference = fields.get("$ref").and_then(Value::as_str);
                if let Some(name) = reference.and_then(|text| text.rsplit('/').next())
                    && found.insert(name.to_owned())
                {
                    pending.push(&schemas[name]);
                }
                pending.extend(fields.values());
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    found
}
