//! Every behaviour has a use in the emulator, and a case or a reason why there is none.

use std::{collections::BTreeSet, fs, path::Path};

use bandwidth_conformance::registry::cases;
use bandwidth_fixtures::BehaviourId;

/// The text of all Rust files below `folder`.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text += &fs::read_to_string(&path).unwrap();
        }
    }
    text
}

#[test]
fn every_behaviour_is_used_by_the_emulator() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../mock-server/src"));
    let unused: Vec<&str> = BehaviourId::all()
        .filter(|id| !sources.contains(&format!(".{}()", id.as_str().replace('.', "_"))))
        .map(BehaviourId::as_str)
        .collect();
    assert!(unused.is_empty(), "nothing asks for {unused:?}");
}

#[test]
fn every_behaviour_is_measured_or_listed_with_a_reason() {
    let measured: BTreeSet<&str> = cases()
        .iter()
        .flat_map(|case| case.measures)
        .copied()
        .collect();
    for id in &measured {
        assert!(id.parse::<BehaviourId>().is_ok(), "{id} is no behaviour");
    }
    for id in BehaviourId::all() {
        match (measured.contains(id.as_str()), id.behaviour().unmeasured) {
            (true, Some(_)) => panic!("a case measures {id}; its row says `unmeasured`"),
            (false, None) => panic!("no case measures {id}, and its row does not say why"),
            (false, Some(why)) => assert!(!why.is_empty(), "{id} has no reason"),
            (true, None) => {}
        }
    }
}
