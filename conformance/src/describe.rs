//! `list` and `explain`: the cases as such.

use std::fmt::Write as _;

use bandwidth_fixtures::BehaviourId;

use crate::case::{Case, Need, Users};

/// The cases as `list` shows them.
pub fn list_text(cases: &[Case]) -> String {
    let width = cases.iter().map(|case| case.id.len()).max().unwrap_or(0);
    cases.iter().fold(String::new(), |text, case| {
        text + &format!("{:width$}  {:12}  {}\n", case.id, case.level, case.claim)
    })
}

/// A case as `explain` shows it.
pub fn explain_text(case: &Case) -> String {
    let mut text = format!(
        "{}\n  claim     {}\n  level     {}\n  source    {}\n",
        case.id, case.claim, case.level, case.source
    );
    let writing = (case.users != Users::None).then_some(Need::Writing);
    let needs = writing.iter().chain(case.needs);
    let needs: Vec<&str> = needs.map(|need| need.as_str()).collect();
    let needs = if needs.is_empty() {
        "nothing but a login".to_owned()
    } else {
        needs.join(", ")
    };
    let changes = if case.writes() {
        match case.users {
            Users::None => "tries to, but the user does not exist",
            Users::One => "one user of its own, which other cases may share",
            Users::Last | Users::Many => "creates users of its own, changes and deletes them",
        }
    } else {
        "nothing; it only reads"
    };
    let _ = writeln!(text, "  needs     {needs}\n  changes   {changes}");
    if !case.tags.is_empty() {
        let _ = writeln!(text, "  tags      {}", case.tags.join(", "));
    }
    for id in case
        .measures
        .iter()
        .filter_map(|id| id.parse::<BehaviourId>().ok())
    {
        let question = &id.behaviour().question;
        let _ = writeln!(text, "  measures  {id}: {question}");
    }
    for claim in &case.cites {
        let _ = writeln!(text, "  checks    {} ({})", claim.says, claim.source);
    }
    text
}
