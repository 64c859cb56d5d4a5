//! The description of both APIs, in version 3.1 of the `OpenAPI` format.

mod emulated;

use axum::{http::header::CONTENT_TYPE, response::IntoResponse};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    PathItem, Ref, RefOr, ResponseBuilder,
    path::Operation,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::{PREFIX, documented, guard};

/// This description
#[utoipa::path(get, path = "/openapi.json", tag = "server", responses((status = 200, body = Object)))]
pub async fn show() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], json())
}

/// The description of the control API and of the emulated one, as `GET /__admin/openapi.json`
/// answers it.
pub fn json() -> String {
    // What is described is fixed when the program is built.
    document().to_json().unwrap_or_default()
}

/// The document: the control API from the router itself, the emulated API from its operations.
pub fn document() -> OpenApi {
    let mut admin = documented().to_openapi();
    let mut document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("bandwidth-mock")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "An emulator of Bandwidth's user-management API, and the control API below \
                     /__admin. Nothing here was tried on a real account.",
                ))
                .license(Some(
                    LicenseBuilder::new().name("MIT OR Apache-2.0").build(),
                ))
                .build(),
        )
        .components(Some(
            admin
                .components
                .take()
                .unwrap_or_else(|| ComponentsBuilder::new().build()),
        ))
        .build();
    for (path, mut item) in admin.paths.paths {
        for operation in operations(&mut item) {
            for status in ["401", "403"] {
                let error = "The token is missing, or a web page of another origin asks.";
                if status != "401" || guard::needs_token(&path) {
                    add_error(operation, status, error);
                }
            }
            if operation.request_body.is_some() {
                add_error(operation, "400", "The body is not of the right form.");
                add_error(operation, "413", "The body is too large.");
            }
        }
        document.paths.paths.insert(format!("{PREFIX}{path}"), item);
    }
    emulated::add(&mut document);
    if let Some(components) = &mut document.components {
        for (name, scheme) in [
            ("basic", HttpAuthScheme::Basic),
            ("bearer", HttpAuthScheme::Bearer),
        ] {
            let scheme = HttpBuilder::new().scheme(scheme).build();
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ]
    .into_iter()
    .flatten()
}

fn add_error(operation: &mut Operation, status: &str, description: &str) {
    let error = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("AdminError")))
        .build();
    operation
        .responses
        .responses
        .entry(status.to_owned())
        .or_insert_with(|| {
            RefOr::T(
                ResponseBuilder::new()
                    .description(description)
                    .content("application/json", error)
                    .build(),
            )
        });
}
