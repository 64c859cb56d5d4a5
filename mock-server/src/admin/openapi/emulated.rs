//! The emulated API in the description: what a profile serves of `fixtures/operations.toml`.

use bandwidth_fixtures::{
    BehaviourId, Consultation,
    operation::{Action, Endpoint, Login, Parameter, RESOURCES, Resource, Segment, Surface},
    profile::{
        AuthSchemes, EmptyList, FailureBody, JsonCase, JsonSupport, ManagedEnvelope, ManagedPages,
        RateResponse,
    },
};
use serde_json::{Map, Value, json};

use super::{
    examples::{self, Example},
    shapes::reference,
};

/// Refusals that any operation can meet.
const COMMON: [u16; 8] = [400, 401, 403, 404, 406, 417, 429, 501];

const XML: &str = "application/xml";
const JSON: &str = "application/json";

/// The paths that the profile serves, each under its first base.
pub(super) fn paths(rules: &Consultation) -> Map<String, Value> {
    let mut paths = Map::new();
    let served = |resource: &&Resource| resource.surface.facts().is_served(rules);
    for resource in RESOURCES.iter().filter(served) {
        let path = format!("{}{}", resource.surface.facts().bases[0], resource.path);
        for endpoint in resource.endpoints {
            // If two surfaces have a path, the first one has it.
            let method = endpoint.method.to_ascii_lowercase();
            if endpoint.is_served(rules)
                && paths
                    .get(&path)
                    .is_none_or(|item: &Value| item.get(&method).is_none())
            {
                let item = paths.entry(path.clone()).or_insert_with(|| json!({}));
                item[&method] = operation(resource, endpoint, rules);
            }
        }
    }
    paths
}

fn operation(resource: &Resource, endpoint: &Endpoint, rules: &Consultation) -> Value {
    let mut operation = json!({
        "operationId": endpoint.action.as_str(),
        "summary": endpoint.summary,
        "tags": [format!("{} API", resource.surface.as_str())],
        "security": security(endpoint.login, rules),
        "parameters": parameters(resource, endpoint, rules),
        "responses": responses(endpoint, rules),
    });
    if let Some(name) = endpoint.request {
        operation["requestBody"] = json!({
            // A secret is also made of nothing.
            "required": endpoint.action != Action::CreateSecret,
            "content": request(endpoint, name, rules),
        });
    }
    operation
}

/// The schemes of `components`, of which one is enough.
fn security(login: Login, rules: &Consultation) -> Value {
    match (login, rules.auth_schemes()) {
        // Or with the credentials in the form.
        (Login::Client, _) => json!([{ "basic": [] }, {}]),
        (Login::Token | Login::Admin | Login::Credentials, _) | (_, AuthSchemes::Bearer) => {
            json!([{ "bearer": [] }, { "oauth2": [] }])
        }
        (_, AuthSchemes::Basic) => json!([{ "basic": [] }]),
        (_, AuthSchemes::BasicAndBearer) => {
            json!([{ "basic": [] }, { "bearer": [] }, { "oauth2": [] }])
        }
    }
}

fn parameters(resource: &Resource, endpoint: &Endpoint, rules: &Consultation) -> Value {
    let in_path = resource.segments.iter().filter_map(|segment| {
        let Segment::Parameter(parameter) = segment else {
            return None;
        };
        Some(json!({
            "name": parameter.as_str(),
            "in": "path",
            "required": true,
            "schema": { "type": "string" },
            "example": example(resource.surface, *parameter),
        }))
    });
    let in_query = query(endpoint, rules).iter().map(|(name, schema)| {
        let schema = match *schema {
            "number" => json!({ "type": "integer", "minimum": 1 }),
            "limit" => json!({ "type": "integer", "minimum": 1, "maximum": 100 }),
            "date" => json!({ "type": "string", "format": "date" }),
            _ => json!({ "type": "string" }),
        };
        json!({ "name": name, "in": "query", "required": false, "schema": schema })
    });
    in_path.chain(in_query).collect()
}

/// A value of a part of a path. A `userId` below a domain is a login name.
fn example(surface: Surface, parameter: Parameter) -> &'static str {
    match (surface, parameter) {
        (Surface::Identity, Parameter::UserId) => "jdoe",
        (_, parameter) => parameter.example(),
    }
}

/// Query parameters of an operation.
fn query(endpoint: &Endpoint, rules: &Consultation) -> &'static [(&'static str, &'static str)] {
    match endpoint.action {
        Action::ListIdentityUsers => &[
            ("page", "number"),
            ("size", "number"),
            ("scope", "text"),
            ("isActive", "text"),
            ("suggestions", "text"),
        ],
        Action::ListIdentityAccounts => &[
            ("page", "number"),
            ("size", "number"),
            ("suggestions", "text"),
        ],
        Action::ListUserEvents => &[
            ("page", "number"),
            ("size", "number"),
            ("startDate", "date"),
            ("endDate", "date"),
        ],
        Action::CheckPermittedAccess => &[("permission", "text")],
        _ if is_list(endpoint)
            && endpoint.surface == Surface::Management
            && rules.management_pages() == ManagedPages::Cursor =>
        {
            &[("limit", "limit"), ("afterCursor", "text")]
        }
        _ => &[],
    }
}

fn is_list(endpoint: &Endpoint) -> bool {
    endpoint.response.is_some_and(|name| name.ends_with('*'))
}

/// The media types of bodies. JSON is first, because generators use the first one that they
/// support.
fn media(surface: Surface) -> impl Iterator<Item = &'static str> {
    let mut media = surface.facts().media.to_vec();
    media.sort_by_key(|media| *media != JSON);
    media.into_iter()
}

/// Those of answers under the profile.
fn answered(surface: Surface, rules: &Consultation) -> impl Iterator<Item = &'static str> {
    let json = surface == Surface::Management || rules.format_json() != JsonSupport::Never;
    media(surface).filter(move |media| json || *media != JSON)
}

/// A user in another element.
fn enclosed(name: &str, element: &str, surface: Surface, rules: &Consultation) -> Value {
    let camel = surface == Surface::Account && rules.naming_json_case() == JsonCase::Camel;
    let key = if camel { "user" } else { "User" };
    json!({
        "type": "object",
        "required": [key],
        "properties": { key: reference(name) },
        "xml": { "name": element },
    })
}

fn request(endpoint: &Endpoint, name: &str, rules: &Consultation) -> Value {
    if endpoint.login == Login::Client {
        return json!({ "application/x-www-form-urlencoded": { "schema": reference(name) } });
    }
    // What a profile answers as XML alone may still be sent as JSON.
    let mut content = Map::new();
    let Example { xml, json } = examples::of(endpoint.action, rules);
    let body = match examples::wrapper(endpoint.action, rules) {
        Some(element) => enclosed(name, element, endpoint.surface, rules),
        None => reference(name),
    };
    for media in media(endpoint.surface) {
        let (schema, example) = match media {
            // The root of a new password has nothing but text in it.
            XML if name == "PasswordChange" => (
                json!({ "type": "string", "xml": { "name": "Password" } }),
                Value::from(xml.clone()),
            ),
            XML => (body.clone(), Value::from(xml.clone())),
            _ => (body.clone(), json.clone()),
        };
        content.insert(
            media.to_owned(),
            json!({ "schema": schema, "example": example }),
        );
    }
    content.into()
}

fn responses(endpoint: &Endpoint, rules: &Consultation) -> Value {
    let mut responses = Map::new();
    for status in success(endpoint, rules) {
        let mut response = json!({ "description": "Done" });
        if let Some(name) = endpoint.response
            && status != 204
        {
            response["content"] = content(endpoint, name, rules);
        }
        responses.insert(status.to_string(), response);
    }
    for status in COMMON.iter().chain(endpoint.refusals) {
        let mut response = json!({ "description": "Refused" });
        let empty = match status {
            401 => {
                rules.auth_failure_body() == FailureBody::Empty && endpoint.login != Login::Client
            }
            429 => rules.rate_response() == RateResponse::Empty,
            // It says no with the status alone.
            404 => endpoint.action == Action::CheckPermittedAccess,
            _ => false,
        };
        if !empty {
            response["content"] = error(endpoint, rules);
        }
        responses.insert(status.to_string(), response);
    }
    responses.into()
}

/// The statuses of success under the profile.
fn success(endpoint: &Endpoint, rules: &Consultation) -> Vec<u16> {
    let decided_by = match endpoint.action {
        Action::CreateUser => "create.status",
        Action::DeleteUser => "delete.status",
        Action::CreateManagedUser | Action::CreateCredential | Action::CreateSecret => {
            "management.create_status"
        }
        _ => return endpoint.success.to_vec(),
    };
    let behaviour = decided_by.parse::<BehaviourId>();
    let status = behaviour.ok().and_then(|id| rules.option(id).parse().ok());
    status.map_or_else(|| endpoint.success.to_vec(), |status| vec![status])
}

fn content(endpoint: &Endpoint, name: &str, rules: &Consultation) -> Value {
    let schema = |media: &str| match (endpoint.surface, name) {
        (Surface::Management, _) => managed(name, rules),
        // Without users it is an error with the status of success.
        (_, "UsersResponse") if rules.list_empty() == EmptyList::Error230 => json!({}),
        // A user is alone in JSON.
        (_, "UserResponse") if media == JSON => reference("User"),
        _ => reference(name),
    };
    answered(endpoint.surface, rules)
        .filter(|media| endpoint.login != Login::Client || *media == JSON)
        .map(|media| (media.to_owned(), json!({ "schema": schema(media) })))
        .collect::<Map<_, _>>()
        .into()
}

/// An answer of today's API, with its envelope where it has one.
fn managed(name: &str, rules: &Consultation) -> Value {
    let data = match name.strip_suffix('*') {
        Some(item) => json!({ "type": "array", "items": reference(item) }),
        None => reference(name),
    };
    match rules.management_envelope() {
        ManagedEnvelope::Bare => data,
        ManagedEnvelope::LinksDataErrors => json!({
            "type": "object",
            "required": ["links", "data", "errors"],
            "properties": {
                "links": { "type": "array", "items": reference("Link") },
                "data": data,
                "errors": { "type": "array", "items": reference("ManagedError") },
            },
        }),
    }
}

fn error(endpoint: &Endpoint, rules: &Consultation) -> Value {
    let name = match (endpoint.surface, endpoint.login) {
        (Surface::Management, _) => "ManagedErrorResponse",
        (Surface::Identity, _) => "DomainErrorResponse",
        (_, Login::Client) => "TokenErrorResponse",
        _ => "ErrorResponse",
    };
    answered(endpoint.surface, rules)
        .map(|media| {
            let name = if media == XML && endpoint.login == Login::Client {
                "ErrorResponse"
            } else {
                name
            };
            (media.to_owned(), json!({ "schema": reference(name) }))
        })
        .collect::<Map<_, _>>()
        .into()
}
