//! What a run must never do: change users of others, leave its own behind, or call an outage a
//! failure.

use bandwidth_conformance::{
    dialogue::Context,
    exchange::Log,
    verdict::{Stop, Verdict},
    wire::{Draft, Format},
};

use crate::against::{profile, run_of, run_on, server, some_cases, wait, wrong};

/// Names of the users that the target lists.
pub(crate) async fn usernames(cx: &mut Context) -> Vec<String> {
    let users = cx.list(Format::Xml).await.unwrap().users().unwrap();
    users.into_iter().filter_map(|user| user.username).collect()
}

#[test]
fn a_user_that_the_run_did_not_create_is_never_changed_or_deleted() {
    let server = server(profile("guide", &[]), &[]);
    let run = run_of(&server, profile("guide", &[]));
    let mut cx = Context::new(run);
    wait(async {
        let draft = Draft::default().with("FirstName", "Robin");
        let update = cx.put("u1", &draft, Format::Xml).await;
        let delete = cx.delete("u1", Format::Xml).await;
        for stop in [update.map(drop), delete.map(drop)] {
            let stop = stop.unwrap_err();
            assert!(
                matches!(&stop, Stop::Fail(why) if why.contains("is not sent")),
                "{stop:?}"
            );
        }
        let user = cx.get("u1", Format::Xml).await.unwrap().user().unwrap();
        assert_eq!(user.first_name.as_deref(), Some("John"));
    });
}

#[test]
fn a_request_whose_effect_is_unknown_is_not_sent_to_an_account() {
    let server = server(profile("guide", &[]), &[]);
    let run = run_of(&server, profile("guide", &[]));
    let mut cx = Context::new(run.clone());
    wait(async {
        for (method, path) in [
            ("PATCH", "/api/accounts/12345/users/u1"),
            ("DELETE", "/api/accounts/12345/users"),
            ("DELETE", "/api/accounts/12345/users/u1/roles"),
            ("POST", "/api/accounts/67890/users"),
            ("DELETE", "/api/accounts/12345/users/.."),
        ] {
            let sent = cx.send(cx.ask(method, path)).await.map(drop);
            assert!(matches!(sent, Err(Stop::Error(_))), "{method} {path}");
        }
    });
    assert_eq!(run.dispatch().requests(), 0);
}

#[test]
fn a_user_whose_create_was_never_answered_is_found_by_its_name_and_removed() {
    let dropped = "fault=EMPTY_RESPONSE,when=after,operation=create_user,times=1";
    let server = server(profile("guide", &[]), &[dropped]);
    let run = run_of(&server, profile("guide", &[]));
    let mut cx = Context::new(run.clone());
    wait(async {
        let created = cx.post(&cx.draft(), Format::Xml).await.map(drop);
        assert!(matches!(created, Err(Stop::Inconclusive(_))));
        assert_eq!(usernames(&mut cx).await.len(), 2);
        run.account.clean_up(&mut Log::default()).await;
        assert_eq!(usernames(&mut cx).await, ["jdoe"]);
        assert_eq!(run.account.finish().await, []);
    });
}

#[test]
fn an_outage_is_inconclusive_and_what_was_created_is_still_removed() {
    let server = server(
        profile("guide", &[]),
        &["status=503,probability=0.1,seed=7"],
    );
    let report = run_on(&server, &some_cases(), profile("guide", &[]));
    assert_eq!(wrong(&report, &[Verdict::Inconclusive]), [""; 0]);
    assert!(report.count(Verdict::Inconclusive) > 0);
    assert_eq!(report.leftovers, []);
}

#[test]
fn a_429_now_and_then_is_waited_out_and_costs_no_verdict() {
    let server = server(profile("guide", &[]), &["status=429,every=9"]);
    let report = run_on(&server, &some_cases(), profile("guide", &[]));
    assert_eq!(wrong(&report, &[]), [""; 0]);
    assert!(report.count(Verdict::Pass) > report.cases.len() / 3);
    assert_eq!(report.leftovers, []);
}
