//! The library as a test of a user's client uses it: all that it needs is there without any
//! feature. `.ci/run` runs this with `--no-default-features`.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use bandwidth_mock::{MockServer, Operation};
use base64::{Engine as _, engine::general_purpose::STANDARD};

#[test]
fn an_account_serves_requests_and_verifies_them() {
    let server = MockServer::start_blocking().unwrap();
    let account = server.account().unwrap();
    account.fault("status=503,times=1").unwrap();
    let login = STANDARD.encode(format!("{}:{}", account.username(), account.password()));
    let address = server.uri().replace("http://", "");
    for expected in ["HTTP/1.1 503 ", "HTTP/1.1 200 "] {
        let mut stream = TcpStream::connect(&address).unwrap();
        let request = format!(
            "GET /api/accounts/{}/users HTTP/1.1\r\nHost: {address}\r\n\
             Authorization: Basic {login}\r\nConnection: close\r\n\r\n",
            account.id()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(expected), "{answer}");
    }
    account.verify(Operation::ListUsers, 2);
}
