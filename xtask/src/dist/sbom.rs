//! Software bill of materials of the programs, as `CycloneDX` 1.6, for vulnerability scanners.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};

use super::{PROGRAMS, third_party::Crate};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The file's text. It has no date and no serial number, so that the same programs give the same file.
pub(super) fn text(crates: &BTreeSet<Crate>) -> Result<String> {
    let bom = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": {
            "type": "application",
            "bom-ref": "bandwidth-mock",
            "name": "bandwidth-mock",
            "version": VERSION,
            "description": format!("The programs {}", PROGRAMS.join(" and ")),
            "licenses": [{ "expression": "MIT OR Apache-2.0" }],
        }},
        "components": crates.iter().map(component).collect::<Vec<Value>>(),
    });
    Ok(serde_json::to_string_pretty(&bom)? + "\n")
}

fn component(linked: &Crate) -> Value {
    let purl = format!("pkg:cargo/{}@{}", linked.name, linked.version);
    json!({
        "type": "library",
        "bom-ref": purl,
        "name": linked.name,
        "version": linked.version,
        // Some crates still write `MIT/Apache-2.0`, which SPDX does not know.
        "licenses": [{ "expression": linked.licence.replace('/', " OR ") }],
        "purl": purl,
        "externalReferences": [{ "type": "vcs", "url": linked.source }],
    })
}
