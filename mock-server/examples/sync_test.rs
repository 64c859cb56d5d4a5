//! How to test a client with the mock: an account for each test, a fault, what was asked, and why
//! it was answered so. Run it with `cargo run --example sync_test`.
//!
//! In a project of your own the body of `main` is a `#[test]`, and `create_with_retries` is your
//! client.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use bandwidth_mock::{Account, MockServer, Operation, RequestPattern};
use base64::{Engine as _, engine::general_purpose::STANDARD};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One server for all tests of a process; each test takes an account of its own from it.
    let server = MockServer::start_blocking()?;
    let account = server.account()?;

    // The first create takes effect, but its answer is lost: what breaks clients.
    let lost = account.fault("fault=EMPTY_RESPONSE,when=after,operation=create_user,times=1")?;
    // Checked when the account is dropped, unless the test has failed already.
    account.expect(RequestPattern::from(Operation::CreateUser).status(201), 0);

    create_with_retries(&account, "asmith")?;

    assert_eq!(lost.hits(), 1);
    account.verify(Operation::CreateUser, 2);
    // The second create met the user of the first.
    account.verify(RequestPattern::from(Operation::CreateUser).status(409), 1);

    // Why was it answered so? The journal knows the rule, and how the behaviour is known.
    let requests = account.requests();
    let refused = &requests[1];
    let refusal = refused.why.refusal.as_ref().ok_or("it was refused")?;
    println!("{}: {}", refusal.rule, refusal.description);
    for behaviour in &refused.why.behaviours {
        println!("  {} = {}", behaviour.id, behaviour.option);
    }
    // How did the client wait? See GET /__admin/retries.
    println!("{}", account.retries()["sequences"][0]["summary"]);
    Ok(())
}

/// Your client: creates a user, and tries again while no answer comes.
fn create_with_retries(account: &Account, username: &str) -> std::io::Result<()> {
    for attempt in 1..=3 {
        if !create(account, username)?.is_empty() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20 << attempt));
    }
    Err(std::io::Error::other("no answer came"))
}

fn create(account: &Account, username: &str) -> std::io::Result<String> {
    let body = format!(
        "<User><Username>{username}</Username><FirstName>Anna</FirstName><LastName>Smith</LastName>\
         <Email>{username}@example.com</Email><Password>Teal-Wagon.47</Password></User>"
    );
    let login = STANDARD.encode(format!("{}:{}", account.username(), account.password()));
    let url = account.users_url();
    let (address, path) = url
        .trim_start_matches("http://")
        .split_once('/')
        .unwrap_or_default();
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST /{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {login}\r\n\
         Content-Type: application/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
