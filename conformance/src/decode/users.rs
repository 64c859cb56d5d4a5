//! Users in the bodies of any target, in any format and with any names.

use super::{
    json,
    tolerant::{member, objects_with, scalar},
    tree::Tree,
    xml,
};
use crate::transport::Response;

/// The code of the published error for an empty list.
pub(crate) const NO_RESULTS: &str = "230";

/// A user as any target shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its name.
    pub username: String,
    /// Its internal id, where it has one.
    pub id: Option<String>,
    /// Its email, where it is shown.
    pub email: Option<String>,
    /// True unless it is shown as deactivated.
    pub enabled: bool,
    /// All that is shown of it.
    pub fields: Tree,
}

impl Shown {
    /// Its key in paths.
    pub fn key(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.username)
    }

    /// True if its username or its email contains `prefix`, ignoring case.
    pub fn carries(&self, prefix: &str) -> bool {
        let holds = |text: &str| text.to_lowercase().contains(&prefix.to_lowercase());
        holds(&self.username) || self.email.as_deref().is_some_and(holds)
    }
}

/// The users in a body, in any format and with any names: a clean-up must not depend on the
/// expected profile.
pub fn shown(body: &[u8]) -> Option<Vec<Shown>> {
    read(body).map(|(_, tree)| users_in(&tree))
}

/// The users in the response to a list; `None` if it is not a list of users. Only a list shows that
/// a user is absent: an error, a gateway's page and another response do not.
pub fn listed(answer: &Response) -> Option<Vec<Shown>> {
    let (root, tree) = read(&answer.body)?;
    let succeeded = (200..300).contains(&answer.status);
    // The published error has no published status.
    if (succeeded || answer.status == 404) && says_no_results(&tree) {
        return Some(Vec::new());
    }
    // What has a name of its own is one user, or a message about one.
    if !succeeded || member(&tree, "Username").is_some() {
        return None;
    }
    let users = users_in(&tree);
    (!users.is_empty() || is_empty_list(&root, &tree)).then_some(users)
}

/// The name of the root, which JSON does not have, and what is in it.
pub(super) fn read(body: &[u8]) -> Option<(String, Tree)> {
    match body.trim_ascii_start().first()? {
        b'<' => {
            let document = xml::read(body).ok()?;
            Some((document.root, document.content))
        }
        _ => Some((String::new(), json::read(body).ok()?)),
    }
}

/// The users in the content of a body.
pub(crate) fn users_in(tree: &Tree) -> Vec<Shown> {
    let users = objects_with(tree, "Username").into_iter();
    users
        .filter_map(|user| {
            let text = |name: &str| scalar(member(user, name)?).map(str::to_owned);
            Some(Shown {
                username: text("Username")?,
                id: text("UserId").or_else(|| text("id")),
                email: text("Email").or_else(|| text("EmailAddress")),
                enabled: !member(user, "Enabled").is_some_and(is_false),
                fields: user.clone(),
            })
        })
        .collect()
}

pub(super) fn is_false(tree: &Tree) -> bool {
    match tree {
        Tree::Bool(value) => !value,
        Tree::Text(text) => text.trim().eq_ignore_ascii_case("false"),
        _ => false,
    }
}

/// True for that error, in one of the published shapes.
fn says_no_results(tree: &Tree) -> bool {
    code_in(tree).is_some_and(|code| code == NO_RESULTS)
}

/// The code of an error body, in one of the shapes that are published.
pub fn error_code(body: &[u8]) -> Option<String> {
    let (_, tree) = read(body)?;
    code_in(&tree)
}

pub(super) fn code_in(tree: &Tree) -> Option<String> {
    ["ErrorCode", "Code"].into_iter().find_map(|name| {
        let mut errors = objects_with(tree, name).into_iter();
        errors.find_map(|error| Some(scalar(member(error, name)?)?.trim().to_owned()))
    })
}

/// Hints in a list at further users.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// Address of the next page, as the target writes it.
    pub next: Option<String>,
    /// Total number of users.
    pub total: Option<usize>,
    /// True if a hint at more users has an unknown form.
    pub more: bool,
}

/// Reads the hints at further users: a `Link` header, links, totals and cursors in the body.
pub fn rest(answer: &Response) -> Rest {
    let mut rest = Rest {
        next: answer.headers_named("link").find_map(next_link),
        ..Rest::default()
    };
    if let Some((_, tree)) = read(&answer.body) {
        rest_in(&tree, &mut rest);
    }
    rest
}

/// The target of `rel="next"` in a Link header.
fn next_link(header: &str) -> Option<String> {
    header.split('<').skip(1).find_map(|link| {
        let (url, parameters) = link.split_once('>')?;
        let mut parameters = parameters.split([';', ',']).map(str::trim);
        let next = |parameter: &str| {
            let (name, value) = parameter.split_once('=')?;
            let mut values = value.trim_matches('"').split_ascii_whitespace();
            (name.trim().eq_ignore_ascii_case("rel")
                && values.any(|value| value.eq_ignore_ascii_case("next")))
            .then_some(())
        };
        parameters.find_map(next).map(|()| url.to_owned())
    })
}

/// Looks at what is next to the users, not inside of them.
fn rest_in(tree: &Tree, rest: &mut Rest) {
    let Tree::Object(members) = tree else { return };
    if member(tree, "Username").is_some() {
        return;
    }
    for (name, value) in members {
        let name = name.to_ascii_lowercase();
        let text = scalar(value).map(str::trim).filter(|text| !text.is_empty());
        let flag = matches!(value, Tree::Bool(true)) || text.is_some_and(|text| text == "true");
        match (name.as_str(), text) {
            ("next", Some(url)) => rest.next = rest.next.take().or(Some(url.to_owned())),
            (name, Some(text)) if name.contains("total") => {
                rest.total = rest.total.or_else(|| text.parse().ok());
            }
            (name, _) if name.contains("more") => rest.more |= flag,
            (name, Some(_)) if name.contains("cursor") || name.contains("token") => {
                rest.more = true;
            }
            _ => rest_in(value, rest),
        }
    }
}

/// True for an empty list: a bare one, or one that is named after users.
fn is_empty_list(name: &str, tree: &Tree) -> bool {
    let of_users = name
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("users"));
    match tree {
        Tree::List(items) => items.is_empty() && (of_users || name.is_empty()),
        Tree::Text(text) => of_users && text.trim().is_empty(),
        Tree::Null => of_users,
        Tree::Object(members) => {
            (members.is_empty() && of_users)
                || members
                    .iter()
                    .any(|(name, value)| !name.is_empty() && is_empty_list(name, value))
        }
        Tree::Bool(_) | Tree::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Rest, Shown, listed, rest, shown};
    use crate::transport::Response;

    #[test]
    fn users_are_found_in_any_shape() {
        let user = |username: &str, id: Option<&str>| (username.to_owned(), id.map(str::to_owned));
        for (body, users) in [
            (
                &b"<UsersResponse><Users><User><UserId>u1</UserId><Username>a</Username></User><User><Username>b</Username></User></Users></UsersResponse>"[..],
                Some(vec![user("a", Some("u1")), user("b", None)]),
            ),
            (
                br#"{"users":[{"userId":7,"username":"a"}]}"#,
                Some(vec![user("a", Some("7"))]),
            ),
            (b"[{\"id\":\"x\",\"userName\":\"a\"}]", Some(vec![user("a", Some("x"))])),
            (b"{}", Some(vec![])),
            (b"<html>", None),
            (b"", None),
        ] {
            let named = |user: Shown| (user.username, user.id);
            let found = shown(body).map(|users| users.into_iter().map(named).collect());
            assert_eq!(found, users);
        }
    }

    #[test]
    fn a_user_is_known_by_a_name_or_an_email_that_holds_the_prefix() {
        for (body, ours) in [
            (r#"{"Username":"zz-CF-1a-7","Email":"x@y"}"#, true),
            (
                r#"{"Username":"user-7","EmailAddress":"new-cf-1a-7@y"}"#,
                true,
            ),
            (r#"{"Username":"cf-2b-7","Email":"x@y"}"#, false),
            (r#"{"Username":"jdoe"}"#, false),
        ] {
            let user = shown(body.as_bytes()).unwrap().remove(0);
            assert_eq!(user.carries("cf-1a-"), ours, "{body}");
        }
    }

    #[test]
    fn a_list_that_is_not_whole_says_so() {
        let of = |link: &str, body: &str| {
            rest(&Response {
                status: 200,
                headers: vec![("Link".to_owned(), link.to_owned())],
                body: body.as_bytes().to_vec(),
            })
        };
        let next = |url: &str| Rest {
            next: Some(url.to_owned()),
            ..Rest::default()
        };
        let user = r#"{"Username":"a","more":"true","next":"/x"}"#;
        for (link, body, expected) in [
            ("", "[]", Rest::default()),
            ("", &format!(r#"{{"Users":[{user}]}}"#), Rest::default()),
            ("</u?page=2>; rel=\"next\"", "[]", next("/u?page=2")),
            (
                "</u>; rel=first, <https://h/u?p=2>; title=x; rel=\"last next\"",
                "[]",
                next("https://h/u?p=2"),
            ),
            ("</u>; rel=\"prev\"", "[]", Rest::default()),
            (
                "",
                r#"{"Links":{"next":"/u?page=2"},"Users":[]}"#,
                next("/u?page=2"),
            ),
            (
                "",
                "<R><TotalCount>7</TotalCount><Users/></R>",
                Rest {
                    total: Some(7),
                    ..Rest::default()
                },
            ),
            (
                "",
                r#"{"HasMore":true,"Users":[]}"#,
                Rest {
                    more: true,
                    ..Rest::default()
                },
            ),
            (
                "",
                r#"{"hasMore":false,"nextToken":null,"Users":[]}"#,
                Rest::default(),
            ),
        ] {
            assert_eq!(of(link, body), expected, "{link} {body}");
        }
    }

    #[test]
    fn only_a_list_shows_that_there_are_no_users() {
        let users = |status: u16, body: &str| {
            let users = listed(&Response {
                status,
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
            })?;
            Some(users.len())
        };
        for empty in [
            "<UsersResponse><Users/></UsersResponse>",
            "<UsersResponse><Users>\n</Users></UsersResponse>",
            "<UsersResponse/>",
            "<Users></Users>",
            r#"{"Users":[]}"#,
            r#"{"users":null}"#,
            r#"{"data":{"users":[]},"total":0}"#,
            "[]",
        ] {
            assert_eq!(users(200, empty), Some(0), "{empty}");
            for status in [302, 400, 401, 403, 404, 500, 503] {
                assert_eq!(users(status, empty), None, "{status} {empty}");
            }
        }
        let no_results = "<UsersResponse><ResponseStatus><ErrorCode>230</ErrorCode></ResponseStatus></UsersResponse>";
        for (status, count) in [(200, Some(0)), (404, Some(0)), (401, None), (500, None)] {
            assert_eq!(users(status, no_results), count, "{status}");
        }
        for shape in [
            "<UsersResponse><Errors><Code>230</Code></Errors></UsersResponse>",
            r#"{"Error":{"Code":230,"Description":"none"}}"#,
        ] {
            assert_eq!(users(200, shape), Some(0), "{shape}");
        }
        for other in [
            "",
            "<html><body>Users</body></html>",
            "<UsersResponse><ResponseStatus><ErrorCode>1003</ErrorCode></ResponseStatus></UsersResponse>",
            "<User><Username>api-user</Username></User>",
            r#"{"status":"ok"}"#,
            r#"{"items":[]}"#,
            r#"{"Username":"api-user"}"#,
            "{}",
            "null",
        ] {
            assert_eq!(users(200, other), None, "{other}");
        }
        let one = r#"{"Users":[{"Username":"a","Enabled":false}]}"#;
        assert_eq!((users(200, one), users(500, one)), (Some(1), None));
    }

    #[test]
    fn a_deactivated_user_is_distinguished() {
        for (body, enabled) in [
            (
                "<Users><User><Username>a</Username><Enabled>false</Enabled></User></Users>",
                false,
            ),
            (r#"[{"username":"a","enabled":false}]"#, false),
            (r#"[{"username":"a","enabled":true}]"#, true),
            (r#"[{"username":"a"}]"#, true),
        ] {
            assert_eq!(
                shown(body.as_bytes()).unwrap()[0].enabled,
                enabled,
                "{body}"
            );
        }
    }
}
