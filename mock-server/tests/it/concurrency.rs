//! Many clients at once.

use std::{collections::HashSet, sync::Barrier, thread};

use crate::wire::{Reply, USERS, XML, call, guide, server};

const CLIENTS: usize = 200;

/// The same moment for all, each on a thread and a connection of its own.
fn at_once(request: impl Fn(usize) -> Reply + Sync) -> Vec<Reply> {
    let barrier = Barrier::new(CLIENTS);
    let (barrier, request) = (&barrier, &request);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                scope.spawn(move || {
                    barrier.wait();
                    request(client)
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    })
}

fn user(username: &str, email: &str) -> String {
    format!(
        "<User><Username>{username}</Username><FirstName>Anna</FirstName><LastName>Smith</LastName>\
         <{email}>{username}@example.com</{email}><Password>Teal-Wagon.47</Password></User>"
    )
}

#[test]
fn of_200_clients_that_create_the_same_username_exactly_one_succeeds() {
    for (profile, email, conflict) in [("guide", "Email", 409), ("published", "EmailAddress", 400)]
    {
        let server = server(profile, &["surface.account=full"], "demo");
        let replies = at_once(|_| call(&server, "POST", USERS, XML, &user("asmith", email)));
        let count = |status: u16| {
            replies
                .iter()
                .filter(|reply| reply.status == status)
                .count()
        };
        assert_eq!((count(201), count(conflict)), (1, CLIENTS - 1), "{profile}");
        let listed = call(&server, "GET", USERS, "", "").body;
        assert_eq!(listed.matches("<Username>asmith</Username>").count(), 1);
    }
}

#[test]
fn different_usernames_all_succeed_and_no_id_is_given_twice() {
    let server = guide();
    let replies = at_once(|client| {
        call(
            &server,
            "POST",
            USERS,
            XML,
            &user(&format!("user-{client}"), "Email"),
        )
    });
    let ids: HashSet<&str> = replies
        .iter()
        .map(|reply| reply.header("location")[0])
        .collect();
    assert_eq!(ids.len(), CLIENTS);
    assert_eq!(
        call(&server, "GET", USERS, "", "")
            .body
            .matches("<User>")
            .count(),
        CLIENTS + 1
    );
}
