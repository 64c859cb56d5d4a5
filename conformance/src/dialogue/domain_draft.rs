//! Bodies of requests below an identity domain, in the making, and users that were created from them.

use bandwidth_fixtures::{Profile, profile::IdentityRoot};

use super::reply::Reply as Answer;
use crate::{
    decode::{tolerant::member, tree::Tree},
    wire::{Draft, EMAIL},
};

/// The root around the user in a request, where there is one.
const WRAPPER: &str = "LdapUserRequest";

/// The root that the expected profile has around the user in a request, if it has one.
pub fn domain_root(profile: &Profile) -> Option<&'static str> {
    (profile.identity_request_root == IdentityRoot::Wrapped).then_some(WRAPPER)
}

/// The body of a create or an update below a domain in the making, or a part of one. Fields are
/// named by their path, as `UserProfile/FirstName`. There is no `Debug`: it holds a password.
#[derive(Clone)]
pub struct DomainDraft(pub(super) Tree);

impl Default for DomainDraft {
    fn default() -> Self {
        Self(Tree::Object(Vec::new()))
    }
}

impl DomainDraft {
    /// Sets a field of text; it replaces an earlier one.
    #[must_use]
    pub fn with(self, path: &str, text: &str) -> Self {
        self.with_tree(path, Tree::Text(text.to_owned()))
    }

    pub(super) fn with_tree(mut self, path: &str, value: Tree) -> Self {
        set(&mut self.0, path, value);
        self
    }

    /// Without a field, or a whole part.
    #[must_use]
    pub fn without(mut self, path: &str) -> Self {
        remove(&mut self.0, path);
        self
    }

    /// The text of a field; empty where there is none.
    pub fn text(&self, path: &str) -> &str {
        let mut tree = Some(&self.0);
        for name in path.split('/') {
            tree = tree.and_then(|tree| member(tree, name));
        }
        tree.and_then(Tree::text).unwrap_or_default()
    }

    /// The element of that name with a part of the draft in it, as the body of a request about that
    /// part.
    pub fn part(&self, name: &str) -> String {
        let content = member(&self.0, name).map(Tree::to_xml).unwrap_or_default();
        format!("<{name}>{content}</{name}>")
    }

    /// A user without a root around it.
    pub fn bare(&self) -> String {
        format!("<User>{}</User>", self.0.to_xml())
    }

    /// A user with a root around it.
    pub fn wrapped(&self) -> String {
        format!("<{WRAPPER}>{}</{WRAPPER}>", self.bare())
    }

    pub(super) fn body(&self, profile: &Profile) -> String {
        match domain_root(profile) {
            Some(_) => self.wrapped(),
            None => self.bare(),
        }
    }
}

fn set(tree: &mut Tree, path: &str, value: Tree) {
    let Tree::Object(members) = tree else { return };
    let (name, rest) = path.split_once('/').unwrap_or((path, ""));
    let known = members.iter().position(|(known, _)| known == name);
    let index = known.unwrap_or_else(|| {
        members.push((name.to_owned(), Tree::Object(Vec::new())));
        members.len() - 1
    });
    let (_, inner) = &mut members[index];
    if rest.is_empty() {
        *inner = value;
    } else {
        set(inner, rest, value);
    }
}

fn remove(tree: &mut Tree, path: &str) {
    let Tree::Object(members) = tree else { return };
    match path.split_once('/') {
        None => members.retain(|(name, _)| name != path),
        Some((name, rest)) => {
            let inner = members.iter_mut().find(|(known, _)| known == name);
            if let Some((_, inner)) = inner {
                remove(inner, rest);
            }
        }
    }
}

/// A list of ids as the body of a request: `<RoleList><Role><RoleId>..`.
fn id_list(list: &str, item: &str, key: &str, ids: &[&str]) -> String {
    let item = |id: &&str| {
        let id = Tree::Object(vec![(key.to_owned(), Tree::Text((*id).to_owned()))]);
        (item.to_owned(), id)
    };
    let items = Tree::Object(ids.iter().map(item).collect());
    format!("<{list}>{}</{list}>", items.to_xml())
}

/// The body of a PUT of roles.
pub fn role_list(ids: &[&str]) -> String {
    id_list("RoleList", "Role", "RoleId", ids)
}

/// The body of a PUT of accounts.
pub fn account_list(ids: &[&str]) -> String {
    id_list("AccountList", "Account", "AccountId", ids)
}

/// A user that was created below the domain.
#[derive(Clone)]
pub struct DomainUser {
    /// Its login name, which is its key.
    pub key: String,
    /// The draft of its create.
    pub draft: DomainDraft,
    /// The answer to the create.
    pub reply: Answer,
}

/// A draft of a user of a domain, with what a draft of the account surface has.
pub(super) fn in_domain(base: DomainDraft, draft: &Draft) -> DomainDraft {
    [
        ("UserId", "Username"),
        ("Email", EMAIL),
        ("Password", "Password"),
        ("UserProfile/FirstName", "FirstName"),
        ("UserProfile/LastName", "LastName"),
    ]
    .into_iter()
    .fold(base, |user, (path, name)| user.with(path, draft.text(name)))
}
