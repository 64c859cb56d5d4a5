//! Defects of errors.

use super::{Mutant, accept, is_create, refuse};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "refused-bodies-are-accepted",
        "a create or update with a body that cannot be read succeeds",
        "errors.xml-truncated.is-400",
        "a body that ends in the middle: a refusal: expected status 400, got 200",
    )
    .after(|ask, answer, _| {
        if [400, 413, 415].contains(&answer.status) {
            accept(ask, answer, if is_create(ask) { 201 } else { 200 });
        }
    }),
    Mutant::new(
        "wrong-allow",
        "Allow lacks a method",
        "errors.method.is-405-with-allow",
        "methods that Allow (GET) lacks: expected [], got [\"",
    )
    .after(|_, answer, _| {
        if answer.status == 405 {
            answer.headers.set("Allow", "GET");
        }
    }),
    Mutant::new(
        "wrong-allow-of-a-password",
        "Allow of what can only be written lists GET",
        "errors.read-of-a-password.is-405-with-allow",
        "methods that Allow (GET) lacks: expected [], got [\"PUT\"]",
    )
    .published()
    .after(|_, answer, _| {
        if answer.status == 405 {
            answer.headers.set("Allow", "GET");
        }
    }),
    Mutant::new(
        "unknown-path-is-200",
        "any path is answered",
        "errors.unknown-path.is-404",
        "/api/accounts/12345/nothing: a refusal: expected status 404, got 200",
    )
    .after(|ask, answer, _| {
        if answer.status == 404 && !ask.is_user() {
            answer.status = 200;
        }
    }),
    Mutant::new(
        "errors-of-another-shape",
        "an error is an ErrorList",
        "errors.body.has-the-expected-shape",
        "the body is not an error: expected `ResponseStatus` and nothing else in the error body",
    )
    .set(&["errors.shape=error_list"]),
    Mutant::new(
        "errors-below-one-root",
        "every error has the root ErrorResponse",
        "errors.xml-root.is-named-after-the-resource",
        "the root of an error about a user: expected \"UserResponse\", got \"ErrorResponse\"",
    )
    .after(|_, answer, _| {
        if answer.status >= 400 {
            for root in ["UserResponse", "UsersResponse", "RolesResponse"] {
                answer.body = answer.body.replace(root, "ErrorResponse");
            }
        }
    }),
    Mutant::new(
        "errors-tell-the-code",
        "an error about a body names a source file",
        "errors.text.tells-nothing-of-the-server",
        "an error holds `serde`, `at line`",
    )
    .after(|_, answer, _| {
        if answer.status == 400 {
            let text = "invalid type: map, expected a string at line 1 column 2 (serde)";
            answer.replace("Description", |_| text.to_owned());
        }
    }),
    Mutant::new(
        "errors-follow-the-body",
        "an error comes in the format of the body",
        "errors.format.is-the-one-asked-for",
        "xml in, json out: Content-Type: expected \"application/json\", got \"application/xml\"",
    )
    .after(|ask, answer, _| {
        let kind = ask.headers.get("content-type").to_owned();
        if answer.status >= 400 && !kind.is_empty() {
            let mut other = ask.clone();
            other.headers.set("Accept", &kind);
            refuse(&other, answer, answer.status);
        }
    }),
    Mutant::new(
        "error-codes-differ-in-json",
        "errors in JSON have other codes",
        "errors.parity.xml-and-json-tell-the-same",
        "the code for a wrong Email in JSON after the one in XML: expected \"12510\", got \"712510\"",
    )
    .after(|_, answer, _| {
        if answer.status >= 400 && answer.is_json() {
            answer.body = answer.body.replace("\"ErrorCode\":", "\"ErrorCode\":7");
        }
    }),
];
