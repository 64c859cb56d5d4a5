//! The prepared user before the run, and its differences afterwards.

use crate::{
    decode::{
        domain,
        tolerant::{member, scalar},
        tree::Tree,
        users::{Shown, shown},
        xml,
    },
    limits::Surface,
    wire::Format,
};

/// Fields that the target sets, and that no body of a request holds.
const SET_BY_TARGET: [&str; 4] = ["UserId", "id", "Accounts", "Password"];

/// The prepared user.
pub(super) struct Prepared {
    pub(super) key: String,
    pub(super) before: Shown,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    /// True if an update of it may have been sent.
    pub(super) touched: bool,
}

/// The user that the body of a PUT on that surface describes.
pub(super) fn given(surface: Surface, body: &str) -> Option<Shown> {
    let users = match surface {
        Surface::Identity => domain::users_in(&xml::read(body.as_bytes()).ok()?.content),
        Surface::Account | Surface::Management => shown(body.as_bytes())?,
    };
    users.into_iter().next()
}

pub(super) fn format_of(body: &str) -> Format {
    if body.trim_start().starts_with('<') {
        Format::Xml
    } else {
        Format::Json
    }
}

/// The body of a PUT with all fields of a user. Absent fields with a default value are written out.
pub(super) fn body_of(fields: &Tree, format: Format) -> String {
    let mut given = Vec::new();
    for (name, value) in fields.members().unwrap_or_default() {
        let set = SET_BY_TARGET
            .iter()
            .any(|set| set.eq_ignore_ascii_case(name));
        if !set {
            let roles = name.eq_ignore_ascii_case("Roles");
            given.push((
                name.clone(),
                if roles {
                    role_names(value)
                } else {
                    value.clone()
                },
            ));
        }
    }
    let camel = given
        .iter()
        .any(|(name, _)| name.starts_with(|first: char| first.is_lowercase()));
    for (name, default) in [
        ("Enabled", Tree::Bool(true)),
        ("Roles", Tree::List(Vec::new())),
    ] {
        if member(fields, name).is_none() {
            let name = if camel {
                name.to_lowercase()
            } else {
                name.to_owned()
            };
            given.push((name, default));
        }
    }
    let given = Tree::Object(given);
    match format {
        Format::Json => given.to_json().to_string(),
        Format::Xml => format!("<User>{}</User>", given.to_xml()),
    }
}

/// Parts of the profile of a user of a domain that may be absent. An empty element deletes one there.
const OPTIONAL: [(&str, &[&str]); 2] = [
    (
        "StreetAddress",
        &["HouseNumber", "StreetName", "City", "State", "PostalCode"],
    ),
    (
        "TelephoneNumbers",
        &["HomePhone", "CellPhone", "WorkPhone", "OtherPhone"],
    ),
];

/// The body of a PUT below a domain with all fields of a user; fields that it did not have are
/// emptied. `wrapper` is the root around the user, if the target needs one.
pub(super) fn domain_body_of(fields: &Tree, wrapper: Option<&str>) -> String {
    let ids = |list: &Tree, id: &str| {
        let items = list.members().unwrap_or_default().iter();
        let item = |(name, item): &(String, Tree)| {
            let id = item.members()?.iter().find(|(name, _)| name == id)?;
            Some((name.clone(), Tree::Object(vec![id.clone()])))
        };
        Tree::Object(items.filter_map(item).collect())
    };
    let shown = |name: &str| member(fields, name).cloned();
    let mut given: Vec<(String, Tree)> = fields
        .members()
        .unwrap_or_default()
        .iter()
        .filter(|(name, _)| {
            matches!(
                &**name,
                "UserId" | "Email" | "EmailValidated" | "UserSettings"
            )
        })
        .cloned()
        .collect();
    let empty = || Tree::Text(String::new());
    let profile = shown("UserProfile").unwrap_or_else(empty);
    let mut parts: Vec<(String, Tree)> = ["FirstName", "LastName"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), member(&profile, name)?.clone())))
        .collect();
    for (part, names) in OPTIONAL {
        let had = member(&profile, part);
        let texts = names.iter().map(|name| {
            let text = had.and_then(|had| member(had, name)).cloned();
            ((*name).to_owned(), text.unwrap_or_else(empty))
        });
        parts.push((part.to_owned(), Tree::Object(texts.collect())));
    }
    let company = member(&profile, "CompanyName").cloned();
    parts.push(("CompanyName".to_owned(), company.unwrap_or_else(empty)));
    given.push(("UserProfile".to_owned(), Tree::Object(parts)));
    for (list, id) in [("RoleList", "RoleId"), ("AccountList", "AccountId")] {
        let had = shown(list).unwrap_or_else(empty);
        given.push((list.to_owned(), ids(&had, id)));
    }
    let user = format!("<User>{}</User>", Tree::Object(given).to_xml());
    match wrapper {
        Some(root) => format!("<{root}>{user}</{root}>"),
        None => user,
    }
}

/// Roles as requests name them: by id, else by name.
fn role_names(roles: &Tree) -> Tree {
    let one = |role: &Tree| {
        if let Some(id) = member(role, "RoleId").and_then(scalar) {
            return Tree::Text(id.to_owned());
        }
        let members = role.members().unwrap_or_default().iter();
        let name = members.filter(|(name, _)| name.eq_ignore_ascii_case("RoleName"));
        Tree::Object(name.cloned().collect())
    };
    match roles {
        Tree::List(items) => Tree::List(items.iter().map(one).collect()),
        Tree::Object(members) => {
            let named = members.iter().map(|(name, role)| (name.clone(), one(role)));
            Tree::Object(named.collect())
        }
        other => other.clone(),
    }
}

/// Lists the differences between the original and the current user, field by field.
pub(super) fn compare(before: &Tree, now: &Tree) -> Vec<String> {
    let is_default = |name: &str, value: Option<&Tree>| match value {
        None | Some(Tree::Null) => true,
        Some(Tree::Bool(value)) => *value && name.eq_ignore_ascii_case("Enabled"),
        Some(Tree::Text(text)) => {
            text.is_empty() || (name.eq_ignore_ascii_case("Enabled") && text == "true")
        }
        Some(Tree::List(items)) => items.is_empty(),
        Some(Tree::Object(members)) => members.is_empty(),
        Some(Tree::Number(_)) => false,
    };
    let names = [before, now]
        .into_iter()
        .flat_map(|tree| tree.members().unwrap_or_default());
    let mut seen: Vec<&str> = Vec::new();
    let mut differences = Vec::new();
    for (name, _) in names {
        if seen.contains(&name.as_str()) {
            continue;
        }
        seen.push(name);
        let (old, new) = (member(before, name), member(now, name));
        if old != new && !(is_default(name, old) && is_default(name, new)) {
            differences.push(format!("{name} was {}, and is {}", words(old), words(new)));
        }
    }
    differences
}

fn words(value: Option<&Tree>) -> String {
    value.map_or_else(|| "absent".to_owned(), |value| value.to_json().to_string())
}

#[cfg(test)]
mod tests {
    use super::{body_of, compare, domain_body_of, given};
    use crate::{decode::users::shown, limits::Surface, wire::Format};

    #[test]
    fn a_user_is_put_back_with_all_that_was_shown_of_it() {
        let of = |body: &str, format| body_of(&shown(body.as_bytes()).unwrap()[0].fields, format);
        assert_eq!(
            of(
                "<R><User><UserId>u1</UserId><Username>a</Username><FirstName>A &amp; B</FirstName><Roles><Role><RoleId>r1</RoleId><RoleName>Admin</RoleName></Role></Roles></User></R>",
                Format::Xml
            ),
            "<User><Username>a</Username><FirstName>A &amp; B</FirstName><Roles><Role>r1</Role></Roles><Enabled>true</Enabled></User>"
        );
        assert_eq!(
            of(
                r#"{"userId":"u1","username":"a","enabled":false,"roles":[{"roleName":"Admin"}]}"#,
                Format::Json
            ),
            r#"{"username":"a","enabled":false,"roles":[{"roleName":"Admin"}]}"#
        );
    }

    #[test]
    fn a_user_of_a_domain_is_put_back_and_what_it_did_not_have_is_emptied() {
        let shown = given(
            Surface::Identity,
            "<R><User><UserId>jd</UserId><UserSettings><Active>true</Active></UserSettings><UserProfile><FirstName>J</FirstName><TelephoneNumbers><WorkPhone>1</WorkPhone></TelephoneNumbers></UserProfile><RoleList><Role><RoleId>Admin</RoleId><RoleSimpleName>Admin</RoleSimpleName></Role></RoleList></User></R>",
        );
        assert_eq!(
            domain_body_of(&shown.unwrap().fields, Some("LdapUserRequest")),
            "<LdapUserRequest><User><UserId>jd</UserId><UserSettings><Active>true</Active></UserSettings><UserProfile><FirstName>J</FirstName><StreetAddress><HouseNumber></HouseNumber><StreetName></StreetName><City></City><State></State><PostalCode></PostalCode></StreetAddress><TelephoneNumbers><HomePhone></HomePhone><CellPhone></CellPhone><WorkPhone>1</WorkPhone><OtherPhone></OtherPhone></TelephoneNumbers><CompanyName></CompanyName></UserProfile><RoleList><Role><RoleId>Admin</RoleId></Role></RoleList><AccountList></AccountList></User></LdapUserRequest>"
        );
    }

    #[test]
    fn what_differs_is_named_and_defaults_are_no_difference() {
        let tree = |body: &str| shown(body.as_bytes()).unwrap().remove(0).fields;
        let before = tree(r#"{"Username":"a","LastName":"Doe"}"#);
        let same = tree(r#"{"Username":"a","LastName":"Doe","Enabled":true,"Roles":[]}"#);
        assert_eq!(compare(&before, &same), [""; 0]);
        let other = tree(r#"{"Username":"a","Enabled":false}"#);
        assert_eq!(
            compare(&before, &other),
            [
                "LastName was \"Doe\", and is absent",
                "Enabled was absent, and is false"
            ]
        );
    }
}
