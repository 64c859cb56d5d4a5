//! A proxy in front of an emulator, for what no fault and no profile of the emulator does: a
//! handler may change the request or the answer, or answer in the emulator's place.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use super::http::{Answer, Request, Server};

/// A request on its way to the emulator.
#[derive(Clone)]
pub(crate) struct Asked {
    request: Request,
    emulator: SocketAddr,
}

impl Asked {
    pub(crate) fn method(&self) -> &str {
        self.request.method()
    }

    pub(crate) fn path(&self) -> &str {
        self.request.path()
    }

    /// True if it has that method, and a path with that end.
    pub(crate) fn is(&self, method: &str, ending: &str) -> bool {
        self.method() == method && self.path().ends_with(ending)
    }

    /// True if it has that method and is about one user.
    pub(crate) fn is_of_user(&self, method: &str) -> bool {
        self.method() == method && self.path().contains("/users/")
    }

    /// True if it creates a user.
    pub(crate) fn creates(&self) -> bool {
        self.is("POST", "/users")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.request.headers().get(name)
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        self.request.headers_mut().set(name, value);
    }

    /// The body, where that is JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.request.body()).unwrap_or_default()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.request.body()).into_owned()
    }

    /// True if its body has that field with a value, in either format.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.json().get(field).is_some() || self.text().contains(&format!("<{field}>"))
    }

    /// Changes the body, which is JSON.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Map<String, Value>)) {
        if let Value::Object(mut fields) = self.json() {
            change(&mut fields);
            self.request.set_body(Value::Object(fields).to_string());
        }
    }

    /// The emulator's response.
    pub(crate) fn pass(&self) -> Answer {
        self.request.forward(self.emulator).unwrap()
    }

    /// The emulator's response to the same request for another path.
    pub(crate) fn pass_as(&self, path: &str) -> Answer {
        let mut asked = self.clone();
        asked.request.set_path(path);
        asked.pass()
    }

    /// [`Asked::pass`], as a handler that changes nothing.
    pub(crate) fn pass_on(self) -> Answer {
        self.pass()
    }

    /// The emulator's response to a GET of that path with the same login, in that format.
    pub(crate) fn get(&self, path: &str, accept: &str) -> Answer {
        let mut asked = self.clone();
        asked.request.become_bare("GET", path);
        asked.set_header("Accept", accept);
        asked.pass()
    }

    /// The emulator's response to a DELETE of the same path.
    pub(crate) fn delete(&self) -> Answer {
        let mut asked = self.clone();
        asked.request.become_bare("DELETE", self.path());
        asked.pass()
    }

    /// An error of the API, in the format that was asked for.
    pub(crate) fn error(&self, status: u16, code: u32, text: &str) -> Answer {
        let error = json!({"ErrorCode": code, "Description": text});
        if self.header("accept").contains("json") {
            let body = json!({"ResponseStatus": error}).to_string();
            return Answer::of(status, "application/json", body);
        }
        let body = format!(
            "<UserResponse><ResponseStatus><ErrorCode>{code}</ErrorCode><Description>{text}</Description></ResponseStatus></UserResponse>"
        );
        Answer::of(status, "application/xml", body)
    }
}

/// A proxy in front of `emulator`; every request gets what `handler` makes of it.
pub(crate) fn start(
    emulator: SocketAddr,
    handler: impl Fn(Asked) -> Answer + Send + Sync + 'static,
) -> Server {
    Server::start(move |request| handler(Asked { request, emulator }))
}
