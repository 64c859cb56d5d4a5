//! What a run must never do: change users of others, leave its own behind, or call an outage a
//! failure.

use bandwidth_conformance::{
    context::Context,
    outcome::{Stop, Verdict},
    registry::cases,
    transport::Request,
    wire::{Draft, Format},
};

use crate::against::{profile, run_of, run_on, server, wait};

/// Names of the users that the target lists.
async fn usernames(cx: &mut Context) -> Vec<String> {
    let users = cx.list(Format::Xml).await.unwrap().users().unwrap();
    users.into_iter().filter_map(|user| user.username).collect()
}

#[test]
fn a_user_of_somebody_else_is_never_changed_or_deleted() {
    let server = server(profile("guide", &[]), &[]);
    let run = run_of(&server, profile("guide", &[]));
    let mut cx = Context::new(run.clone());
    wait(async {
        let draft = Draft::default().with("FirstName", "Robin");
        let update = cx.put("u1", &draft, Format::Xml).await;
        let delete = cx.delete("u1", Format::Xml).await;
        for stop in [update.map(drop), delete.map(drop)] {
            assert!(matches!(stop, Err(Stop::Error(_))), "{stop:?}");
        }
    });
    assert_eq!(run.requests(), 0);
}

#[test]
fn a_user_whose_create_was_never_answered_is_found_by_its_name_and_removed() {
    let server = server(profile("guide", &[]), &[]);
    let run = run_of(&server, profile("guide", &[]));
    let mut cx = Context::new(run.clone());
    wait(async {
        let draft = cx.draft();
        run.ledger().sent(draft.text("Username"));
        let create = Request::new("POST", run.users_path())
            .header("Authorization", run.authorization())
            .header("Content-Type", "application/xml")
            .body(draft.body(run.profile(), Format::Xml));
        assert_eq!(run.send(&create).await.unwrap().status, 201);
        // One that never arrived is in the ledger too.
        run.ledger().sent(&run.fresh_username());
        assert_eq!(usernames(&mut cx).await.len(), 2);
        assert_eq!(run.clean_up().await, [""; 0]);
        assert_eq!(usernames(&mut cx).await, ["jdoe"]);
    });
}

#[test]
fn every_run_leaves_the_users_as_they_were() {
    let server = server(profile("guide", &[]), &[]);
    let expected = profile("guide", &[]);
    let report = run_on(&server, &cases(), expected.clone());
    assert_eq!(report.leftovers, [""; 0]);
    let mut cx = Context::new(run_of(&server, expected));
    assert_eq!(wait(usernames(&mut cx)), ["jdoe"]);
}

#[test]
fn an_outage_is_inconclusive_and_what_was_created_is_still_removed() {
    for fault in ["status=503,probability=0.1,seed=7", "status=429,every=9"] {
        let server = server(profile("guide", &[]), &[fault]);
        let report = run_on(&server, &cases(), profile("guide", &[]));
        assert_eq!(report.count(Verdict::Fail), 0, "{fault}");
        assert_eq!(report.count(Verdict::Error), 0, "{fault}");
        assert!(report.count(Verdict::Inconclusive) > 0, "{fault}");
        assert_eq!(report.leftovers, [""; 0], "{fault}");
    }
}
