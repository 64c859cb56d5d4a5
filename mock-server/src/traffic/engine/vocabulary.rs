//! The names of fields that the mock models. A server can have further fields: no option explains
//! them, and without them the rest of a response is still compared.

use std::{
    collections::{BTreeMap, HashSet},
    sync::LazyLock,
};

use bandwidth_fixtures::goldens;
use serde_json::Value;

use super::{
    meaning::{self, Meaning},
    subject::{Subject, account_of},
};
use crate::{
    codec::known_names,
    traffic::{Answer, Exchange},
};

/// The names of fields, and every name in the responses of the golden exchanges that the engine
/// follows, in lower case.
static NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut names: HashSet<String> = known_names().map(str::to_ascii_lowercase).collect();
    for golden in goldens() {
        let (method, path) = golden.request.method_and_path();
        let account = account_of(path).unwrap_or_default();
        if Subject::named(method, path, &account) != Subject::Unfollowed {
            collect(&meaning::tree(&golden.response.body), &mut names);
        }
    }
    names
});

/// The meaning of a response without the fields that the mock does not model, which are counted by
/// name. A name that the request has too stays: then the server repeats what it was sent.
pub(super) fn meaning(
    exchange: &Exchange,
    answer: &Answer,
    unmodelled: &mut BTreeMap<String, usize>,
) -> Meaning {
    let mut sent = HashSet::new();
    let body = String::from_utf8_lossy(&exchange.request_body);
    collect(&meaning::tree(&body), &mut sent);
    let headers = answer.headers.iter();
    let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
    Meaning::pruned(answer.status, headers, &answer.body, |tree| {
        prune(tree, &sent, unmodelled);
    })
}

fn collect(tree: &Value, names: &mut HashSet<String>) {
    match tree {
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(fields) => {
            for (name, value) in fields {
                names.insert(name.to_ascii_lowercase());
                collect(value, names);
            }
        }
        _ => {}
    }
}

fn prune(tree: &mut Value, sent: &HashSet<String>, unmodelled: &mut BTreeMap<String, usize>) {
    match tree {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| prune(item, sent, unmodelled)),
        Value::Object(fields) => {
            fields.retain(|name, _| {
                let lower = name.to_ascii_lowercase();
                let keeps = NAMES.contains(&lower) || sent.contains(&lower);
                if !keeps {
                    *unmodelled.entry(name.clone()).or_default() += 1;
                }
                keeps
            });
            let values = fields.values_mut();
            values.for_each(|value| prune(value, sent, unmodelled));
        }
        _ => {}
    }
}
