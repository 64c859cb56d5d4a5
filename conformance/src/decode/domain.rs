//! Users in the bodies of identity domains, where `UserId` is the login name. An error there repeats
//! the user that was sent: it shows none.

use super::{
    tolerant::{member, objects_with, scalar},
    tree::Tree,
    users::{Shown, code_in, is_false, read},
};
use crate::transport::Response;

/// The users that an answer shows; `None` when it is an error or nothing that can be read.
pub fn shown(answer: &Response) -> Option<Vec<Shown>> {
    users_of(answer).map(|(_, users)| users)
}

/// The users that the answer to a list shows; `None` when it is no list of users.
pub fn listed(answer: &Response) -> Option<Vec<Shown>> {
    let (tree, users) = users_of(answer)?;
    let is_list = member(&tree, "UserList").is_some() || member(&tree, "totalCount").is_some();
    is_list.then_some(users)
}

fn users_of(answer: &Response) -> Option<(Tree, Vec<Shown>)> {
    let (_, tree) = read(&answer.body)?;
    let succeeded = (200..300).contains(&answer.status);
    if !succeeded || code_in(&tree).is_some() || member(&tree, "ResponseStatus").is_some() {
        return None;
    }
    let users = users_in(&tree);
    Some((tree, users))
}

/// The users in a body of any shape.
pub fn users_in(tree: &Tree) -> Vec<Shown> {
    let users = objects_with(tree, "UserId").into_iter();
    users
        .filter_map(|user| {
            let text = |name: &str| scalar(member(user, name)?).map(str::to_owned);
            let settings = member(user, "UserSettings");
            let active = settings.and_then(|settings| member(settings, "Active"));
            let active = active.or_else(|| member(user, "Active"));
            Some(Shown {
                username: text("UserId")?,
                id: None,
                email: text("Email"),
                enabled: !active.is_some_and(is_false),
                fields: user.clone(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{listed, shown};
    use crate::transport::Response;

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_user_is_its_login_name_and_whether_it_is_active() {
        let user = |settings: &str| {
            let body = format!(
                "<LdapUserResponse><User><UserId>cf-1-a</UserId><Email>e</Email>{settings}</User></LdapUserResponse>"
            );
            shown(&answer(200, &body)).unwrap().remove(0)
        };
        let one = user("<UserSettings><Active>false</Active></UserSettings>");
        assert_eq!((one.username.as_str(), one.enabled), ("cf-1-a", false));
        assert!(user("<UserSettings/>").enabled && one.carries("CF-1-"));
    }

    #[test]
    fn an_error_that_repeats_a_user_shows_none_whatever_its_status() {
        let body = "<LdapUserResponse><ResponseStatus><ErrorCode>12000</ErrorCode></ResponseStatus><User><UserId>cf-1-a</UserId></User></LdapUserResponse>";
        assert_eq!(shown(&answer(200, body)), None);
        assert_eq!(shown(&answer(404, body)), None);
        let bare = "<LdapUserResponse><User><UserId>cf-1-a</UserId></User></LdapUserResponse>";
        assert_eq!(shown(&answer(404, bare)), None);
    }

    #[test]
    fn only_a_list_is_empty() {
        let users =
            |status: u16, body: &str| listed(&answer(status, body)).map(|users| users.len());
        let list = |users: &str| {
            format!(
                "<LdapUsersResponse><UserList><totalCount>2</totalCount>{users}</UserList></LdapUsersResponse>"
            )
        };
        let two =
            "<User><UserId>a</UserId></User><User><UserId>b</UserId><Active>false</Active></User>";
        assert_eq!(users(200, &list(two)), Some(2));
        assert_eq!(users(200, &list("")), Some(0));
        assert_eq!(users(400, &list("")), None);
        assert_eq!(
            users(
                200,
                "<LdapUserResponse><User><UserId>a</UserId></User></LdapUserResponse>"
            ),
            None
        );
        assert_eq!(users(200, "<html/>"), None);
    }
}
