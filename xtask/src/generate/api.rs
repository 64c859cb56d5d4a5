//! `docs/reference/api.md`: the emulated API, from the table of its operations and the golden
//! exchanges.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use bandwidth_fixtures::{golden::Message, goldens, operation::RESOURCES};

use super::markdown::{code, codes, head, plain, table};

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
                "With a role and a telephone number, under the profile `published` with `surface.account=full`",
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

/// Fields of a user in a create: name, type and limits, requirement, and changes by a profile.
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

/// About the surface `management`.
const TODAY: &str = "\
## Today's API

Where `surface.management` is `served`, the paths with that condition are below `/api/v1` and `/api/v2`. They take JSON and tokens only. \
A user of this API is the same user as on the other paths. Most of its shape is assumed: each open point is a `management.*` behaviour, and the journal \
says for each answer how much of it is assumed.

A create needs the username, both names, the email, `accounts`, `roles` and `accountScope` (`ACCOUNT` or `ACCOUNT_ADMIN`). It takes no password: \
the user has none until `PUT /__admin/accounts/{accountId}/users/{userId}/password` sets one, in place of Bandwidth's mail with a link. \
The mock keeps a user in one account, so that `accounts` has one entry. A username never changes. An update deactivates a user.

The token needs the scope `ACCOUNT_ADMIN` for users, and the role `Credential Access` for credentials. A credential gives and takes only roles and \
accounts that it has; roles are compared by name. A role `basicAccess` is what Bandwidth's App asks for at sign-in; the mock has no App and gives it no meaning.

`POST /credentials/{clientId}/secrets` shows the value of a secret once. A credential has two active secrets at most. To rotate: create a second one, \
move your clients, and delete the first one or give it an `expirationDate`.

";

pub(super) fn page() -> Result<String> {
    let mut text = head(
        "The emulated API",
        "fixtures/operations.toml and fixtures/golden",
    );
    text += "The responses of a mock without options, under the profile `guide` unless another is named. Its evidence, \
             and what another profile makes of it, is in [behaviours.md](behaviours.md); what error bodies say is in \
             [error-codes.md](error-codes.md).\n\n\
             Requests carry the account's login as HTTP Basic, or a token where `auth.schemes` has them. An answer is XML unless \
             `Accept` asks for `application/json` (`format.default`, `format.json`); a body's format is that of its `Content-Type`, \
             whatever `Accept` says. The largest body is 1 MiB. It may be compressed with \
             `Content-Encoding: gzip` or `deflate`; then the limit counts after decompression.\n\n\
             ## Operations\n\n";
    text += &table(
        ["", "path", "operation", "only with"],
        RESOURCES.iter().flat_map(|resource| {
            let surface = resource.surface.facts();
            resource.endpoints.iter().map(|endpoint| {
                [
                    endpoint.method.to_owned(),
                    code(format!("{}{}", surface.bases[0], resource.path)),
                    code(endpoint.operation),
                    codes(endpoint.conditions()),
                ]
            })
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
    text += BODIES;
    text += TODAY;
    for (operation, exchanges) in SHOWN {
        let _ = writeln!(text, "## {operation}\n");
        for (id, what) in exchanges {
            text += &exchange(id, what)?;
        }
    }
    Ok(text.trim_end().to_owned() + "\n")
}

const BODIES: &str = "## How a body is written\n\n\
    - **Encoding of XML**: a byte order mark decides, then the charset of `Content-Type`, then the XML declaration (RFC 7303, \
    section 3). Without any of them the body is UTF-8. The names are those of the \
    [Encoding Standard](https://encoding.spec.whatwg.org/#names-and-labels). `us-ascii` allows ASCII only. `iso-8859-1` is read as \
    ISO-8859-1, and not as Windows-1252. UTF-16 needs a byte order mark, or `utf-16le` or `utf-16be` as charset. A byte that the \
    encoding does not allow is a 400.\n\
    - **Encoding of JSON**: UTF-8, with or without a byte order mark.\n\
    - **Attributes in XML**: an element with `xsi:nil=\"true\"` is an absent field. `xsi:type`, `xsi:schemaLocation` and \
    `xsi:noNamespaceSchemaLocation` are ignored. Other attributes follow `user.unknown_fields`.\n\
    - **Refused**: a document type declaration, XML 1.1, and XML that is not well-formed.\n\
    - **What encloses a user, null in JSON, the field of roles, `AccountId`**: `user.request_root`, `format.json_null`, \
    `role.request_field` and `user.account_id`.\n\n";

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
