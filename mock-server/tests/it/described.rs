//! Every golden is as the description of its profile says: paths, statuses and bodies.

use std::collections::BTreeMap;

use bandwidth_fixtures::{Golden, NamedProfile, golden::Message, goldens};
use serde_json::{Value, json};

/// An element of XML that has no attributes.
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The first element of a text, and what follows it.
    fn parse(text: &str) -> (Self, &str) {
        let (tag, mut rest) = text.trim_start()[1..].split_once('>').unwrap();
        let name = tag.trim_end_matches('/').to_owned();
        let mut element = Self {
            name,
            text: String::new(),
            children: Vec::new(),
        };
        if tag.ends_with('/') {
            return (element, rest);
        }
        loop {
            let (before, after) = rest.split_at(rest.find('<').unwrap());
            element.text += before;
            if let Some(end) = after.strip_prefix("</") {
                return (element, end.split_once('>').unwrap().1);
            }
            let (child, after) = Self::parse(after);
            element.children.push(child);
            rest = after;
        }
    }

    fn document(body: &str) -> Self {
        let body = body
            .strip_prefix("<?xml")
            .map_or(body, |rest| rest.split_once("?>").unwrap().1);
        Self::parse(body).0
    }
}

struct Description(Value);

impl Description {
    fn of(golden: &Golden) -> Self {
        let mut profile = NamedProfile::built_in(&golden.profile).unwrap();
        profile.set(golden.set.iter().map(String::as_str)).unwrap();
        Self(serde_json::from_str(&bandwidth_mock::openapi(&profile)).unwrap())
    }

    /// The operation of a request, unless its path is described below another base or is unknown.
    fn operation(&self, request: &Message) -> Option<&Value> {
        let (method, path) = request.method_and_path();
        let path = path.split('?').next().unwrap();
        let fits = |template: &str| {
            let (segments, parts) = (template.split('/'), path.split('/'));
            segments.clone().count() == parts.clone().count()
                && segments
                    .zip(parts)
                    .all(|(segment, part)| segment == part || segment.starts_with('{'))
        };
        let paths = self.0["paths"].as_object().unwrap();
        let mut fitting: Vec<_> = paths
            .iter()
            .filter(|(template, _)| fits(template))
            .collect();
        // A literal segment wins.
        fitting.sort_by_key(|(template, _)| template.matches('{').count());
        let (_, item) = fitting.first()?;
        item.get(method.to_ascii_lowercase())
    }

    fn resolved<'d>(&'d self, schema: &'d Value) -> &'d Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.0.pointer(reference.trim_start_matches('#')).unwrap(),
            None => schema,
        }
    }

    /// Parts of a JSON value that its schema does not allow.
    fn json(&self, place: &str, value: &Value, schema: &Value, wrong: &mut Vec<String>) {
        let schema = self.resolved(schema);
        if *schema == json!({}) {
            return;
        }
        let fits = match schema["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => value.is_u64(),
            _ => false,
        };
        if !fits {
            wrong.push(format!("{place} is not {schema}"));
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.json(&format!("{place}[{index}]"), item, &schema["items"], wrong);
        }
        for (key, value) in value.as_object().into_iter().flatten() {
            match schema["properties"].get(key) {
                Some(schema) => self.json(&format!("{place}.{key}"), value, schema, wrong),
                None => wrong.push(format!("{place}.{key} is not described")),
            }
        }
        for key in schema["required"].as_array().into_iter().flatten() {
            if value.get(key.as_str().unwrap()).is_none() {
                wrong.push(format!("{place} lacks {key}"));
            }
        }
    }

    /// The same of an element.
    fn xml(&self, place: &str, element: &Element, schema: &Value, wrong: &mut Vec<String>) {
        let schema = self.resolved(schema);
        match schema["type"].as_str() {
            Some("object") => {}
            Some("array") => {
                let items = self.resolved(&schema["items"]);
                for child in &element.children {
                    if items["xml"]["name"] != child.name.as_str() {
                        wrong.push(format!("{place}.{} is not an item", child.name));
                    }
                    self.xml(&format!("{place}[]"), child, items, wrong);
                }
                return;
            }
            None if schema == &json!({}) => return,
            kind => {
                let fits = match kind {
                    Some("string") => true,
                    Some("boolean") => matches!(&*element.text, "true" | "false"),
                    Some("integer") => element.text.parse::<u64>().is_ok(),
                    _ => false,
                };
                if !fits || !element.children.is_empty() {
                    wrong.push(format!("{place} is not {schema}"));
                }
                return;
            }
        }
        let properties = schema["properties"].as_object().unwrap();
        let named = |key: &str, property: &Value| {
            let own = &self.resolved(property)["xml"]["name"];
            own.as_str().unwrap_or(key).to_owned()
        };
        for child in &element.children {
            let property = properties
                .iter()
                .find(|(key, property)| named(key, property) == child.name);
            let place = format!("{place}.{}", child.name);
            match property {
                None => wrong.push(format!("{place} is not described")),
                Some((_, list)) if list["type"] == "array" && list["xml"]["wrapped"] != true => {
                    self.xml(&place, child, &list["items"], wrong);
                }
                Some((_, property)) => self.xml(&place, child, property, wrong),
            }
        }
        for key in schema["required"].as_array().into_iter().flatten() {
            let key = key.as_str().unwrap();
            let name = named(key, &properties[key]);
            if element.children.iter().all(|child| child.name != name) {
                wrong.push(format!("{place} lacks {name}"));
            }
        }
    }

    /// Parts of a message that the description does not have.
    fn message(&self, place: &str, message: &Message, content: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        let Some(kind) = message
            .header("content-type")
            .filter(|_| !message.body.is_empty())
        else {
            return wrong;
        };
        let schema = &content[kind]["schema"];
        match kind {
            "application/json" => {
                let body = serde_json::from_str(&message.body).unwrap();
                self.json(place, &body, schema, &mut wrong);
            }
            "application/xml" => {
                self.xml(place, &Element::document(&message.body), schema, &mut wrong);
            }
            _ => {}
        }
        wrong
    }
}

#[test]
fn every_golden_is_as_described() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    let mut known = BTreeMap::new();
    for golden in goldens() {
        let profile = (&golden.profile, &golden.set);
        let description = known
            .entry(profile)
            .or_insert_with(|| Description::of(golden));
        let Some(operation) = description.operation(&golden.request) else {
            continue;
        };
        let status = golden.response.status().unwrap();
        // A fault returns what it is asked to.
        if !golden.faults.is_empty() {
            continue;
        }
        seen += 1;
        let mut here = match operation["responses"].get(status.to_string()) {
            Some(response) => description.message("answer", &golden.response, &response["content"]),
            None => vec![format!("{status} is not described")],
        };
        if status < 300 {
            let content = &operation["requestBody"]["content"];
            here.extend(description.message("request", &golden.request, content));
        }
        wrong.extend(
            here.into_iter()
                .map(|what| format!("{}: {what}", golden.id)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 100, "{seen}");
}
