// Written by `cargo xtask gen` from fixtures/behaviours.toml. Edit that file instead.

use super::differ;

#[test]
fn format_default() {
    differ(
        "format.default",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn format_json() {
    differ(
        "format.json",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
Accept: application/json
> POST /api/accounts/12345/users {}
Accept: application/json
Content-Type: application/json
"##,
    );
}

#[test]
fn format_unacceptable() {
    differ(
        "format.unacceptable",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
Accept: text/html
"##,
    );
}

#[test]
fn format_body_without_type() {
    differ(
        "format.body_without_type",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users {}
> POST /api/accounts/12345/users <User/>
"##,
    );
}

#[test]
fn format_json_null() {
    differ(
        "format.json_null",
        "demo",
        &[],
        r##"> PUT /api/accounts/12345/users/u1 {"Username":null}
Accept: application/json
Content-Type: application/json
"##,
    );
}

#[test]
fn format_accept_tie() {
    differ(
        "format.accept_tie",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
Accept: application/json, text/plain, */*
"##,
    );
}

#[test]
fn format_without_accept() {
    differ(
        "format.without_accept",
        "demo",
        &[],
        r##"> PUT /api/accounts/12345/users/u1 {"FirstName":"Jane"}
Content-Type: application/json
"##,
    );
}

#[test]
fn format_charset() {
    differ(
        "format.charset",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn surface_account() {
    differ(
        "surface.account",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
> POST /api/accounts/12345/users <User/>
> GET /api/accounts/12345/users/u1
> GET /api/accounts/12345/roles
"##,
    );
}

#[test]
fn surface_login() {
    differ(
        "surface.login",
        "demo",
        &[],
        r##"> GET /api/users
> GET /api/users/u1
"##,
    );
}

#[test]
fn paths_bases() {
    differ(
        "paths.bases",
        "demo",
        &[],
        r##"> GET /v1.0/accounts/12345/users
"##,
    );
}

#[test]
fn naming_email() {
    differ(
        "naming.email",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn naming_json_case() {
    differ(
        "naming.json_case",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
Accept: application/json
"##,
    );
}

#[test]
fn naming_user_key() {
    differ(
        "naming.user_key",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
> GET /api/accounts/12345/users/u1
> GET /api/accounts/12345/users/jdoe
"##,
    );
}

#[test]
fn user_id_style() {
    differ(
        "user.id_style",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn user_default_fields() {
    differ(
        "user.default_fields",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn user_unknown_fields() {
    differ(
        "user.unknown_fields",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password><Colour>red</Colour></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn user_request_root() {
    differ(
        "user.request_root",
        "demo",
        &[],
        r##"> PUT /api/accounts/12345/users/u1 <UserRequest><User><FirstName>Ann</FirstName></User></UserRequest>
Content-Type: application/xml
> PUT /api/accounts/12345/users/u1 <User><FirstName>Ann</FirstName></User>
Content-Type: application/xml
> PUT /api/accounts/12345/users/u1 {"User":{"FirstName":"Ann"}}
Content-Type: application/json
"##,
    );
}

#[test]
fn user_account_id() {
    differ(
        "user.account_id",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn user_telephone() {
    differ(
        "user.telephone",
        "published",
        &[],
        r##"> GET /api/accounts/12345/users
> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
> POST /api/accounts/12345/users <User><Username>bsmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>bsmith@example.com</Email><Password>Teal-Wagon.47</Password><TelephoneNumber>9195550102</TelephoneNumber></User>
Content-Type: application/xml
> POST /api/accounts/12345/users <User><Username>csmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>csmith@example.com</Email><Password>Teal-Wagon.47</Password><TelephoneNumber>+19195550103</TelephoneNumber></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn role_request_field() {
    differ(
        "role.request_field",
        "demo",
        &["user.default_fields=sent"],
        r##"> PUT /api/accounts/12345/users/u1 <User><Roles><Role>r1</Role></Roles></User>
Content-Type: application/xml
> PUT /api/accounts/12345/users/u1 <User><RoleIds><RoleId>r2</RoleId></RoleIds></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn role_form() {
    differ(
        "role.form",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/roles
"##,
    );
}

#[test]
fn role_unknown() {
    differ(
        "role.unknown",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password><Roles><Role>r9</Role></Roles></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn create_status() {
    differ(
        "create.status",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn create_response() {
    differ(
        "create.response",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn create_location() {
    differ(
        "create.location",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn username_scope() {
    differ(
        "username.scope",
        "two_accounts",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>other-user</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>other-user@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn email_case() {
    differ(
        "email.case",
        "demo",
        &["email.unique=account"],
        r##"> POST /api/accounts/12345/users <User><Username>jdoe2</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>JDoe@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn username_case() {
    differ(
        "username.case",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
> POST /api/accounts/12345/users <User><Username>ASmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>ASmith@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn username_update() {
    differ(
        "username.update",
        "demo",
        &[],
        r##"> PUT /api/accounts/12345/users/u1 <User><Username>other</Username></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn email_unique() {
    differ(
        "email.unique",
        "two_accounts",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>jdoe2</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>jdoe@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
> POST /api/accounts/12345/users <User><Username>other-user2</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>other@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn errors_conflict() {
    differ(
        "errors.conflict",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>api-user</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>api-user@example.com</Email><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn put_semantics() {
    differ(
        "put.semantics",
        "demo",
        &[],
        r##"> PUT /api/accounts/12345/users/u1 <User><FirstName>Jane</FirstName></User>
Content-Type: application/xml
> GET /api/accounts/12345/users/u1
"##,
    );
}

#[test]
fn put_id_mismatch() {
    differ(
        "put.id_mismatch",
        "demo",
        &[],
        r##"> PUT /api/accounts/12345/users/u1 <User><UserId>u7</UserId></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn delete_effect() {
    differ(
        "delete.effect",
        "demo",
        &[],
        r##"> DELETE /api/accounts/12345/users/u1
> GET /api/accounts/12345/users/u1
> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn delete_status() {
    differ(
        "delete.status",
        "demo",
        &[],
        r##"> DELETE /api/accounts/12345/users/u1
"##,
    );
}

#[test]
fn delete_with_resources() {
    differ(
        "delete.with_resources",
        "published",
        &[],
        r##"> DELETE /api/accounts/12345/users/u2
"##,
    );
}

#[test]
fn list_empty() {
    differ(
        "list.empty",
        "empty",
        &[],
        r##"> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn auth_schemes() {
    differ(
        "auth.schemes",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
> GET /api/accounts/12345/users
Authorization: Basic api-user:wrong
> POST /api/v1/oauth2/token grant_type=client_credentials
Content-Type: application/x-www-form-urlencoded
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
"##,
    );
}

#[test]
fn auth_user_logins() {
    differ(
        "auth.user_logins",
        "published",
        &[],
        r##"> GET /api/accounts/12345/users
Authorization: Basic mroe:Teal-Wagon.47
"##,
    );
}

#[test]
fn auth_email_login() {
    differ(
        "auth.email_login",
        "published",
        &["auth.user_logins=accepted", "auth.role_permissions=ignored"],
        r##"> GET /api/accounts/12345/users
Authorization: Basic mroe@example.com:Teal-Wagon.47
"##,
    );
}

#[test]
fn auth_role_permissions() {
    differ(
        "auth.role_permissions",
        "published",
        &["auth.user_logins=accepted"],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password></User>
> GET /api/accounts/12345/roles
Authorization: Basic asmith:Teal-Wagon.47
> PUT /api/accounts/12345/users/u3 <User><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Roles><Role>r2</Role></Roles></User>
> GET /api/accounts/12345/roles
Authorization: Basic asmith:Teal-Wagon.47
> DELETE /api/accounts/12345/users/u1
Authorization: Basic asmith:Teal-Wagon.47
"##,
    );
}

#[test]
fn auth_failure_body() {
    differ(
        "auth.failure_body",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
Authorization: Basic api-user:wrong
"##,
    );
}

#[test]
fn auth_challenge() {
    differ(
        "auth.challenge",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
Authorization: Basic api-user:wrong
"##,
    );
}

#[test]
fn auth_other_account() {
    differ(
        "auth.other_account",
        "demo",
        &[],
        r##"> GET /api/accounts/99999/users
"##,
    );
}

#[test]
fn auth_lockout() {
    differ(
        "auth.lockout",
        "demo",
        &[],
        r##"6 times
> GET /api/accounts/12345/users
Authorization: Basic api-user:wrong
> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn auth_lockout_seconds() {
    differ(
        "auth.lockout_seconds",
        "demo",
        &["auth.lockout=1"],
        r##"> GET /api/accounts/12345/users
Authorization: Basic api-user:wrong
> GET /api/accounts/12345/users
> POST /__admin/clock {"action":"advance","ms":900000}
> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn auth_token_seconds() {
    differ(
        "auth.token_seconds",
        "demo",
        &["auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Content-Type: application/x-www-form-urlencoded
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
"##,
    );
}

#[test]
fn auth_token_clients() {
    differ(
        "auth.token_clients",
        "demo",
        &["auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Content-Type: application/x-www-form-urlencoded
> POST /api/v1/oauth2/token grant_type=client_credentials
Content-Type: application/x-www-form-urlencoded
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
"##,
    );
}

#[test]
fn auth_token_owner_gone() {
    differ(
        "auth.token_owner_gone",
        "published",
        &[
            "auth.schemes=basic_and_bearer",
            "auth.user_logins=accepted",
            "auth.token_clients=credentials_and_login",
        ],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password></User>
> POST /api/v1/oauth2/token grant_type=client_credentials
Content-Type: application/x-www-form-urlencoded
Authorization: Basic asmith:Teal-Wagon.47
> GET /api/accounts/12345/roles
Authorization: Bearer TOKEN
> DELETE /api/accounts/12345/users/u3
> GET /api/accounts/12345/roles
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn auth_basic_ends() {
    differ(
        "auth.basic_ends",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/roles
> POST /__admin/clock {"action":"advance","ms":23543999000}
> GET /api/accounts/12345/roles
> POST /__admin/clock {"action":"advance","ms":1000}
> GET /api/accounts/12345/roles
"##,
    );
}

#[test]
fn auth_api_users_created_until() {
    differ(
        "auth.api_users_created_until",
        "demo",
        &["auth.user_logins=accepted"],
        r##"> POST /__admin/clock {"action":"advance","ms":2375999000}
> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Wagon.47</Password></User>
> POST /__admin/clock {"action":"advance","ms":1000}
> POST /api/accounts/12345/users <User><Username>bsmith</Username><FirstName>Bea</FirstName><LastName>Smith</LastName><Email>bsmith@example.com</Email><Password>Teal-Wagon.48</Password></User>
"##,
    );
}

#[test]
fn auth_api_users_updated_until() {
    differ(
        "auth.api_users_updated_until",
        "demo",
        &["auth.user_logins=accepted", "put.semantics=merge"],
        r##"> POST /__admin/clock {"action":"advance","ms":10238399000}
> PUT /api/accounts/12345/users/u1 <User><FirstName>Jack</FirstName></User>
> POST /__admin/clock {"action":"advance","ms":1000}
> PUT /api/accounts/12345/users/u1 <User><FirstName>John</FirstName></User>
> PUT /api/accounts/12345/users/u1 <User><Password>Teal-Wagon.48</Password></User>
"##,
    );
}

#[test]
fn missing_user() {
    differ(
        "missing.user",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users/u9
"##,
    );
}

#[test]
fn missing_by_username() {
    differ(
        "missing.by_username",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users/jdoe
"##,
    );
}

#[test]
fn errors_shape() {
    differ(
        "errors.shape",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users/u9
"##,
    );
}

#[test]
fn password_min_length() {
    differ(
        "password.min_length",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>aB3-xyz</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn password_max_length() {
    differ(
        "password.max_length",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>aB3-xyz-aB3-xyz-aB3-xyz</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn password_classes() {
    differ(
        "password.classes",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>TealWagon47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn password_identity() {
    differ(
        "password.identity",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal-Asmith.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn password_repeats() {
    differ(
        "password.repeats",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Wagon-Wagon.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn password_history() {
    differ(
        "password.history",
        "demo",
        &["surface.login=served"],
        r##"> PUT /api/users/api-user/password <Password>Api-Passw0rd!23</Password>
Authorization: Basic api-user:Api-Passw0rd!23
Content-Type: application/xml
"##,
    );
}

#[test]
fn password_common_words() {
    differ(
        "password.common_words",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>My-Qwerty.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn password_charset() {
    differ(
        "password.charset",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>Teal Wagon.47</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn password_errors() {
    differ(
        "password.errors",
        "demo",
        &[],
        r##"> POST /api/accounts/12345/users <User><Username>asmith</Username><FirstName>Anna</FirstName><LastName>Smith</LastName><Email>asmith@example.com</Email><Password>weak</Password></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn rate_limit() {
    differ(
        "rate.limit",
        "demo",
        &[],
        r##"870 times
> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn rate_response() {
    differ(
        "rate.response",
        "demo",
        &["rate.limit=1/1h"],
        r##"2 times
> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn rate_headers() {
    differ(
        "rate.headers",
        "demo",
        &["rate.limit=1/1h"],
        r##"2 times
> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn rate_connection() {
    differ(
        "rate.connection",
        "demo",
        &["rate.limit=1/1h"],
        r##"2 times
> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn http_keep_alive() {
    differ(
        "http.keep_alive",
        "demo",
        &[],
        r##"> GET /api/accounts/12345/users
"##,
    );
}

#[test]
fn http_cors() {
    differ(
        "http.cors",
        "demo",
        &[],
        r##"> OPTIONS /api/accounts/12345/users
Origin: https://app.example.com
Access-Control-Request-Method: POST
Access-Control-Request-Headers: authorization, content-type
> GET /api/accounts/12345/users
Origin: https://app.example.com
"##,
    );
}

#[test]
fn surface_identity() {
    differ(
        "surface.identity",
        "demo",
        &[],
        r##"> GET /api/identitydomains/Iris
> GET /api/identitydomains/Iris/users
"##,
    );
}

#[test]
fn identity_domain_case() {
    differ(
        "identity.domain_case",
        "demo",
        &["surface.identity=served"],
        r##"> GET /api/identitydomains/iris
"##,
    );
}

#[test]
fn identity_request_root() {
    differ(
        "identity.request_root",
        "demo",
        &["surface.identity=served"],
        r##"> POST /api/identitydomains/Iris/users/annlee <LdapUserRequest><User><UserId>annlee</UserId><Email>annlee@example.com</Email><UserProfile><FirstName>Ann</FirstName><LastName>Lee</LastName><TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile></User></LdapUserRequest>
Content-Type: application/xml
> POST /api/identitydomains/Iris/users/bobray <User><UserId>bobray</UserId><Email>bobray@example.com</Email><UserProfile><FirstName>Ann</FirstName><LastName>Lee</LastName><TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn identity_removal() {
    differ(
        "identity.removal",
        "demo",
        &["surface.identity=served"],
        r##"> DELETE /api/identitydomains/Iris/users/jdoe
> GET /api/identitydomains/Iris/users/jdoe
"##,
    );
}

#[test]
fn identity_errors_echo() {
    differ(
        "identity.errors_echo",
        "demo",
        &["surface.identity=served"],
        r##"> POST /api/identitydomains/Iris/users/annlee <User><UserId>bobray</UserId><Password>Teal-Wagon.47</Password></User>
Content-Type: application/xml
> GET /api/identitydomains/Iris/users/nobody-here
"##,
    );
}

#[test]
fn identity_password_shown() {
    differ(
        "identity.password_shown",
        "demo",
        &["surface.identity=served"],
        r##"> PUT /api/identitydomains/Iris/users/api-user/password <Password>New-Passw0rd!45</Password>
Content-Type: application/xml
"##,
    );
}

#[test]
fn identity_page_size() {
    differ(
        "identity.page_size",
        "demo",
        &["surface.identity=served"],
        r##"> POST /api/identitydomains/Iris/users/annlee <User><UserId>annlee</UserId><Email>annlee@example.com</Email><UserProfile><FirstName>Ann</FirstName><LastName>Lee</LastName><TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile></User>
Content-Type: application/xml
> POST /api/identitydomains/Iris/users/bobray <User><UserId>bobray</UserId><Email>bobray@example.com</Email><UserProfile><FirstName>Ann</FirstName><LastName>Lee</LastName><TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile></User>
Content-Type: application/xml
> GET /api/identitydomains/Iris/users
"##,
    );
}

#[test]
fn identity_page_beyond() {
    differ(
        "identity.page_beyond",
        "demo",
        &["surface.identity=served"],
        r##"> GET /api/identitydomains/Iris/users?page=9&size=1
"##,
    );
}

#[test]
fn identity_roles_listed() {
    differ(
        "identity.roles_listed",
        "published",
        &["surface.identity=served"],
        r##"> GET /api/identitydomains/Iris/roles
"##,
    );
}

#[test]
fn identity_unknown_in_body() {
    differ(
        "identity.unknown_in_body",
        "demo",
        &["surface.identity=served"],
        r##"> PUT /api/identitydomains/Iris/users/jdoe/roles <RoleList><Role><RoleId>no-such-role</RoleId></Role></RoleList>
Content-Type: application/xml
"##,
    );
}

#[test]
fn identity_codes() {
    differ(
        "identity.codes",
        "demo",
        &["surface.identity=served"],
        r##"> GET /api/identitydomains/Iris/roles/no-such-role
> PUT /api/identitydomains/Iris/users/jdoe/settings <UserSettings><Scope>All</Scope></UserSettings>
Content-Type: application/xml
"##,
    );
}

#[test]
fn identity_put_absent() {
    differ(
        "identity.put_absent",
        "demo",
        &["surface.identity=served"],
        r##"> PUT /api/identitydomains/Iris/users/jdoe <User><Email>john@example.com</Email></User>
Content-Type: application/xml
> PUT /api/identitydomains/Iris/users/jdoe/profile <UserProfile><FirstName>Jack</FirstName><TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile>
Content-Type: application/xml
"##,
    );
}

#[test]
fn identity_put_empty() {
    differ(
        "identity.put_empty",
        "demo",
        &["surface.identity=served"],
        r##"> PUT /api/identitydomains/Iris/users/jdoe/profile <UserProfile><FirstName/><TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile>
Content-Type: application/xml
"##,
    );
}

#[test]
fn identity_empty_list() {
    differ(
        "identity.empty_list",
        "demo",
        &["surface.identity=served"],
        r##"> POST /api/identitydomains/Iris/users/jdoe/roles/Admin
> PUT /api/identitydomains/Iris/users/jdoe/roles <RoleList/>
Content-Type: application/xml
"##,
    );
}

#[test]
fn identity_phone_required() {
    differ(
        "identity.phone_required",
        "demo",
        &["surface.identity=served"],
        r##"> POST /api/identitydomains/Iris/users/annlee <User><UserId>annlee</UserId><Email>annlee@example.com</Email><UserProfile><FirstName>Ann</FirstName><LastName>Lee</LastName></UserProfile></User>
Content-Type: application/xml
> PUT /api/identitydomains/Iris/users/jdoe/profile <UserProfile><FirstName>Jack</FirstName></UserProfile>
Content-Type: application/xml
"##,
    );
}

#[test]
fn identity_least_id() {
    differ(
        "identity.least_id",
        "demo",
        &["surface.identity=served"],
        r##"> GET /api/identitydomains/Iris/users/abc
"##,
    );
}

#[test]
fn identity_scope_above() {
    differ(
        "identity.scope_above",
        "demo",
        &["surface.identity=served"],
        r##"> PUT /api/identitydomains/Iris/users/jdoe/settings <UserSettings><Scope>All</Scope></UserSettings>
Content-Type: application/xml
"##,
    );
}

#[test]
fn identity_new_accounts() {
    differ(
        "identity.new_accounts",
        "demo",
        &["surface.identity=served"],
        r##"> POST /api/identitydomains/Iris/users/annlee <User><UserId>annlee</UserId><Email>annlee@example.com</Email><UserProfile><FirstName>Ann</FirstName><LastName>Lee</LastName><TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn identity_new_active() {
    differ(
        "identity.new_active",
        "demo",
        &["surface.identity=served"],
        r##"> POST /api/identitydomains/Iris/users/annlee <User><UserId>annlee</UserId><Email>annlee@example.com</Email><UserProfile><FirstName>Ann</FirstName><LastName>Lee</LastName><TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn identity_new_origin() {
    differ(
        "identity.new_origin",
        "demo",
        &["surface.identity=served"],
        r##"> POST /api/identitydomains/Iris/users/annlee <User><UserId>annlee</UserId><Email>annlee@example.com</Email><UserProfile><FirstName>Ann</FirstName><LastName>Lee</LastName><TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn identity_user_state() {
    differ(
        "identity.user_state",
        "demo",
        &["surface.identity=served"],
        r##"> GET /api/identitydomains/Iris/users/jdoe/settings
"##,
    );
}

#[test]
fn identity_event_names() {
    differ(
        "identity.event_names",
        "demo",
        &["surface.identity=served"],
        r##"> PUT /api/identitydomains/Iris/users/jdoe/settings <UserSettings><Active>false</Active></UserSettings>
Content-Type: application/xml
> GET /api/identitydomains/Iris/users/jdoe/logs
"##,
    );
}

#[test]
fn identity_gui_logins() {
    differ(
        "identity.gui_logins",
        "published",
        &["surface.identity=served", "auth.user_logins=accepted"],
        r##"> PUT /api/identitydomains/Iris/users/mroe/settings <UserSettings><AllowedApiOrigin>GUI</AllowedApiOrigin></UserSettings>
Content-Type: application/xml
> GET /api/identitydomains/Iris
Authorization: Basic mroe:Teal-Wagon.47
"##,
    );
}

#[test]
fn identity_taken() {
    differ(
        "identity.taken",
        "demo",
        &["surface.identity=served"],
        r##"> POST /api/identitydomains/Iris/users/jdoe <User><UserId>jdoe</UserId><Email>jdoe@example.com</Email><UserProfile><FirstName>Ann</FirstName><LastName>Lee</LastName><TelephoneNumbers><WorkPhone>9195550111</WorkPhone></TelephoneNumbers></UserProfile></User>
Content-Type: application/xml
"##,
    );
}

#[test]
fn surface_management() {
    differ(
        "surface.management",
        "demo",
        &["auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> GET /api/v1/users
Authorization: Bearer TOKEN
> GET /api/v2/accounts
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_user_key() {
    differ(
        "management.user_key",
        "demo",
        &["surface.management=served", "auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> GET /api/v1/users/u1
Authorization: Bearer TOKEN
> GET /api/v1/users/jdoe
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_names() {
    differ(
        "management.names",
        "demo",
        &["surface.management=served", "auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> GET /api/v1/users/u1
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_state() {
    differ(
        "management.state",
        "demo",
        &[
            "surface.management=served",
            "management.update=patch",
            "auth.schemes=basic_and_bearer",
        ],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> PATCH /api/v1/users/u1 {"enabled":false}
Authorization: Bearer TOKEN
> PATCH /api/v1/users/u1 {"status":"INACTIVE"}
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_envelope() {
    differ(
        "management.envelope",
        "demo",
        &["surface.management=served", "auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> GET /api/v1/users/u1
Authorization: Bearer TOKEN
> GET /api/v1/roles
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_role_form() {
    differ(
        "management.role_form",
        "demo",
        &["surface.management=served", "auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> POST /api/v1/users {"username":"asmith","firstName":"Anna","lastName":"Smith","email":"asmith@example.com","accountScope":"ACCOUNT","roles":[{"roleId":"r2"}],"accounts":[{"accountId":"12345"}]}
Authorization: Bearer TOKEN
> POST /api/v1/users {"username":"asmith","firstName":"Anna","lastName":"Smith","email":"asmith@example.com","accountScope":"ACCOUNT","roles":["r2"],"accounts":[{"accountId":"12345"}]}
Authorization: Bearer TOKEN
> POST /api/v1/users {"username":"asmith","firstName":"Anna","lastName":"Smith","email":"asmith@example.com","accountScope":"ACCOUNT","roles":["ReadOnly"],"accounts":[{"accountId":"12345"}]}
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_account_form() {
    differ(
        "management.account_form",
        "demo",
        &["surface.management=served", "auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> POST /api/v1/users {"username":"asmith","firstName":"Anna","lastName":"Smith","email":"asmith@example.com","accountScope":"ACCOUNT","roles":[{"roleId":"r2"}],"accounts":[{"accountId":"12345"}]}
Authorization: Bearer TOKEN
> POST /api/v1/users {"username":"asmith","firstName":"Anna","lastName":"Smith","email":"asmith@example.com","accountScope":"ACCOUNT","roles":[{"roleId":"r2"}],"accounts":["12345"]}
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_update() {
    differ(
        "management.update",
        "demo",
        &["surface.management=served", "auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> PATCH /api/v1/users/u1 {"firstName":"Jane"}
Authorization: Bearer TOKEN
> PUT /api/v1/users/u1 {"firstName":"Jane"}
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_absent_keys() {
    differ(
        "management.absent_keys",
        "demo",
        &[
            "surface.management=served",
            "management.update=patch",
            "auth.schemes=basic_and_bearer",
        ],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> PATCH /api/v1/users/u1 {"phone":"+19195550100"}
Authorization: Bearer TOKEN
> PATCH /api/v1/users/u1 {"username":"jdoe","firstName":"Anna","lastName":"Smith","email":"jdoe@example.com","accountScope":"ACCOUNT","roles":[{"roleId":"r2"}],"accounts":[{"accountId":"12345"}]}
Authorization: Bearer TOKEN
> PATCH /api/v1/users/u1 {"firstName":"Jane"}
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_removal() {
    differ(
        "management.removal",
        "demo",
        &["surface.management=served", "auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> DELETE /api/v1/users/u1 
Authorization: Bearer TOKEN
> GET /api/v1/users/u1
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_create_status() {
    differ(
        "management.create_status",
        "demo",
        &["surface.management=served", "auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> POST /api/v1/users {"username":"asmith","firstName":"Anna","lastName":"Smith","email":"asmith@example.com","accountScope":"ACCOUNT","roles":[{"roleId":"r2"}],"accounts":[{"accountId":"12345"}]}
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_pages() {
    differ(
        "management.pages",
        "demo",
        &["surface.management=served", "auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> GET /api/v1/roles?limit=1
Authorization: Bearer TOKEN
> GET /api/v1/roles?limit=0
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_errors() {
    differ(
        "management.errors",
        "demo",
        &["surface.management=served", "auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> GET /api/v1/users/u9
Authorization: Bearer TOKEN
"##,
    );
}

#[test]
fn management_invalid() {
    differ(
        "management.invalid",
        "demo",
        &["surface.management=served", "auth.schemes=basic_and_bearer"],
        r##"> POST /api/v1/oauth2/token grant_type=client_credentials
Authorization: Basic CLI-7c1f5a34-9d2e-4b60-8f17-2a5be0c4d913:qV7mTz2Lr9XwKc4NfB8sHd6YpJ3gEa5U
Content-Type: application/x-www-form-urlencoded
> POST /api/v1/users {"username":"asmith","firstName":"Anna","lastName":"Smith","email":"asmith","accountScope":"ACCOUNT","roles":[{"roleId":"r2"}],"accounts":[{"accountId":"12345"}]}
Authorization: Bearer TOKEN
> POST /api/v1/users {
Authorization: Bearer TOKEN
"##,
    );
}
