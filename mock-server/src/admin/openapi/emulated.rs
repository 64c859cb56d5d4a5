//! The emulated API in the description, from the table `fixtures/operations.toml`. Its bodies
//! follow the profile, so the description says their types only, and every status that a profile
//! or a fault can give.

use bandwidth_fixtures::operation::{
    Action, Endpoint, Login, Parameter, RESOURCES, Resource, Segment, Surface,
};
use serde_json::json;
use utoipa::openapi::{
    ContentBuilder, HttpMethod, OpenApi, PathItem, RefOr, Required, ResponseBuilder,
    path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn},
    request_body::{RequestBody, RequestBodyBuilder},
    schema::{ArrayBuilder, ObjectBuilder, Type},
    security::SecurityRequirement,
};

/// Refusals that any operation can meet.
const COMMON: [u16; 6] = [400, 401, 403, 404, 406, 429];

/// Adds the operations, those that only some profiles have with what they need.
pub(super) fn add(document: &mut OpenApi) {
    for resource in RESOURCES {
        let base = resource.surface.facts().bases[0];
        let path = format!("{base}{}", resource.path);
        for endpoint in resource.endpoints {
            let item = PathItem::new(method(endpoint), operation(resource, endpoint));
            match document.paths.paths.get_mut(&path) {
                Some(known) => known.merge_operations(item),
                None => {
                    document.paths.paths.insert(path.clone(), item);
                }
            }
        }
    }
}

fn method(endpoint: &Endpoint) -> HttpMethod {
    match endpoint.method {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(resource: &Resource, endpoint: &Endpoint) -> Operation {
    let surface = resource.surface.facts();
    let needs = endpoint.conditions().join(", ");
    let needs = (!needs.is_empty()).then(|| format!("Only with {needs}; else 404 or 405."));
    let scheme = match endpoint.login {
        Login::Token | Login::Admin | Login::Credentials => "bearer",
        Login::Read | Login::Write | Login::Own | Login::Client => "basic",
    };
    let mut operation = OperationBuilder::new()
        .operation_id(Some(endpoint.action.as_str()))
        .description(needs)
        .tag("emulated API")
        .summary(Some(endpoint.summary))
        .security(SecurityRequirement::new::<_, _, String>(scheme, []))
        .request_body(body(endpoint));
    for segment in resource.segments {
        let Segment::Parameter(parameter) = segment else {
            continue;
        };
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        operation = operation.parameter(
            ParameterBuilder::new()
                .name(parameter.as_str())
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .example(Some(example(resource, *parameter).into()))
                .schema(Some(text))
                .build(),
        );
    }
    for status in COMMON
        .iter()
        .chain(endpoint.success)
        .chain(endpoint.refusals)
        // Under some profiles the method is absent.
        .chain(endpoint.needs.as_ref().map(|_| &405))
    {
        let success = endpoint.success.contains(status);
        let description = if success { "As asked." } else { "Refused." };
        let mut response = ResponseBuilder::new().description(description);
        for media_type in surface.media.iter().filter(|_| *status != 204) {
            response = response.content(*media_type, content());
        }
        operation = operation.response(status.to_string(), response.build());
    }
    operation.build()
}

/// A value of a part of a path. A `userId` below a domain is a login name.
fn example(resource: &Resource, parameter: Parameter) -> &'static str {
    match (resource.surface, parameter) {
        (Surface::Identity, Parameter::UserId) => "jdoe",
        (_, parameter) => parameter.example(),
    }
}

/// What a client sends below an identity domain.
fn domain_body(action: Action) -> Option<&'static str> {
    Some(match action {
        Action::CreateIdentityUser => {
            "<User><Email>jdoe@example.com</Email><Password>Teal-Wagon.47</Password>\
             <UserProfile><FirstName>John</FirstName><LastName>Doe</LastName></UserProfile></User>"
        }
        Action::UpdateIdentityUser => "<User><Email>john@example.com</Email></User>",
        Action::UpdateUserSettings => "<UserSettings><Active>false</Active></UserSettings>",
        Action::UpdateUserProfile => {
            "<UserProfile><FirstName>Jack</FirstName>\
             <TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile>"
        }
        Action::ReplaceUserRoles => "<RoleList><Role><RoleId>Admin</RoleId></Role></RoleList>",
        Action::ReplaceUserAccounts => {
            "<AccountList><Account><AccountId>12345</AccountId></Account></AccountList>"
        }
        Action::ChangeIdentityPassword => "<Password>Plum-Kettle.58</Password>",
        Action::ReplaceUserPreferences => {
            "<UserPreferences><UserPreference><PreferenceName>tnFormat</PreferenceName>\
             <PreferenceValue>E.164</PreferenceValue></UserPreference></UserPreferences>"
        }
        Action::CreateUserPreference | Action::UpdateUserPreference => {
            "<UserPreference><PreferenceName>tnFormat</PreferenceName>\
             <PreferenceValue>E.164</PreferenceValue></UserPreference>"
        }
        Action::CreateToken => "<TokenScope><AccountScope>12345</AccountScope></TokenScope>",
        _ => return None,
    })
}

/// What a client sends, with the names of the profile `guide`. Other profiles have others, so that
/// the description leaves room for them.
fn body(endpoint: &Endpoint) -> Option<RequestBody> {
    let xml = |example: &str| ContentBuilder::new().example(Some(example.into())).build();
    let body = RequestBodyBuilder::new();
    if let Some(example) = domain_body(endpoint.action) {
        let required = body.required(Some(Required::True));
        return Some(required.content("application/xml", xml(example)).build());
    }
    let body = match (endpoint.action, endpoint.login) {
        (_, Login::Client) => body.content("application/x-www-form-urlencoded", content()),
        (Action::ChangePassword, _) => body.content(
            "application/xml",
            xml("<Password>Plum-Kettle.58</Password>"),
        ),
        (Action::CreateUser, _) => user_body(
            xml(
                "<User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName>\
                 <Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password>\
                 <Roles><Role>r2</Role></Roles></User>",
            ),
            json!({
                "Username": "bjones", "FirstName": "Bea", "LastName": "Jones", "Email": "bjones@example.com",
                "Password": "Teal-Wagon.47", "Roles": ["r2"],
            }),
        ),
        (Action::UpdateUser, _) => user_body(
            xml("<User><FirstName>Jane</FirstName><Email>jane@example.com</Email></User>"),
            json!({ "FirstName": "Jane", "Email": "jane@example.com" }),
        ),
        (Action::CreateManagedUser, _) => json_body(json!({
            "username": "asmith", "firstName": "Anna", "lastName": "Smith", "email": "asmith@example.com",
            "accountScope": "ACCOUNT", "roles": [{ "roleId": "r2" }], "accounts": [{ "accountId": "12345" }],
        })),
        (Action::UpdateManagedUser | Action::PatchManagedUser, _) => {
            json_body(json!({ "firstName": "Jane", "enabled": false }))
        }
        (Action::CreateCredential | Action::UpdateCredential | Action::PatchCredential, _) => {
            json_body(json!({
                "description": "HR sync", "accountScope": "ACCOUNT", "roles": ["Porting"],
                "accounts": ["12345"],
            }))
        }
        (Action::CreateSecret | Action::UpdateSecret | Action::PatchSecret, _) => {
            json_body(json!({ "expirationDate": "2126-12-31T23:59:59Z" }))
        }
        _ => return None,
    };
    Some(body.build())
}

/// A body of today's API. Its keys follow the profile, as those of users do.
fn json_body(example: serde_json::Value) -> RequestBodyBuilder {
    let any = ObjectBuilder::new().schema_type(Type::Object);
    let json = ContentBuilder::new()
        .schema(Some(any))
        .example(Some(example));
    RequestBodyBuilder::new()
        .required(Some(Required::True))
        .content("application/json", json.build())
}

fn user_body(xml: utoipa::openapi::Content, json: serde_json::Value) -> RequestBodyBuilder {
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
    let json = ContentBuilder::new().schema(Some(user)).example(Some(json));
    RequestBodyBuilder::new()
        .required(Some(Required::True))
        .content("application/xml", xml)
        .content("application/json", json.build())
}

fn content() -> utoipa::openapi::Content {
    let any: RefOr<utoipa::openapi::Schema> = ObjectBuilder::new().build().into();
    ContentBuilder::new().schema(Some(any)).build()
}
