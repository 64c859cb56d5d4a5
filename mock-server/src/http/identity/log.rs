//! The log of a user: what was done to it, with before and after.

use std::{sync::Arc, time::Duration};

use axum::http::{StatusCode, header::HOST};
use bandwidth_fixtures::{ApiError, Date, operation::Parameter, profile::EventNames};

use super::{
    super::{
        answer::Answer,
        handlers::{Context, Outcome},
    },
    pages::{self, Page},
    shapes, tree,
};
use crate::{
    clock::rfc3339,
    codec::identity::Content,
    domain::{Account, Event, EventKind, User},
};

impl Context<'_> {
    pub(in crate::http) fn list_user_events(&self) -> Outcome {
        let query = pages::query(self.head);
        let day = |name: &str| {
            let text = query.get(name);
            let day = text.map(|text| text.parse::<Date>().map_err(|()| ApiError::DateInvalid));
            day.transpose()
        };
        let (start, end) = (day("startDate")?, day("endDate")?);
        if start
            .zip(end)
            .is_some_and(|(start, end)| start.start() > end.start())
        {
            return Err(ApiError::DateRange.into());
        }
        let page = Page::of(self.head, Some(self.rules.identity_page_size()))?;
        let account = self.caller.slot.account();
        let user = self.seen(&account)?;
        let events: Vec<&Arc<Event>> = account
            .events_of(user)
            .filter(|event| start.is_none_or(|day| event.at >= day.start()))
            .filter(|event| end.is_none_or(|day| event.at < day.start() + DAY))
            .collect();
        let shown = page.cut(&events, self.rules)?;
        let links = Content::of(|links| {
            links.text("first", &self.link("first", 1, page.size));
            if page.has_next(&events) {
                links.text("next", &self.link("next", page.number + 1, page.size));
            }
        });
        let list = Content::of(|list| {
            for event in shown {
                list.element("UserEvent", self.event(event));
            }
        });
        let content = Content::of(|content| {
            content.element("Links", links);
            content.element("UserEvents", list);
        });
        Ok(tree("UserEventLog", content))
    }

    pub(in crate::http) fn get_user_event(&self) -> Outcome {
        let account = self.caller.slot.account();
        let user = self.seen(&account)?;
        let id = self.parameter(Parameter::EventId);
        let mut events = account.events_of(user);
        let event = id
            .parse()
            .ok()
            .and_then(|id: u64| events.find(|event| event.id == id));
        let event = event.ok_or(ApiError::UnknownEvent)?;
        let change = event.change.as_ref().filter(|_| event.has_details());
        let Some((before, after)) = change else {
            return Ok(Answer::empty(StatusCode::NO_CONTENT));
        };
        let details = Content::of(|details| {
            details.element("UserEvent", self.event(event));
            let before = before
                .as_deref()
                .map(|user| part(event.kind, user, &account));
            details.element("BeforeChanges", before.unwrap_or_default());
            details.element("AfterChanges", part(event.kind, after, &account));
        });
        let content = Content::of(|c| c.element("UserActivityEventDetails", details));
        Ok(tree("UserActivityEventDetailsResponse", content))
    }

    fn event(&self, event: &Event) -> Content {
        Content::of(|content| {
            content.text("EventId", &event.id.to_string());
            content.text("EventDate", &rfc3339(event.at));
            content.text("InvokingUser", &event.invoking);
            content.text(
                "Event",
                &name(event.kind, self.rules.identity_event_names()),
            );
            content.flag("Success", event.success);
            if event.has_details() {
                content.flag("ContainDetails", true);
            }
        })
    }

    /// A link to a page, in the form of the example (IRIS20).
    fn link(&self, relation: &str, page: usize, size: usize) -> String {
        let host = self.head.headers.get(HOST);
        let host = host
            .and_then(|host| host.to_str().ok())
            .unwrap_or("localhost");
        let path = self.head.uri.path();
        let query = self.head.uri.query().unwrap_or_default();
        let mut kept = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if name != "page" && name != "size" {
                kept.append_pair(&name, &value);
            }
        }
        kept.append_pair("page", &page.to_string());
        kept.append_pair("size", &size.to_string());
        let query = kept.finish();
        format!("Link=<http://{host}{path}?{query}>;rel=\"{relation}\";")
    }
}

/// Both days of a range belong to it.
const DAY: Duration = Duration::from_hours(24);

/// The part of a user that an event of that kind is about.
fn part(kind: EventKind, user: &User, account: &Account) -> Content {
    let shows = shapes::Shows::ALL;
    match kind {
        EventKind::Login | EventKind::PasswordReset => {
            Content::of(|content| content.text("UserId", &user.username))
        }
        EventKind::UserCreate => shapes::user(user, account.roles(), account.companies(), shows),
        EventKind::UserSettingsUpdate => Content::of(|content| {
            content.text("UserId", &user.username);
            content.element("UserSettings", shapes::settings(user, shows));
        }),
        EventKind::UserProfileUpdate => Content::of(|content| {
            content.text("UserId", &user.username);
            content.optional("Email", user.texts.email.as_deref());
            content.element("UserProfile", shapes::profile(user));
        }),
        EventKind::UserRolesUpdate => Content::of(|content| {
            content.text("UserId", &user.username);
            let roles = Content::of(|list| {
                for role in shapes::roles_of(user, account.roles()) {
                    list.element("Role", Content::of(|c| c.text("RoleId", &role.domain_id)));
                }
            });
            content.element("RoleList", roles);
        }),
        EventKind::UserAccountsUpdate => Content::of(|content| {
            content.text("UserId", &user.username);
            content.element("AccountList", shapes::accounts(user, account.companies()));
        }),
    }
}

/// The name of an event, for example `USER_CREATE` or `UserCreate`.
fn name(kind: EventKind, names: EventNames) -> String {
    let published = kind.as_str();
    match names {
        EventNames::Upper => published.to_owned(),
        EventNames::Camel => published.split('_').map(capitalized).collect(),
    }
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_owned() + &rest.to_ascii_lowercase()
}
