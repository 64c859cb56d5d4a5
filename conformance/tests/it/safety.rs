//! What a run must never do: change users of others, leave its own behind, or call an outage a
//! failure.

use bandwidth_conformance::{
    context::Context,
    exchange::{Log, Purpose},
    outcome::{Stop, Verdict},
    registry::cases,
    target::embedded::Embedded,
    transport::Request,
    wire::{Draft, Format},
};

use crate::against::{profile, run_of, run_on, server, wait, wrong};

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
        run.ledger().sent(draft.text("Username")).unwrap();
        let create = Request::new("POST", run.users_path())
            .header("Authorization", run.authorization().await.unwrap())
            .header("Content-Type", "application/xml")
            .body(draft.body(run.profile(), Format::Xml));
        let mut log = Log::default();
        let sent = run.send(&create, Purpose::Case, &mut log).await;
        assert_eq!(sent.unwrap().status, 201);
        // One that never arrived is in the ledger too.
        run.ledger().sent(&run.fresh_username()).unwrap();
        assert_eq!(usernames(&mut cx).await.len(), 2);
        assert_eq!(run.clean_up(&mut log).await, []);
        assert_eq!(usernames(&mut cx).await, ["jdoe"]);
    });
}

#[test]
fn every_run_leaves_the_users_as_they_were() {
    let server = server(profile("guide", &[]), &[]);
    let expected = profile("guide", &[]);
    let report = run_on(&server, &cases(), expected.clone());
    assert_eq!(report.leftovers, []);
    let mut cx = Context::new(run_of(&server, expected));
    assert_eq!(wait(usernames(&mut cx)), ["jdoe"]);
}

#[test]
fn an_outage_is_inconclusive_and_what_was_created_is_still_removed() {
    let server = server(
        profile("guide", &[]),
        &["status=503,probability=0.1,seed=7"],
    );
    let report = run_on(&server, &cases(), profile("guide", &[]));
    assert_eq!(wrong(&report, &[Verdict::Inconclusive]), [""; 0]);
    assert!(report.count(Verdict::Inconclusive) > 0);
    assert_eq!(report.leftovers, []);
}

#[test]
fn a_429_now_and_then_is_waited_out_and_costs_no_verdict() {
    let server = server(profile("guide", &[]), &["status=429,every=9"]);
    let report = run_on(&server, &cases(), profile("guide", &[]));
    assert_eq!(wrong(&report, &[]), [""; 0]);
    assert!(report.count(Verdict::Pass) > 100);
    assert_eq!(report.leftovers, []);
}

#[test]
fn a_key_that_should_be_nobodys_is_looked_up_before_it_is_used() {
    // An account in which somebody has that very key.
    let mut seed = bandwidth_fixtures::Seed::built_in("demo").unwrap();
    let account = &mut seed.accounts[0];
    "u4000000000".clone_into(&mut account.users[0].user_id);
    account.next_user_number = 4_000_000_001;
    let profile = profile("guide", &[]);
    let server = Embedded::failing(profile.clone(), seed, &[]).unwrap();
    let report = run_on(&server, &cases(), profile.clone());
    let case = report.case("delete.missing-user.is-refused").unwrap();
    assert_eq!(case.verdict, Verdict::Error);
    assert!(case.reason.as_deref().unwrap().contains("nothing is sent"));
    let mut cx = Context::new(run_of(&server, profile));
    assert_eq!(wait(usernames(&mut cx)), ["jdoe"]);
    let users = wait(async { cx.list(Format::Xml).await.unwrap().users().unwrap() });
    assert_eq!(users[0].first_name.as_deref(), Some("John"));
}
