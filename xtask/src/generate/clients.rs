//! Response types of the control API for the Java and Go clients.

mod go;
mod java;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::admin_api;

/// The types that the clients return. Types that these refer to are written too.
const ROOTS: [&str; 6] = [
    "AccountView",
    "Assumptions",
    "FaultView",
    "ProfileView",
    "RecordedRequest",
    "Sequence",
];

/// The operations of the emulated API: a property of this schema names them all.
const OPERATIONS: (&str, &str) = ("Pattern", "operation");

/// The types by their names.
type Types = BTreeMap<String, Type>;

/// A type of the control API.
struct Type {
    doc: String,
    shape: Shape,
}

enum Shape {
    Fields(Vec<Field>),
    /// The values of an enumeration.
    Values(Vec<String>),
}

struct Field {
    /// On the wire.
    key: String,
    doc: String,
    kind: Kind,
    /// True if the mock may send null.
    nullable: bool,
}

#[derive(Debug, PartialEq)]
enum Kind {
    Text,
    Integer,
    /// An integer of 32 bits: a status.
    Status,
    Number,
    Boolean,
    /// Any JSON value.
    Any,
    List(Box<Kind>),
    /// An object whose keys are not known.
    Map(Box<Kind>),
    Named(String),
}

pub(super) fn files() -> Result<[(&'static str, String); 3]> {
    let document: Value = serde_json::from_str(&admin_api::description("guide")?)?;
    let schemas = &document["components"]["schemas"];
    let mut types = Types::new();
    let mut pending: Vec<String> = ROOTS.map(str::to_owned).into();
    while let Some(name) = pending.pop() {
        if !types.contains_key(&name) {
            let read = read(&schemas[&name], &mut pending);
            types.insert(name.clone(), read.context(name)?);
        }
    }
    let (schema, property) = OPERATIONS;
    let operations = values(&schemas[schema]["properties"][property])
        .context("the description does not name the operations")?;
    Ok([
        (
            "mock-server/clients/java/client/src/main/java/bandwidthmock/ControlApi.java",
            java::types(&types),
        ),
        (
            "mock-server/clients/java/client/src/main/java/bandwidthmock/Operation.java",
            java::operations(&operations),
        ),
        (
            "mock-server/clients/go/types.go",
            go::types(&types, &operations),
        ),
    ])
}

fn read(schema: &Value, pending: &mut Vec<String>) -> Result<Type> {
    let doc = text(schema);
    if let Some(values) = values(schema) {
        let shape = Shape::Values(values);
        return Ok(Type { doc, shape });
    }
    let properties = schema["properties"].as_object();
    let required = schema["required"].as_array();
    let fields = properties.context("it has no properties")?.iter();
    let fields = fields.map(|(key, schema)| {
        let present = present(schema);
        let is_required = required.is_some_and(|required| required.iter().any(|name| name == key));
        Ok(Field {
            key: key.clone(),
            doc: if schema["description"].is_string() {
                text(schema)
            } else {
                text(&present)
            },
            kind: kind(&present, pending).with_context(|| key.clone())?,
            nullable: present != *schema || !is_required,
        })
    });
    let shape = Shape::Fields(fields.collect::<Result<_>>()?);
    Ok(Type { doc, shape })
}

/// The schema of what a property is when it is not null.
fn present(schema: &Value) -> Value {
    let is_null = |schema: &Value| schema["type"] == "null";
    if let Some(several) = schema["oneOf"].as_array() {
        let mut present = several.iter().filter(|schema| !is_null(schema));
        if let (Some(only), None) = (present.next(), present.next()) {
            return only.clone();
        }
    }
    let mut schema = schema.clone();
    if let Some(types) = schema["type"].as_array()
        && let Some(name) = types.iter().find(|name| *name != "null")
    {
        schema["type"] = name.clone();
    }
    schema
}

fn kind(schema: &Value, pending: &mut Vec<String>) -> Result<Kind> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        pending.push(name.to_owned());
        return Ok(Kind::Named(name.to_owned()));
    }
    let mut inner = |schema: &Value| kind(schema, pending).map(Box::new);
    Ok(match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), _) => Kind::Text,
        (Some("integer"), Some("int32")) => Kind::Status,
        (Some("integer"), _) => Kind::Integer,
        (Some("number"), _) => Kind::Number,
        (Some("boolean"), _) => Kind::Boolean,
        (Some("array"), _) => Kind::List(inner(&schema["items"])?),
        (Some("object"), _) => Kind::Map(match &schema["additionalProperties"] {
            Value::Object(_) => inner(&schema["additionalProperties"])?,
            _ => Box::new(Kind::Any),
        }),
        (None, _) => Kind::Any,
        (Some(other), _) => bail!("a {other} has no type in Java and Go yet"),
    })
}

fn values(schema: &Value) -> Option<Vec<String>> {
    let values = schema["enum"].as_array()?.iter();
    values
        .map(|value| value.as_str().map(str::to_owned))
        .collect()
}

/// The description in one line.
fn text(schema: &Value) -> String {
    let words = schema["description"].as_str().unwrap_or_default();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
