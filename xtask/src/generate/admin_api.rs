//! `docs/reference/admin-api.md`: the control API, from the description that the mock serves.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use bandwidth_fixtures::NamedProfile;
use serde_json::{Map, Value};

use super::markdown::{code, codes, head, sentence, table};

const PREFIX: &str = "/__admin";

pub(super) fn page() -> Result<String> {
    let document: Value = serde_json::from_str(&description("guide")?)
        .context("the mock's OpenAPI description cannot be read")?;
    let mut text = head("Control API", "the mock's OpenAPI description");
    text += "Everything below `/__admin` is JSON, apart from the emulated API. \
             `GET /__admin/openapi.json` describes both for programs, under the server's profile; \
             [openapi.json](openapi.json) and [openapi-published.json](openapi-published.json) \
             have the built-in profiles. [Control a running mock](../how-to/control-a-running-mock.md) has examples.\n\n\
             On an address other than loopback, or with `--admin-token`, every request except \
             for `health`, `ready` and the inspector's page needs `Authorization: Bearer TOKEN`, \
             or gets 401. A web page of another origin gets 403, a body of the wrong form 400, and a \
             body that is too large 413. These four are left out below. Every error is an [AdminError](#adminerror).\n\n";
    for tag in tags(&document) {
        let _ = writeln!(text, "## {}\n", capitalised(tag));
        for (path, method, operation) in operations(&document) {
            if tag_of(operation) == tag {
                text += &section(path, method, operation);
            }
        }
    }
    text += "## Bodies\n\n";
    let schemas = document["components"]["schemas"].as_object();
    // Those of the emulated API say how they are written as XML.
    let own = schemas
        .into_iter()
        .flatten()
        .filter(|(_, schema)| schema.get("xml").is_none());
    for (name, schema) in own {
        text += &body(name, schema);
    }
    Ok(text.trim_end().to_owned() + "\n")
}

/// The description under a built-in profile.
pub(super) fn description(profile: &str) -> Result<String> {
    let profile = NamedProfile::built_in(profile);
    Ok(bandwidth_mock::openapi(
        &profile.context("there is no such profile")?,
    ))
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .filter(|(path, _)| path.starts_with(PREFIX))
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
}

fn tag_of(operation: &Value) -> &str {
    operation["tags"][0].as_str().unwrap_or("server")
}

fn tags(document: &Value) -> Vec<&str> {
    let mut tags = Vec::new();
    for (_, _, operation) in operations(document) {
        let tag = tag_of(operation);
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

fn section(path: &str, method: &str, operation: &Value) -> String {
    let mut text = format!("### {} {path}\n\n", method.to_uppercase());
    for key in ["summary", "description"] {
        if let Some(words) = operation[key].as_str() {
            let _ = writeln!(text, "{}\n", sentence(words));
        }
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    text += &table(
        ["parameter", "in", "type", "meaning"],
        parameters.map(|parameter| {
            [
                code(words(&parameter["name"])),
                words(&parameter["in"]).to_owned(),
                type_of(&parameter["schema"]),
                sentence(words(&parameter["description"])),
            ]
        }),
    );
    if let Some(content) = operation["requestBody"]["content"].as_object() {
        let required = operation["requestBody"]["required"] == Value::Bool(true);
        let types: Vec<String> = content
            .values()
            .map(|body| type_of(&body["schema"]))
            .collect();
        let optional = if required { "" } else { ", or none" };
        let _ = writeln!(text, "Body: {}{optional}.\n", types.join(", "));
    }
    text + &answers(&operation["responses"])
}

/// The answers, without those that every operation has.
fn answers(responses: &Value) -> String {
    let responses = responses.as_object().into_iter().flatten();
    let own = responses.filter(|(status, response)| {
        let everywhere = match status.as_str() {
            "401" | "403" | "413" => true,
            "400" => words(&response["description"]) == "The body is not of the right form.",
            _ => false,
        };
        !everywhere
    });
    table(
        ["status", "body", "meaning"],
        own.map(|(status, response)| {
            let content = response["content"].as_object().into_iter().flatten();
            let bodies: Vec<String> = content
                .map(|(media, body)| match media.as_str() {
                    "application/json" => type_of(&body["schema"]),
                    other => code(other),
                })
                .collect();
            let meaning = match words(&response["description"]) {
                "Done" | "Refused" => String::new(),
                words => sentence(words),
            };
            [status.clone(), bodies.join(", "), meaning]
        }),
    )
}

fn body(name: &str, schema: &Value) -> String {
    let mut text = format!("### {name}\n\n");
    if let Some(words) = schema["description"].as_str() {
        let _ = writeln!(text, "{}\n", sentence(words));
    }
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if properties.is_empty() {
        let _ = writeln!(text, "{}\n", type_of(schema));
    }
    text + &table(
        ["field", "type", "meaning"],
        properties.iter().map(|(field, schema)| {
            let optional = if required.contains(&field.as_str()) {
                ""
            } else {
                ", may be absent"
            };
            [
                code(field),
                type_of(schema) + optional,
                sentence(words(&schema["description"])),
            ]
        }),
    )
}

/// Describes a schema in a few words.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(schemas) = schema[key].as_array() {
            return alternatives(schemas);
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        return codes(values.iter().filter_map(Value::as_str));
    }
    if let Some(value) = schema["const"].as_str() {
        return code(value);
    }
    match &schema["type"] {
        Value::Array(types) => {
            let types = types.iter().filter_map(Value::as_str);
            types
                .filter(|name| *name != "null")
                .collect::<Vec<_>>()
                .join(" or ")
        }
        Value::String(name) if name == "array" => format!("list of {}", type_of(&schema["items"])),
        Value::String(name) => name.clone(),
        _ => "any JSON".to_owned(),
    }
}

fn alternatives(schemas: &[Value]) -> String {
    let types = schemas.iter().filter(|schema| schema["type"] != "null");
    types.map(type_of).collect::<Vec<_>>().join(" or ")
}

fn words(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}
