//! Every behaviour has a case, or a reason why there is none.

use std::collections::BTreeSet;

use bandwidth_conformance::registry::cases;
use bandwidth_fixtures::BehaviourId;

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
