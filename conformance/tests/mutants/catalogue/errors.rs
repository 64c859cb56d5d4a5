//! What goes wrong with errors.

use super::{Mutant, accept, is_create, refuse};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "refused-bodies-are-accepted",
        "a create that ought to be refused with 400 is answered with 201",
        "errors.xml-truncated.is-400",
        "201",
    )
    .after(|ask, answer, _| {
        if is_create(ask) && [400, 413, 415].contains(&answer.status) {
            accept(ask, answer, 201);
        }
    }),
    Mutant::new(
        "wrong-allow",
        "Allow lacks a method",
        "errors.method.is-405-with-allow",
        "Allow",
    )
    .after(|_, answer, _| {
        if answer.status == 405 {
            answer.headers.set("Allow", "GET");
        }
    }),
    Mutant::new(
        "unknown-path-is-200",
        "any path is answered",
        "errors.unknown-path.is-404",
        "200",
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
        "errors.shape",
    )
    .set(&["errors.shape=error_list"]),
    Mutant::new(
        "errors-below-one-root",
        "every error has the root ErrorResponse",
        "errors.xml-root.is-named-after-the-resource",
        "ErrorResponse",
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
        "the text holds `serde`",
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
        "application/",
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
        "the other format tells another code",
    )
    .after(|_, answer, _| {
        if answer.status >= 400 && answer.is_json() {
            answer.body = answer.body.replace("\"ErrorCode\":", "\"ErrorCode\":7");
        }
    }),
];
