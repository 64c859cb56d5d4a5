//! Questions to answers below an identity domain.

use bandwidth_fixtures::{
    error_codes,
    profile::{CodesVintage, PasswordErrors, UnknownInBody},
};

use super::super::reply::Reply;
use crate::{
    decode::{
        tolerant::{member, scalar},
        tree::Tree,
        xml,
    },
    verdict::{CaseResult, Stop},
    wire::{ErrorBody, Role},
};

/// The element below a tree, whose names are in order; `None` where one is missing.
pub fn below<'a>(tree: &'a Tree, path: &str) -> Option<&'a Tree> {
    let mut tree = tree;
    for name in path.split('/') {
        let mut members = tree.members()?.iter();
        let (_, inner) = members.find(|(known, _)| known == name)?;
        tree = inner;
    }
    Some(tree)
}

/// The text below a tree.
pub fn text<'a>(tree: &'a Tree, path: &str) -> Option<&'a str> {
    below(tree, path).and_then(scalar)
}

/// The elements of that name in a list.
pub fn items<'a>(list: &'a Tree, name: &str) -> Vec<&'a Tree> {
    let members = list.members().unwrap_or_default().iter();
    let items = members.filter(|(known, _)| known == name);
    items.map(|(_, item)| item).collect()
}

/// A page of the list of users.
pub struct Page {
    /// `totalCount`
    pub total: usize,
    pub users: Vec<Tree>,
}

impl Page {
    /// The user of that name.
    pub fn user(&self, key: &str) -> Option<&Tree> {
        let mut users = self.users.iter();
        users.find(|user| text(user, "UserId") == Some(key))
    }
}

impl Reply {
    /// It has that status, and XML below that root. Returns what is in it.
    pub fn domain(&self, what: &str, status: u16, root: &str) -> Result<Tree, Stop> {
        self.is(what, status)?;
        self.has_format()?;
        let document = xml::read(&self.response.body)
            .map_err(|error| self.fail(&format!("the body of {what} is not XML: {error}")))?;
        self.same("the root", root, document.root.as_str())?;
        Ok(document.content)
    }

    /// It has that status, and the element below that root that `path` names.
    pub fn domain_part(
        &self,
        what: &str,
        status: u16,
        root: &str,
        path: &str,
    ) -> Result<Tree, Stop> {
        let tree = self.domain(what, status, root)?;
        let part = below(&tree, path).cloned();
        part.ok_or_else(|| self.fail(&format!("{what}: expected {root}/{path}")))
    }

    /// It is 200 with a user.
    pub fn domain_user(&self) -> Result<Tree, Stop> {
        self.domain_part("a user of a domain", 200, "LdapUserResponse", "User")
    }

    /// It is 200 with a page of the list of users.
    pub fn domain_page(&self) -> Result<Page, Stop> {
        let list = self.domain_part("a list of users", 200, "LdapUsersResponse", "UserList")?;
        let total = text(&list, "totalCount").and_then(|total| total.parse().ok());
        let total = total.ok_or_else(|| self.fail("expected a number in UserList/totalCount"))?;
        let users = items(&list, "User").into_iter().cloned().collect();
        Ok(Page { total, users })
    }

    /// It is 200 with the roles of the domain, each with whether it is internal.
    pub fn domain_roles(&self) -> Result<Vec<(Role, bool)>, Stop> {
        let list = self.domain_part("a list of roles", 200, "LdapRolesResponse", "RoleList")?;
        let role = |role: &Tree| {
            let own = |name| text(role, name).map(str::to_owned);
            let role = Role {
                id: own("RoleId"),
                name: own("RoleSimpleName"),
                ..Role::default()
            };
            let is_named = role.id.is_some() && role.name.is_some();
            is_named.then_some(role)
        };
        let roles = items(&list, "Role").into_iter().map(|item| {
            let role = role(item).ok_or_else(|| {
                self.fail("expected each Role with a RoleId and a RoleSimpleName")
            })?;
            Ok((role, text(item, "Internal") == Some("true")))
        });
        roles.collect()
    }

    /// The ids in a list of a user: of roles or of accounts.
    pub fn domain_ids(&self, what: &str, root: &str, list: &str) -> Result<Vec<String>, Stop> {
        let (item, id) = match list {
            "RoleList" => ("Role", "RoleId"),
            _ => ("Account", "AccountId"),
        };
        let user = self.domain_part(what, 200, root, "User")?;
        let listed = below(&user, list);
        let listed = listed.map_or_else(Vec::new, |listed| items(listed, item));
        let ids = listed.into_iter().filter_map(|item| text(item, id));
        Ok(ids.map(str::to_owned).collect())
    }

    /// Checks the status, and, below any root, an error with the code that the tables give that
    /// name. The rest of the body repeats the request.
    pub fn domain_error(&self, what: &str, status: u16, name: &str) -> Result<Tree, Stop> {
        let expected = error_codes().iter().find(|code| code.name == Some(name));
        let expected =
            expected.ok_or_else(|| Stop::Error(format!("no error code is named `{name}`")))?;
        self.is(what, status)?;
        self.has_format()?;
        let document = xml::read(&self.response.body)
            .map_err(|error| self.fail(&format!("the body of {what} is not XML: {error}")))?;
        let error = below(&document.content, "ResponseStatus");
        let error = error.ok_or_else(|| self.fail(&format!("{what}: expected ResponseStatus")))?;
        let found = text(error, "ErrorCode").unwrap_or_default();
        let code = format!("the code of {what} ({})", expected.meaning);
        self.same(&code, expected.code.to_string().as_str(), found)?;
        if member(error, "Description").is_none() {
            return Err(self.fail(&format!("{what}: expected a Description beside the code")));
        }
        Ok(document.content)
    }

    /// It rejects a password for breaking `rule`, naming the rule where the profile does.
    pub fn domain_password_refused(&self, rule: &str) -> Result<ErrorBody, Stop> {
        let name = match self.profile().password_errors {
            PasswordErrors::Named => rule,
            PasswordErrors::Opaque => "password_refused",
        };
        let body = self.domain_error("a password that is refused", 400, name)?;
        let own = |name| text(&body, &format!("ResponseStatus/{name}")).unwrap_or_default();
        Ok(ErrorBody {
            code: own("ErrorCode").parse().ok(),
            description: own("Description").to_owned(),
        })
    }

    /// It has that status and an error with any code.
    pub fn domain_refusal(&self, what: &str, status: u16) -> CaseResult {
        self.is(what, status)?;
        let document = xml::read(&self.response.body).ok();
        let error =
            document.and_then(|document| member(&document.content, "ResponseStatus").cloned());
        error
            .map(drop)
            .ok_or_else(|| self.fail(&format!("{what}: expected ResponseStatus")))
    }

    /// It rejects an unknown role or account in a body.
    pub fn unknown_in_body(&self, what: &str, name: &str) -> CaseResult {
        let status = match self.profile().identity_unknown_in_body {
            UnknownInBody::Unprocessable => 422,
            UnknownInBody::BadRequest => 400,
            UnknownInBody::NotFound => 404,
        };
        self.domain_error(what, status, name).map(drop)
    }

    /// Checks for the error of an unknown role.
    pub fn unknown_domain_role(&self) -> CaseResult {
        let name = match self.profile().identity_codes {
            CodesVintage::Later => "unknown_domain_role",
            CodesVintage::Earlier => "unknown_domain_role_earlier",
        };
        self.domain_error("a role that does not exist", 404, name)
            .map(drop)
    }

    /// Checks for the error of an unknown user.
    pub fn unknown_domain_user(&self) -> CaseResult {
        self.domain_error("a user that does not exist", 404, "unknown_user")
            .map(drop)
    }
}
