//! The cases as such: their ids, claims and sources.

use std::collections::HashSet;

use bandwidth_conformance::{
    case::Level,
    claims, explain_text, list_text,
    registry::{Selection, cases, find},
};

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
            "{} stands there twice",
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
fn every_claim_is_checked_by_cases_that_exist_or_says_why_not() {
    let cases = cases();
    for claim in claims::all() {
        let says = &claim.says;
        assert_eq!(claim.cases.is_empty(), claim.unchecked.is_some(), "{says}");
        assert!(!claim.source.is_empty(), "{says}");
        for id in &claim.cases {
            let beginning = id.trim_end_matches('*');
            let known = cases.iter().any(|case| case.id.starts_with(beginning));
            assert!(known, "{says}: there is no case {id}");
        }
    }
}

#[test]
fn every_documented_case_checks_a_claim() {
    let stray: Vec<String> = cases()
        .iter()
        .filter(|case| case.level == Level::Documented)
        .filter(|case| {
            !claims::all()
                .iter()
                .any(|claim| claim.is_checked_by(&case.id))
        })
        .map(|case| case.id.to_string())
        .collect();
    assert_eq!(
        stray, [""; 0],
        "which sentence of which source do they check?"
    );
}

/// An id never means something else later: one that is gone here must not come back for another
/// claim, so taking one off this list is a decision.
#[test]
fn no_id_is_lost_or_renamed_unnoticed() {
    let ids: Vec<String> = cases().iter().map(|case| case.id.to_string()).collect();
    insta::assert_snapshot!(ids.join("\n"));
}
