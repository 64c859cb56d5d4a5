//! The library: accounts of one server for tests that run side by side, expectations, and servers
//! that come and go.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use bandwidth_mock::{Account, MockServer, Operation, RequestPattern};

use crate::wire::{XML, basic, repeats, request, send, user_xml};

fn create(server: &MockServer, account: &Account, username: &str) -> u16 {
    let login = basic(account.username(), account.password());
    let path = account.users_url().replace(&server.uri(), "");
    let bytes = request("POST", &path, &format!("{login}{XML}"), &user_xml(username));
    send(server, &bytes).status
}

fn panic_of(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn five_hundred_tests_on_one_server_do_not_meet() {
    let server = MockServer::start_blocking().unwrap();
    std::thread::scope(|scope| {
        for index in 0..500 {
            let server = &server;
            scope.spawn(move || {
                let account = server.account().unwrap();
                // Each arms a fault of its own for another one of its creates.
                let fault = format!(
                    "status=503,operation=create_user,after={},times=1",
                    index % 3
                );
                let fault = account.fault(&fault).unwrap();
                let statuses: Vec<u16> = ["asmith", "bjones", "clee"]
                    .into_iter()
                    .map(|username| create(server, &account, username))
                    .collect();
                let mut expected = [201, 201, 201];
                expected[index % 3] = 503;
                assert_eq!(statuses, expected);
                assert_eq!(fault.hits(), 1);
                account.verify(Operation::CreateUser, 3);
                account.verify(RequestPattern::new().status(503), 1);
                account.verify(Operation::DeleteUser, 0);
                assert_eq!(account.requests().len(), 3);
            });
        }
    });
}

#[test]
fn a_failing_verification_names_the_account_and_the_nearest_request() {
    let server = MockServer::start_blocking().unwrap();
    let account = server.account_builder().id("t-1").create().unwrap();
    let none = panic_of(|| account.verify(Operation::CreateUser, 1));
    assert_eq!(
        none,
        "account t-1: expected a request with operation create_user once, but got none\n  \
         no request came at all"
    );
    create(&server, &account, "asmith");
    create(&server, &account, "asmith");
    account.verify(Operation::CreateUser, 2);
    account.verify(Operation::CreateUser, 1..=2);
    account.verify(Operation::CreateUser, 2..);
    let pattern = RequestPattern::from(Operation::CreateUser).status(503);
    assert_eq!(
        panic_of(|| account.verify(pattern, 1..)),
        "account t-1: expected a request with operation create_user, status 503 at least once, but \
         got none\n  nearest: #2 POST /api/accounts/t-1/users, answered 409, but the status is \
         409, not 503"
    );
    assert_eq!(
        panic_of(|| account.verify(Operation::CreateUser, ..2)),
        "account t-1: expected a request with operation create_user 0 to 1 times, but got 2\n  \
         #1 POST /api/accounts/t-1/users, answered 201\n  #2 POST \
         /api/accounts/t-1/users, answered 409"
    );
}

#[test]
fn expectations_are_checked_at_the_end_but_never_while_panicking() {
    let server = MockServer::start_blocking().unwrap();
    let unmet = panic_of(|| {
        let account = server.account().unwrap();
        account.expect(Operation::CreateUser, 1);
    });
    assert!(unmet.contains("create_user once, but got none"), "{unmet}");
    let first = panic_of(|| {
        let account = server.account().unwrap();
        account.expect(Operation::CreateUser, 1);
        panic!("{}", "the test's own".to_owned());
    });
    assert_eq!(first, "the test's own");
    let account = server.account().unwrap();
    account.expect(Operation::CreateUser, 1);
    create(&server, &account, "asmith");
}

#[test]
fn an_account_follows_its_own_options_and_goes_when_it_is_dropped() {
    let server = MockServer::builder()
        .rate_limit("2/1h".parse().unwrap())
        .start_blocking()
        .unwrap();
    server.freeze_clock();
    let account = server
        .account_builder()
        .id("t-1")
        .seed(bandwidth_fixtures::Seed::built_in("demo").unwrap())
        .fault("status=500,operation=list_roles")
        .create()
        .unwrap();
    account.set("errors.conflict", "400").unwrap();
    account.assign_resources("u1", &["site"]).unwrap();
    let before = account.snapshot().unwrap();
    assert_eq!(create(&server, &account, "asmith"), 201);
    assert_eq!(create(&server, &account, "asmith"), 400);
    assert_eq!(create(&server, &account, "asmith"), 429);
    account.restore(before).unwrap();
    assert_eq!(
        create(&server, &account, "asmith"),
        201,
        "limits start anew"
    );
    assert_eq!(create(&server, &account, "asmith"), 400);
    assert_eq!(create(&server, &account, "asmith"), 429);
    server.advance_clock(Duration::from_hours(1)).unwrap();
    assert_eq!(create(&server, &account, "bjones"), 201);
    assert_eq!(account.retries()["sequences"].as_array().unwrap().len(), 2);
    account.reset().unwrap();
    assert!(account.requests().is_empty());
    assert!(account.set("errors.conflict", "418").is_err());
    assert!(server.account_builder().id("t-1").create().is_err());
    drop(account);
    assert!(server.account_builder().id("t-1").create().is_ok());
}

#[test]
fn it_works_from_any_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = MockServer::start().await.unwrap();
        assert!(
            server
                .account()
                .unwrap()
                .users_url()
                .starts_with(&server.base_url())
        );
    });
}

/// Threads and open files of this process.
#[cfg(target_os = "linux")]
fn resources() -> (usize, usize) {
    let count = |path| std::fs::read_dir(path).unwrap().count();
    (count("/proc/self/task"), count("/proc/self/fd"))
}

#[test]
#[cfg(target_os = "linux")]
fn servers_one_after_another_leave_nothing_behind() {
    // In a process of its own: other tests open files meanwhile.
    const VARIABLE: &str = "BANDWIDTH_MOCK_TEST_ALONE";
    if std::env::var_os(VARIABLE).is_none() {
        let name = "library::servers_one_after_another_leave_nothing_behind";
        let run = std::process::Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--test-threads=1"])
            .env(VARIABLE, "1")
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stdout)
        );
        return;
    }
    let memory = || {
        let status = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages = status.split(' ').nth(1).unwrap();
        pages.parse::<u64>().unwrap() * 4_096
    };
    let once = || {
        let server = MockServer::start_blocking().unwrap();
        let account = server.account().unwrap();
        account
            .fault("delay.fixed_ms=60000,operation=list_users")
            .unwrap();
        assert_eq!(create(&server, &account, "asmith"), 201);
    };
    for _ in 0..50 {
        once();
    }
    let (before, start) = (resources(), memory());
    let servers = repeats("SERVERS", 100);
    for _ in 0..servers {
        once();
    }
    assert_eq!(resources(), before);
    let grown = memory().saturating_sub(start);
    // The allocator takes and keeps some on its own.
    assert!(
        grown < 2 * 1024 * 1024 + servers as u64 * 3 * 1024,
        "{grown} bytes more after {servers} servers"
    );
}

#[test]
fn the_control_api_can_have_an_address_of_its_own() {
    let apart = "127.0.0.1:0".parse().unwrap();
    let server = MockServer::builder()
        .admin_listen(apart)
        .start_blocking()
        .unwrap();
    assert!(!server.admin_url().starts_with(&server.uri()), "{server:?}");
    let reply = send(&server, &request("GET", "/__admin/ready", "", ""));
    assert_eq!(reply.status, 404);
    assert!(
        server
            .account()
            .unwrap()
            .base_url()
            .starts_with(&server.uri())
    );
}
