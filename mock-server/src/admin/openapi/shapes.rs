//! Bodies of the emulated API under a profile.
//!
//! A shape is a line: a name, the XML element, and its fields. `Roles=Role*?` is a field with a list
//! of `Role` that may be left out. After `=` comes `flag`, `number`, `time`, `role_id`, `any` or
//! another shape; otherwise the field is a text. `*` is a list with an element of its own in XML, `+`
//! one without. A field with `?` may be left out.

use bandwidth_fixtures::{
    Consultation, TextField,
    profile::{
        AccountIdInBody, ErrorShape, JsonCase, ManagedAccountForm, ManagedErrors, ManagedRoleForm,
        ManagedState, PutSemantics, RoleField, RoleForm, Telephone, UserKey,
    },
    seed::{DetailField, DetailGroup},
};
use serde_json::{Map, Value, json};

use crate::codec::{identity::WORK_PHONE, management, name_of};

/// A name, the XML element, and the fields.
type Line = (&'static str, &'static str, String);

/// A reference to a shape.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Every shape by its name.
pub(super) fn schemas(rules: &Consultation) -> Map<String, Value> {
    let camel = rules.naming_json_case() == JsonCase::Camel;
    let account = account(rules).into_iter().map(|line| (line, camel));
    let others = management(rules).into_iter().chain(identity());
    account
        .chain(others.map(|line| (line, false)))
        .map(|((name, element, fields), camel)| (name.to_owned(), object(element, &fields, camel)))
        .collect()
}

/// `Username` as `username`.
pub(super) fn camel_case(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_ascii_lowercase())
}

fn object(element: &str, fields: &str, camel: bool) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields.split_ascii_whitespace() {
        let (field, optional) = match field.strip_suffix('?') {
            Some(field) => (field, true),
            None => (field, false),
        };
        let (name, kind) = field.split_once('=').unwrap_or((field, "text"));
        let key = if camel {
            camel_case(name)
        } else {
            name.to_owned()
        };
        let (mut schema, mut xml) = (kind_of(kind), Map::new());
        if key != name {
            xml.insert("name".to_owned(), name.into());
        }
        if kind.ends_with('*') && !element.is_empty() {
            xml.insert("wrapped".to_owned(), true.into());
        }
        // Beside a reference, readers of earlier versions ignore it.
        if !xml.is_empty() && schema.get("$ref").is_none() {
            schema["xml"] = xml.into();
        }
        if !optional {
            required.push(key.clone());
        }
        properties.insert(key, schema);
    }
    let mut object = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        object["required"] = required.into();
    }
    if !element.is_empty() {
        object["xml"] = json!({ "name": element });
    }
    object
}

fn kind_of(kind: &str) -> Value {
    if let Some(item) = kind.strip_suffix(['*', '+']) {
        return json!({ "type": "array", "items": kind_of(item) });
    }
    match kind {
        "any" => json!({}),
        "text" => json!({ "type": "string" }),
        "flag" => json!({ "type": "boolean" }),
        "number" => json!({ "type": "integer" }),
        "role_id" => json!({ "type": "string", "xml": { "name": "RoleId" } }),
        "time" => json!({ "type": "string", "format": "date-time" }),
        shape => reference(shape),
    }
}

/// The names of the texts of a user, each with a `?` unless it is required.
fn texts(rules: &Consultation, required: impl Fn(TextField) -> bool) -> String {
    let fields = TextField::ALL.iter().filter_map(|field| {
        let name = name_of(*field, rules)?;
        Some(format!("{name}{}", if required(*field) { "" } else { "?" }))
    });
    fields.collect::<Vec<_>>().join(" ")
}

/// The surfaces `account`, `login` and `token`.
fn account(rules: &Consultation) -> Vec<Line> {
    let id = match rules.naming_user_key() {
        UserKey::UserId => "UserId ",
        UserKey::Username => "",
    };
    let role = match rules.role_form() {
        RoleForm::IdAndName => "RoleId RoleName",
        RoleForm::NameAndPermissions => "RoleName Permissions=Permission*",
    };
    let telephone = rules.user_telephone() == Telephone::TenDigitsRequired;
    let whole = |field| field != TextField::TelephoneNumber || telephone;
    let new = texts(rules, whole);
    let changes = match rules.put_semantics() {
        PutSemantics::ReplaceRequiringFields => new.clone(),
        PutSemantics::Replace | PutSemantics::Merge => texts(rules, |_| false),
    };
    let shown = texts(rules, |_| false);
    let roles = match rules.role_request_field() {
        RoleField::Roles | RoleField::Either => "Roles=RoleReference*?",
        RoleField::RoleIds => "RoleIds=role_id*?",
    };
    let given = format!("{roles} Enabled=flag? UserId?");
    let account_id = match rules.user_account_id() {
        AccountIdInBody::Optional => "AccountId?",
        AccountIdInBody::Required => "AccountId",
    };
    let (error, detail) = match rules.errors_shape() {
        ErrorShape::ResponseStatus => ("ResponseStatus=ErrorDetail", "ErrorCode=number"),
        ErrorShape::ResponseStatusWithoutCode => ("ResponseStatus=ErrorDetail", ""),
        ErrorShape::ErrorList => ("ErrorList=ErrorDetail*", "Code=number"),
        ErrorShape::Error => ("Error=ErrorDetail", "Code=number"),
        ErrorShape::IrisStatus => ("irisStatus=ErrorDetail", "Code=number"),
        ErrorShape::Errors => ("Errors=ErrorDetail+", "Code=number"),
    };
    let element = match rules.errors_shape() {
        ErrorShape::ResponseStatus | ErrorShape::ResponseStatusWithoutCode => "ResponseStatus",
        ErrorShape::ErrorList | ErrorShape::Error => "Error",
        ErrorShape::IrisStatus => "irisStatus",
        ErrorShape::Errors => "Errors",
    };
    let line = |name, element, fields: &str| (name, element, fields.to_owned());
    vec![
        (
            "User",
            "User",
            format!("{id}Username {shown} Roles=Role*? Enabled=flag? Accounts=Account*?"),
        ),
        line("Role", "Role", role),
        line("Permission", "Permission", "PermissionName"),
        line("Account", "Account", "AccountId CompanyName"),
        line("UserResponse", "UserResponse", "User=User"),
        line("UsersResponse", "UsersResponse", "Users=User*"),
        line("RolesResponse", "RolesResponse", "Roles=Role*"),
        line("DeletedResponse", "UserResponse", ""),
        (
            "NewUser",
            "User",
            format!("Username {new} Password {given} {account_id}"),
        ),
        (
            "UserChanges",
            "User",
            format!("Username? {changes} Password? {given} AccountId?"),
        ),
        line("RoleReference", "Role", "RoleId? RoleName?"),
        line("PasswordChange", "", "Password"),
        line("ErrorResponse", "ErrorResponse", error),
        ("ErrorDetail", element, format!("{detail} Description")),
    ]
}

/// The surface `management`, and tokens. Their keys are as they are here.
fn management(rules: &Consultation) -> Vec<Line> {
    let names = rules.management_names();
    let username = management::username_key(names);
    let texts = |required: bool| {
        let fields = TextField::ALL.iter().map(|field| {
            let may_lack = !required || *field == TextField::TelephoneNumber;
            let key = management::key(*field, names);
            format!("{key}{}", if may_lack { "?" } else { "" })
        });
        fields.collect::<Vec<_>>().join(" ")
    };
    let roles = match rules.management_role_form() {
        ManagedRoleForm::Objects => "roles=ManagedRole*",
        ManagedRoleForm::Ids | ManagedRoleForm::Names => "roles=text*",
    };
    let given = match rules.management_role_form() {
        ManagedRoleForm::Objects => "roles=RoleId*?",
        ManagedRoleForm::Ids | ManagedRoleForm::Names => "roles=text*?",
    };
    let accounts = match rules.management_account_form() {
        ManagedAccountForm::Objects => "accounts=ManagedAccount*",
        ManagedAccountForm::Ids => "accounts=text*",
    };
    let given_accounts = match rules.management_account_form() {
        ManagedAccountForm::Objects => "accounts=AccountId*?",
        ManagedAccountForm::Ids => "accounts=text*?",
    };
    let state = match rules.management_state() {
        ManagedState::Enabled => "enabled=flag",
        ManagedState::Status => "status",
    };
    let error = match rules.management_errors() {
        ManagedErrors::List => "links=Link* errors=ManagedError*",
        ManagedErrors::Status => "timestamp=time status=number error path",
    };
    let line = |name, fields: &str| (name, "", fields.to_owned());
    let (shown, new, changes) = (texts(false), texts(true), texts(false));
    vec![
        (
            "ManagedUser",
            "",
            format!("userId {username} {shown} accountScope {roles} {accounts} {state}"),
        ),
        (
            "NewManagedUser",
            "",
            format!("{username} {new} accountScope? {given} {given_accounts} {state}?"),
        ),
        (
            "ManagedUserChanges",
            "",
            format!("{username}? {changes} accountScope? {given} {given_accounts} {state}?"),
        ),
        line("ManagedRole", "roleId roleName"),
        line("ManagedAccount", "accountId accountName"),
        line("RoleId", "roleId roleName?"),
        line("AccountId", "accountId accountName?"),
        line(
            "Credential",
            "clientId description accountScope roles=text* accounts=text* createdDate=time \
             secrets=ClientSecret*",
        ),
        line(
            "NewCredential",
            "description? accountScope? roles=text*? accounts=text*?",
        ),
        line(
            "CredentialChanges",
            "description? accountScope? roles=text*? accounts=text*?",
        ),
        line(
            "ClientSecret",
            "secretId clientSecret? active=flag createdDate=time expirationDate=time?",
        ),
        line("SecretRequest", "expirationDate=time?"),
        line("Link", "href rel method"),
        line("ManagedError", "type description code=number"),
        line("ManagedErrorResponse", error),
        line("AccessToken", "access_token token_type expires_in=number"),
        line("TokenRequest", "grant_type client_id? client_secret?"),
        line("TokenErrorResponse", "error error_description"),
    ]
}

/// The fields of a part of a user's profile.
fn details(group: DetailGroup) -> String {
    let fields = DetailField::ALL
        .iter()
        .filter(|field| field.group() == group);
    let names = fields.map(|field| format!("{}?", field.wire_name()));
    names.collect::<Vec<_>>().join(" ")
}

/// The part of a user that an event changed.
const CHANGED: &str = "UserId? UserSettings=UserSettings? UserProfile=UserProfile? \
                       RoleList=DomainRole*? AccountList=DomainAccount*?";

/// Most of the surface `identity`.
const IDENTITY: &[(&str, &str, &str)] = &[
    (
        "DomainUser",
        "User",
        "UserId Email? EmailValidated=flag UserSettings=UserSettings UserProfile=UserProfile? \
         RoleList=DomainRole*? AccountList=DomainAccount*?",
    ),
    (
        "NewDomainUser",
        "User",
        "UserId? Email EmailValidated=flag? Password UserSettings=UserSettings? \
         UserProfile=UserProfile RoleList=RoleById*? AccountList=AccountById*?",
    ),
    (
        "DomainUserChanges",
        "User",
        "UserId? Email? EmailValidated=flag? Password? UserSettings=UserSettings? \
         UserProfile=UserProfile? RoleList=RoleById*? AccountList=AccountById*?",
    ),
    (
        "UserSettings",
        "UserSettings",
        "Scope? Active=flag? AllowedApiOrigin? UserState?",
    ),
    ("RoleById", "Role", "RoleId"),
    ("AccountById", "Account", "AccountId"),
    ("RoleIds", "RoleList", "Role=RoleById+?"),
    ("AccountIds", "AccountList", "Account=AccountById+?"),
    (
        "ListedUser",
        "User",
        "FirstName? LastName? UserId Email? Scope EmailValidated=flag Active=flag",
    ),
    (
        "UserList",
        "UserList",
        "totalCount=number User=ListedUser+?",
    ),
    (
        "LdapUsersResponse",
        "LdapUsersResponse",
        "UserList=UserList",
    ),
    ("LdapUserResponse", "LdapUserResponse", "User=DomainUser"),
    (
        "UserPart",
        "User",
        "UserId? Password? UserSettings=UserSettings? UserProfile=UserProfile? \
         RoleList=DomainRole*? AccountList=DomainAccount*? UserPreferences=UserPreference*?",
    ),
    ("LdapUserPartResponse", "LdapUserResponse", "User=UserPart"),
    (
        "UserSettingsResponse",
        "UserSettingsResponse",
        "User=UserPart",
    ),
    (
        "UserProfileResponse",
        "UserProfileResponse",
        "User=UserPart",
    ),
    (
        "LdapUserRolesResponse",
        "LdapUserRolesResponse",
        "User=UserPart",
    ),
    (
        "LdapUserRoleResponse",
        "LdapUserRoleResponse",
        "User=UserPart",
    ),
    (
        "UserAccountsResponse",
        "UserAccountsResponse",
        "User=UserPart",
    ),
    (
        "UserAccountResponse",
        "UserAccountResponse",
        "User=UserPart",
    ),
    (
        "LdapUserPasswordResponse",
        "LdapUserPasswordResponse",
        "User=UserPart",
    ),
    (
        "LdapUserPreferencesResponse",
        "LdapUserPreferencesResponse",
        "User=UserPart",
    ),
    (
        "LdapUserPreferenceResponse",
        "LdapUserPreferenceResponse",
        "User=UserPart",
    ),
    ("DomainResponse", "DomainResponse", "Domain=Domain"),
    (
        "Domain",
        "Domain",
        "DomainName DomainDescription DomainSettings?",
    ),
    (
        "DomainRole",
        "Role",
        "RoleId? RoleSimpleName? RoleDescription? Internal=flag? \
         PermissionList=DomainPermission*?",
    ),
    (
        "DomainPermission",
        "Permission",
        "PermissionId Internal=flag",
    ),
    ("DomainAccount", "Account", "AccountId AccountName"),
    (
        "LdapRolesResponse",
        "LdapRolesResponse",
        "RoleList=DomainRole*",
    ),
    ("LdapRoleResponse", "LdapRoleResponse", "Role=DomainRole"),
    (
        "LdapRolePermissionsResponse",
        "LdapRolePermissionsResponse",
        "Role=DomainRole",
    ),
    (
        "LdapRolePermissionResponse",
        "LdapRolePermissionResponse",
        "Role=DomainRole",
    ),
    (
        "LdapPermissionsResponse",
        "LdapPermissionsResponse",
        "PermissionList=DomainPermission*",
    ),
    (
        "LdapPermissionResponse",
        "LdapPermissionResponse",
        "Permission=DomainPermission",
    ),
    (
        "AccountPage",
        "AccountList",
        "totalCount=number Account=DomainAccount+?",
    ),
    (
        "LdapAccountsResponse",
        "LdapAccountsResponse",
        "AccountList=AccountPage",
    ),
    (
        "LdapAccountResponse",
        "LdapAccountResponse",
        "Account=DomainAccount",
    ),
    (
        "UserEventLog",
        "UserEventLog",
        "Links=PageLinks UserEvents=UserEvent*",
    ),
    ("PageLinks", "Links", "first next?"),
    (
        "UserEvent",
        "UserEvent",
        "EventId EventDate=time InvokingUser Event Success=flag ContainDetails=flag?",
    ),
    (
        "UserActivityEventDetailsResponse",
        "UserActivityEventDetailsResponse",
        "UserActivityEventDetails=EventDetails",
    ),
    (
        "EventDetails",
        "UserActivityEventDetails",
        "UserEvent=UserEvent BeforeChanges=BeforeChanges AfterChanges=AfterChanges",
    ),
    ("BeforeChanges", "BeforeChanges", CHANGED),
    ("AfterChanges", "AfterChanges", CHANGED),
    (
        "UserPreference",
        "UserPreference",
        "PreferenceName PreferenceValue",
    ),
    (
        "UserPreferences",
        "UserPreferences",
        "UserPreference=UserPreference+?",
    ),
    (
        "UserPreferencesResponse",
        "UserPreferencesResponse",
        "UserPreferences=UserPreference*",
    ),
    (
        "PreferencesResponse",
        "UserPreferencesResponse",
        "UserPreferences=KnownPreference*",
    ),
    (
        "KnownPreference",
        "UserPreference",
        "PreferenceName OptionalValues=OptionalValues",
    ),
    ("OptionalValues", "OptionalValues", "OptionalValue=text+?"),
    ("TokenScope", "TokenScope", "AccountScope?"),
    (
        "TokensResponse",
        "TokensResponse",
        "TokenGroups=TokenGroup*",
    ),
    (
        "TokenGroup",
        "TokenGroup",
        "TokenList=TokenList TokenScope=TokenScope",
    ),
    ("TokenList", "TokenList", "Token=text+?"),
    ("TokenResponse", "TokenResponse", "ApiToken=ApiToken"),
    (
        "ApiToken",
        "ApiToken",
        "TokenId Secret? TokenScope=TokenScope",
    ),
    (
        "DomainErrorResponse",
        "ErrorResponse",
        "ResponseStatus=DomainErrorStatus User=any? Role=any? Account=any? \
         UserActivityEventDetails=any?",
    ),
    (
        "DomainErrorStatus",
        "ResponseStatus",
        "ErrorCode=number Description",
    ),
];

/// The surface `identity`.
fn identity() -> Vec<Line> {
    let fixed = IDENTITY
        .iter()
        .map(|(name, element, fields)| (*name, *element, (*fields).to_owned()));
    let profile = format!(
        "FirstName? LastName? StreetAddress=StreetAddress? TelephoneNumbers=TelephoneNumbers? {}",
        details(DetailGroup::Profile)
    );
    let phones = format!("{} {WORK_PHONE}?", details(DetailGroup::TelephoneNumbers));
    let address = details(DetailGroup::StreetAddress);
    fixed
        .chain([
            ("UserProfile", "UserProfile", profile),
            ("StreetAddress", "StreetAddress", address),
            ("TelephoneNumbers", "TelephoneNumbers", phones),
        ])
        .collect()
}
