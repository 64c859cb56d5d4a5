//! The emulated API in the description. Its bodies follow the profile, so the description says
//! their types only, and every status that a profile or a fault can give.

use bandwidth_fixtures::Operation;
use serde_json::json;
use utoipa::openapi::{
    ContentBuilder, HttpMethod, OpenApi, PathItem, RefOr, Required, ResponseBuilder,
    path::{OperationBuilder, ParameterBuilder, ParameterIn},
    request_body::{RequestBody, RequestBodyBuilder},
    schema::{ArrayBuilder, ObjectBuilder, Type},
    security::SecurityRequirement,
};

/// A path with the operation of one method.
struct Row {
    path: &'static str,
    /// The behaviour without which there is no such path.
    needs: Option<&'static str>,
    method: HttpMethod,
    operation: Operation,
    summary: &'static str,
    statuses: &'static [u16],
}

const USERS: &str = "/api/accounts/{accountId}/users";
const USER: &str = "/api/accounts/{accountId}/users/{userId}";
const ROLES: &str = "/api/accounts/{accountId}/roles";

/// Refusals that any operation with credentials can meet.
const COMMON: [u16; 6] = [400, 401, 403, 404, 406, 429];

const LOGIN_USERS: &str = "/api/users";
const LOGIN_USER: &str = "/api/users/{userId}";
const PASSWORD: &str = "/api/users/{username}/password";
const TOKEN: &str = "/api/v1/oauth2/token";

fn rows() -> [Row; 10] {
    let row = |path: &'static str, method, operation, summary, statuses| Row {
        needs: match path {
            LOGIN_USERS | LOGIN_USER | PASSWORD => Some("paths.users=account_and_login"),
            TOKEN => Some("auth.schemes=basic_and_bearer or bearer"),
            _ => None,
        },
        path,
        method,
        operation,
        summary,
        statuses,
    };
    [
        row(
            USERS,
            HttpMethod::Get,
            Operation::ListUsers,
            "List users",
            &[200],
        ),
        row(
            USERS,
            HttpMethod::Post,
            Operation::CreateUser,
            "Create a user",
            &[200, 201, 409, 413, 415],
        ),
        row(
            USER,
            HttpMethod::Get,
            Operation::GetUser,
            "Get a user",
            &[200],
        ),
        row(
            USER,
            HttpMethod::Put,
            Operation::UpdateUser,
            "Update a user",
            &[200, 409, 413, 415],
        ),
        row(
            USER,
            HttpMethod::Delete,
            Operation::DeleteUser,
            "Delete a user",
            &[200, 204, 409],
        ),
        row(
            ROLES,
            HttpMethod::Get,
            Operation::ListRoles,
            "List roles",
            &[200],
        ),
        row(
            LOGIN_USERS,
            HttpMethod::Get,
            Operation::ListUsers,
            "List the users of the login's account",
            &[200],
        ),
        row(
            LOGIN_USER,
            HttpMethod::Get,
            Operation::GetUser,
            "Get a user of the login's account",
            &[200],
        ),
        row(
            PASSWORD,
            HttpMethod::Put,
            Operation::ChangePassword,
            "Change the login's own password",
            &[200, 413, 415],
        ),
        row(
            TOKEN,
            HttpMethod::Post,
            Operation::IssueToken,
            "Get an access token for client credentials",
            &[200, 413],
        ),
    ]
}

/// Adds the operations, those that only some profiles have with what they need.
pub(super) fn add(document: &mut OpenApi) {
    for row in rows() {
        let mut operation = OperationBuilder::new()
            .operation_id(Some(match row.path {
                LOGIN_USERS | LOGIN_USER => format!("{}_of_login", row.operation),
                _ => row.operation.to_string(),
            }))
            .description(
                row.needs
                    .map(|needs| format!("Only with {needs}; else 404.")),
            )
            .tag("emulated API")
            .summary(Some(row.summary))
            .security(SecurityRequirement::new::<_, _, String>("basic", []));
        for (name, example) in [
            ("accountId", "12345"),
            ("userId", "u1"),
            ("username", "api-user"),
        ] {
            if row.path.contains(&format!("{{{name}}}")) {
                let text = ObjectBuilder::new().schema_type(Type::String).build();
                operation = operation.parameter(
                    ParameterBuilder::new()
                        .name(name)
                        .parameter_in(ParameterIn::Path)
                        .required(Required::True)
                        .example(Some(example.into()))
                        .schema(Some(text))
                        .build(),
                );
            }
        }
        if matches!(row.operation, Operation::CreateUser | Operation::UpdateUser) {
            operation = operation.request_body(Some(user_body(row.operation)));
        }
        if row.operation == Operation::ChangePassword {
            let password = "<Password>Plum-Kettle.58</Password>";
            let example = ContentBuilder::new().example(Some(password.into())).build();
            let body = RequestBodyBuilder::new().content("application/xml", example);
            operation = operation.request_body(Some(body.build()));
        }
        if row.operation == Operation::IssueToken {
            let body =
                RequestBodyBuilder::new().content("application/x-www-form-urlencoded", content());
            operation = operation.request_body(Some(body.build()));
        }
        for status in COMMON.iter().chain(row.statuses) {
            let success = *status < 300;
            let description = if success { "As asked." } else { "Refused." };
            let mut response = ResponseBuilder::new().description(description);
            if *status != 204 {
                response = response
                    .content("application/xml", content())
                    .content("application/json", content());
            }
            operation = operation.response(status.to_string(), response.build());
        }
        let item = PathItem::new(row.method, operation.build());
        match document.paths.paths.get_mut(row.path) {
            Some(known) => known.merge_operations(item),
            None => {
                document.paths.paths.insert(row.path.to_owned(), item);
            }
        }
    }
}

/// A user as a client sends it, with the names of the profile `guide`. Other profiles have others,
/// so that the description leaves room for them.
fn user_body(operation: Operation) -> RequestBody {
    let (xml, json) = match operation {
        Operation::CreateUser => (
            "<User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName>\
             <Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password>\
             <Roles><Role>r2</Role></Roles></User>",
            json!({
                "Username": "bjones", "FirstName": "Bea", "LastName": "Jones", "Email": "bjones@example.com",
                "Password": "Teal-Wagon.47", "Roles": ["r2"],
            }),
        ),
        _ => (
            "<User><FirstName>Jane</FirstName><Email>jane@example.com</Email></User>",
            json!({ "FirstName": "Jane", "Email": "jane@example.com" }),
        ),
    };
    let text = |what: &str| {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.description(Some(what)).build()
    };
    let role = "an id, or an object with RoleId, RoleName or both";
    let roles = ArrayBuilder::new().items(ObjectBuilder::new().description(Some(role)));
    let user = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("Username", text("required to create"))
        .property("FirstName", text("required to create"))
        .property("LastName", text("required to create"))
        .property(
            "Email",
            text("required to create; EmailAddress where naming.email says so"),
        )
        .property("Password", text("required to create; never sent back"))
        .property("Roles", roles)
        .property("Enabled", ObjectBuilder::new().schema_type(Type::Boolean))
        .property("TelephoneNumber", text("where user.telephone has it"));
    RequestBodyBuilder::new()
        .required(Some(Required::True))
        .content(
            "application/xml",
            ContentBuilder::new().example(Some(xml.into())).build(),
        )
        .content(
            "application/json",
            ContentBuilder::new()
                .schema(Some(user))
                .example(Some(json))
                .build(),
        )
        .build()
}

fn content() -> utoipa::openapi::Content {
    let any: RefOr<utoipa::openapi::Schema> = ObjectBuilder::new().build().into();
    ContentBuilder::new().schema(Some(any)).build()
}
