//! The cases as such: their ids, claims and sources.

use std::collections::HashSet;

use bandwidth_conformance::{
    case::{Case, Users, level_of},
    claims, explain_text, list_text,
    registry::{Selection, cases, find},
};
use bandwidth_fixtures::goldens;

#[test]
fn ids_are_unique_and_of_the_form_area_topic_claim() {
    let mut seen = HashSet::new();
    for case in cases() {
        let parts: Vec<&str> = case.id.split('.').collect();
        assert_eq!(parts.len(), 3, "{}", case.id);
        let letters = |part: &&str| {
            !part.is_empty()
                && part.bytes().all(|byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte)
                })
        };
        assert!(parts.iter().all(letters), "{}", case.id);
        assert!(
            seen.insert(case.id.to_string()),
            "{} is given twice",
            case.id
        );
    }
    assert!(seen.len() > 230, "cases are missing");
}

#[test]
fn every_case_says_what_it_claims_and_where_that_comes_from() {
    for case in cases() {
        assert!(!case.source.trim().is_empty(), "{}", case.id);
        assert!(
            case.claim.len() > 20 && !case.claim.contains('\n'),
            "{}",
            case.id
        );
    }
}

#[test]
fn the_list_has_a_line_per_case() {
    let selection = Selection {
        area: Some("delete".to_owned()),
        ..Selection::default()
    };
    insta::assert_snapshot!(list_text(&selection.choose(cases()).unwrap()));
}

#[test]
fn explaining_a_case_shows_all_that_is_known_of_it() {
    let explained: Vec<String> = [
        "create.password.weak-is-400",
        "update.omitted-last-name.follows-put-semantics",
        "list.users.are-listed",
        "golden.create_user.json",
    ]
    .map(|id| explain_text(&find(id).unwrap()))
    .into();
    insta::assert_snapshot!(explained.join("\n"));
}

#[test]
fn every_claim_is_cited_or_says_why_not() {
    let cases = cases();
    let mut keys = HashSet::new();
    for claim in claims::all() {
        let key = claim.key.as_str();
        assert!(keys.insert(key), "{key} is given twice");
        assert!(!claim.says.is_empty() && !claim.source.is_empty(), "{key}");
        let cited = cases
            .iter()
            .any(|case| case.cites.iter().any(|cited| cited.key == key));
        assert_eq!(cited, claim.unchecked.is_none(), "{key}");
        for pattern in &claim.goldens {
            let shown = goldens()
                .iter()
                .any(|golden| claims::matches(pattern, &golden.id));
            assert!(shown, "{key}: there is no golden {pattern}");
        }
    }
}

#[test]
fn the_level_of_a_case_that_is_written_by_hand_follows_from_what_it_cites() {
    for case in cases().iter().filter(|case| case.area() != "golden") {
        assert_eq!(case.level, level_of(&case.cites), "{}", case.id);
    }
}

/// A run on a real account shares its one user by this rule.
#[test]
fn one_case_deletes_the_user_that_others_share() {
    let cases = cases();
    let with = |users| cases.iter().filter(move |case| case.users == users);
    let last: Vec<&str> = with(Users::Last).map(|case| &*case.id).collect();
    assert_eq!(last, ["delete.then-get.follows-delete-effect"]);
    assert!(with(Users::One).count() > 60 && with(Users::None).count() > 50);
    let put: Vec<&str> = with(Users::One)
        .filter(|case| case.measures.contains(&"put.semantics"))
        .map(|case| &*case.id)
        .collect();
    let mut ordered: Vec<&Case> = with(Users::One).collect();
    ordered.sort_by_key(|case| case.turn());
    let first: Vec<&str> = ordered.iter().map(|case| &*case.id).collect();
    assert_eq!(first[..put.len()], put, "PUT semantics come first");
    assert_eq!(put.len(), 3, "{put:?}");
}
