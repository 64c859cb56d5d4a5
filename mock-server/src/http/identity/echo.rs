//! The parts of a request that an error repeats, after the examples of IRIS20.

use bandwidth_fixtures::{
    operation::{Parameter, Segment},
    profile::ErrorsEcho,
};

use super::super::{content_type, handlers::Context};
use crate::codec::{
    self, Format,
    identity::{self, Content},
};

/// The repeated element of a body, by the last literal segment of the path.
const BODIES: [(&str, &str); 5] = [
    ("settings", "UserSettings"),
    ("profile", "UserProfile"),
    ("roles", "RoleList"),
    ("accounts", "AccountList"),
    ("password", "Password"),
];

impl Context<'_> {
    /// Content of an error after its status.
    pub(super) fn echo(&self) -> Content {
        let echo = self.rules.identity_errors_echo();
        if echo == ErrorsEcho::None {
            return Content::default();
        }
        let with_password = echo == ErrorsEcho::UserAndPassword;
        let segments = self.route.resource.segments;
        let has = |text: &'static str| segments.contains(&Segment::Literal(text));
        if has("users") && segments.contains(&Segment::Parameter(Parameter::UserId)) {
            self.user_echo(with_password)
        } else {
            self.catalogue_echo(has("permissions"))
        }
    }

    fn user_echo(&self, with_password: bool) -> Content {
        let segments = self.route.resource.segments;
        let charset = content_type::require(&self.head.headers, Format::Xml).unwrap_or_default();
        let sent = codec::text(Format::Xml, self.body.bytes(), charset).unwrap_or_default();
        let last = segments.iter().rev().find_map(|segment| match segment {
            Segment::Literal(text) => Some(*text),
            Segment::Parameter(_) => None,
        });
        let last = last.unwrap_or_default();
        let item = |parameter: Parameter, name: &'static str| {
            let id = segments.contains(&Segment::Parameter(parameter));
            id.then(|| Content::of(|c| c.text(name, &self.parameter(parameter))))
        };
        let mut user = Content::default();
        match last {
            "users" => {
                if let Some(sent) = identity::as_sent(&sent, "User", with_password) {
                    return sent;
                }
                user.text("UserId", &self.parameter(Parameter::UserId));
            }
            "logs" => {
                let Some(event) = item(Parameter::EventId, "EventId") else {
                    return Content::default();
                };
                let details = Content::of(|c| c.element("UserEvent", event));
                return Content::of(|c| c.element("UserActivityEventDetails", details));
            }
            "preferences" => {
                let mut list = Content::default();
                if let Some(sent) = identity::as_sent(&sent, "UserPreferences", false) {
                    list = identity::within(sent);
                } else if let Some(sent) = identity::as_sent(&sent, "UserPreference", false) {
                    list = sent;
                } else if let Some(one) = item(Parameter::PreferenceName, "PreferenceName") {
                    list.element("UserPreference", one);
                }
                user.text("UserId", &self.parameter(Parameter::UserId));
                user.element_unless_empty("UserPreferences", list);
            }
            part => {
                let one = item(Parameter::RoleId, "RoleId").map(|role| ("Role", role));
                let one = one.or_else(|| {
                    item(Parameter::AccountId, "AccountId").map(|account| ("Account", account))
                });
                let body = BODIES.iter().find(|(segment, _)| *segment == part);
                let sent = body.and_then(|(_, name)| identity::as_sent(&sent, name, with_password));
                if let (Some((name, one)), Some((_, list))) = (one, body) {
                    user.text("UserId", &self.parameter(Parameter::UserId));
                    user.element(list, Content::of(|c| c.element(name, one)));
                } else if let Some(sent) = sent.filter(|_| part != "password" || with_password) {
                    user.text("UserId", &self.parameter(Parameter::UserId));
                    user.append(sent);
                }
            }
        }
        Content::of(|c| c.element("User", user))
    }

    fn catalogue_echo(&self, permissions: bool) -> Content {
        let parameter = |parameter: Parameter| {
            let segments = self.route.resource.segments;
            let named = segments.contains(&Segment::Parameter(parameter));
            named.then(|| self.parameter(parameter))
        };
        Content::of(|content| {
            if let Some(account) = parameter(Parameter::AccountId) {
                let account = Content::of(|c| c.text("AccountId", &account));
                content.element("Account", account);
            }
            let (role, permission) = (
                parameter(Parameter::RoleId),
                parameter(Parameter::PermissionId),
            );
            if let (Some(role), Some(permission), true) = (role, permission, permissions) {
                let permission = Content::of(|c| c.text("PermissionId", &permission));
                let list = Content::of(|c| c.element("Permission", permission));
                let role = Content::of(|c| {
                    c.text("RoleId", &role);
                    c.element("PermissionList", list);
                });
                content.element("Role", role);
            }
        })
    }
}
