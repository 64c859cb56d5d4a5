//! `docs/reference/api.md`: the emulated API, from the description that the mock serves and the
//! golden exchanges.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use bandwidth_fixtures::{golden::Message, goldens};
use serde_json::Value;

use super::markdown::{code, head, plain, table};

/// The exchanges that show each operation, with what they are.
const SHOWN: [(&str, &[(&str, &str)]); 6] = [
    (
        "List users",
        &[
            ("list_users/json", "As JSON"),
            ("list_users/xml", "As XML"),
            ("list_users/published-xml", "Under the profile `published`"),
        ],
    ),
    (
        "Get a user",
        &[("get_user/json", "As JSON"), ("get_user/xml", "As XML")],
    ),
    (
        "Create a user",
        &[
            ("create_user/json", "As JSON"),
            ("create_user/xml", "As XML"),
            (
                "create_user/published-xml",
                "With a role and a telephone number, under the profile `published`",
            ),
        ],
    ),
    (
        "Update a user",
        &[
            ("update_user/json", "As JSON"),
            ("update_user/xml", "As XML"),
        ],
    ),
    (
        "Delete a user",
        &[
            ("delete_user/json", "As JSON"),
            ("delete_user/xml", "As XML"),
        ],
    ),
    (
        "List roles",
        &[("list_roles/json", "As JSON"), ("list_roles/xml", "As XML")],
    ),
];

/// What a client sends of a user: field, type and limits, on a create, and how a profile changes it.
const FIELDS: [[&str; 4]; 8] = [
    [
        "`Username`",
        "1 to 100 letters, digits, `@`, `.`, `_`, `-`; unique",
        "required",
        "`username.scope`, `username.case`, `username.update`",
    ],
    ["`FirstName`", "up to 100 characters", "required", ""],
    ["`LastName`", "up to 100 characters", "required", ""],
    [
        "`Email`",
        "up to 100 characters, with one `@` and a domain with a dot",
        "required",
        "`naming.email` calls it `EmailAddress`; `email.unique`",
    ],
    [
        "`Password`",
        "as the `password.*` behaviours say; never sent back",
        "required",
        "`password.*`",
    ],
    [
        "`Roles`",
        "a list of roles, each an id as text, or with `RoleId`, `RoleName` or both",
        "optional, none by default",
        "`role.form`, `role.unknown`",
    ],
    [
        "`Enabled`",
        "`true` or `false`",
        "optional, `true` by default",
        "`user.default_fields`",
    ],
    [
        "`TelephoneNumber`",
        "unknown under `guide`",
        "as the profile says",
        "`user.telephone`",
    ],
];

pub(super) fn page() -> Result<String> {
    let document: Value = serde_json::from_str(&bandwidth_mock::openapi())
        .context("the mock's OpenAPI description cannot be read")?;
    let mut text = head(
        "The emulated API",
        "the mock's OpenAPI description and fixtures/golden",
    );
    text += "What the mock answers as it is started, under the profile `guide` unless said otherwise. How each of it is known, \
             and what another profile makes of it, is in [behaviours.md](behaviours.md); what error bodies say is in \
             [error-codes.md](error-codes.md).\n\n\
             Requests carry the account's login as HTTP Basic, or a token where `auth.schemes` has them. An answer is XML unless \
             `Accept` asks for `application/json` (`format.default`, `format.json`); a body's format is that of its `Content-Type`, \
             whatever `Accept` says. The largest body is 1 MiB.\n\n\
             ## Operations\n\n";
    text += &table(
        ["", "path", "operation", "only with"],
        operations(&document).map(|(path, method, operation)| {
            let needs = operation["description"].as_str().unwrap_or_default();
            let needs = needs
                .trim_start_matches("Only with ")
                .trim_end_matches("; else 404.");
            let name = operation["operationId"].as_str().unwrap_or_default();
            [
                method.to_uppercase(),
                code(path),
                code(name.trim_end_matches("_of_login")),
                if needs.is_empty() {
                    String::new()
                } else {
                    code(needs)
                },
            ]
        }),
    );
    text += "The names of operations are those of faults, the journal and reports. Under `published` the API is also below \
             `/api/v1` and `/v1.0` (`paths.bases`), and users are named by `Username` and not by id (`naming.user_key`).\n\n\
             ## A user\n\n";
    text += &table(
        ["field", "what", "on a create", "behaviours"],
        FIELDS.map(|row| row.map(str::to_owned)),
    );
    text += "On an update every field may be left out; what that does is `put.semantics`: under `guide` an optional field that is \
             left out is reset, and `Username` and `Password` stay. A role is written `\"r2\"`, `{\"RoleId\":\"r2\"}` or \
             `{\"RoleName\":\"ReadOnly\"}` in JSON, and `<Roles><Role>r2</Role></Roles>` or \
             `<Roles><Role><RoleId>r2</RoleId></Role></Roles>` in XML. A field that is not known is refused \
             (`user.unknown_fields`), and in JSON names are camelCase where `naming.json_case` says so.\n\n";
    for (operation, exchanges) in SHOWN {
        let _ = writeln!(text, "## {operation}\n");
        for (id, what) in exchanges {
            text += &exchange(id, what)?;
        }
    }
    Ok(text.trim_end().to_owned() + "\n")
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .filter(|(path, _)| path.starts_with("/api/"))
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
}

fn exchange(id: &str, what: &str) -> Result<String> {
    let golden = goldens().iter().find(|golden| golden.id == id);
    let golden = golden.with_context(|| format!("there is no golden exchange {id}"))?;
    Ok(format!(
        "{what} ({}: {}):\n\n```http\n{}\n```\n\n```http\n{}\n```\n\n",
        golden.evidence,
        plain(&golden.source),
        message(&golden.request),
        message(&golden.response),
    ))
}

fn message(message: &Message) -> String {
    let mut text = message.start.clone();
    for (name, value) in &message.headers {
        let _ = write!(text, "\n{name}: {value}");
    }
    if !message.body.is_empty() {
        let _ = write!(text, "\n\n{}", message.body);
    }
    text
}
