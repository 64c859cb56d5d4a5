//! The users of a trace, read below the identity domain: they are the same users there.

use super::model::{Model, Person};
use crate::{
    decode::tree::Tree,
    dialogue::{Context, identity::reply::text},
    verdict::Stop,
    wire::User,
};

/// More users than a trace makes.
const SIZE: usize = 10_000;

/// The user is the same below the domain.
pub(super) async fn shows(cx: &mut Context, person: &Person) -> Result<(), Stop> {
    let path = Context::domain_user(&person.username, "");
    let reply = cx.read_domain(&path).await?;
    let seen = read(&reply.domain_user()?, "UserProfile/", "UserSettings/");
    reply.same("the user", &Model::in_domain(person), &seen)
}

/// The list of the domain has the users of the trace, and none more of this run.
pub(super) async fn lists(cx: &mut Context, model: &Model) -> Result<(), Stop> {
    let reply = cx.read_domain(&format!("/users?size={SIZE}")).await?;
    let prefix = &cx.run.account.prefix;
    let own = |user: &User| {
        let name = user.username.as_deref().unwrap_or("");
        name.to_ascii_lowercase().contains(prefix)
    };
    let users = reply.domain_page()?.users;
    let seen = users.iter().map(|user| read(user, "", ""));
    let mut seen: Vec<User> = seen.filter(own).collect();
    let mut expected: Vec<User> = model.people().map(Model::in_domain).collect();
    seen.sort_by(|one, other| one.username.cmp(&other.username));
    expected.sort_by(|one, other| one.username.cmp(&other.username));
    reply.same(
        "users of this run in the list of the domain",
        &expected,
        &seen,
    )
}

/// A user of an answer; names and state are below these paths.
fn read(user: &Tree, profile: &str, settings: &str) -> User {
    let text = |path: String| text(user, &path).map(str::to_owned);
    User {
        id: None,
        username: text("UserId".to_owned()),
        first_name: text(format!("{profile}FirstName")),
        last_name: text(format!("{profile}LastName")),
        email: text("Email".to_owned()),
        telephone: None,
        roles: None,
        enabled: text(format!("{settings}Active")).map(|active| active == "true"),
    }
}
