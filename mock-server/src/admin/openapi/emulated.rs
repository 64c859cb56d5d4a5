//! The emulated API in the description. Its bodies follow the profile, so the description says
//! their types only, and every status that a profile or a fault can give.

use bandwidth_fixtures::Operation;
use serde_json::{Value, json};
use utoipa::openapi::{
    ContentBuilder, HttpMethod, OpenApi, PathItem, RefOr, Required, ResponseBuilder,
    path::{OperationBuilder, ParameterBuilder, ParameterIn},
    request_body::RequestBodyBuilder,
    schema::{ObjectBuilder, Type},
    security::SecurityRequirement,
};

/// A path with the operation of one method.
struct Row {
    path: &'static str,
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

fn rows() -> [Row; 6] {
    let row = |path, method, operation, summary, statuses| Row {
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
    ]
}

/// Adds the six operations of the guide.
pub(super) fn add(document: &mut OpenApi) {
    for row in rows() {
        let mut operation = OperationBuilder::new()
            .operation_id(Some(row.operation.as_str()))
            .tag("emulated API")
            .summary(Some(row.summary))
            .security(SecurityRequirement::new::<_, _, String>("basic", []));
        for (name, example) in [("accountId", "12345"), ("userId", "u1")] {
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
            let example = |example: Value| ContentBuilder::new().example(Some(example)).build();
            let xml = "<User><Username>asmith</Username><FirstName>Anna</FirstName>\
                       <LastName>Smith</LastName><Email>asmith@example.com</Email>\
                       <Password>Teal-Wagon.47</Password></User>";
            let json = json!({
                "Username": "bjones", "FirstName": "Bea", "LastName": "Jones",
                "Email": "bjones@example.com", "Password": "Teal-Wagon.47",
            });
            let body = RequestBodyBuilder::new()
                .required(Some(Required::True))
                .content("application/xml", example(xml.into()))
                .content("application/json", example(json));
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

fn content() -> utoipa::openapi::Content {
    let any: RefOr<utoipa::openapi::Schema> = ObjectBuilder::new().build().into();
    ContentBuilder::new().schema(Some(any)).build()
}
