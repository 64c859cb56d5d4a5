//! A model of the API, as far as a trace needs it. It is written from the behaviours' questions and
//! shares no code with the emulator. It knows which rules a request breaks, and not which of them
//! is reported first.

use bandwidth_fixtures::{
    Profile,
    profile::{
        AccountIdInBody, DefaultFields, DeleteEffect, EmailUnique, IdMismatch, MissingByUsername,
        PutSemantics, Telephone, UnknownFields, UnknownRole, UserKey, UsernameCase, UsernameUpdate,
    },
};

use super::trace::Who;
use crate::{
    dialogue::Context,
    wire::{Draft, EMAIL, Role, RoleRef, User, Value},
};

const LONGEST: usize = 100;

/// The required fields of a create, with their errors.
const REQUIRED: [(&str, &str); 5] = [
    ("Username", "username_required"),
    ("FirstName", "first_name_required"),
    ("LastName", "last_name_required"),
    (EMAIL, "email_required"),
    ("Password", "password_required"),
];

/// A user.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) username: String,
    first_name: Option<String>,
    last_name: Option<String>,
    pub(super) email: Option<String>,
    telephone: Option<String>,
    roles: Vec<Role>,
    enabled: bool,
}

/// The expected result of a request.
#[derive(Debug)]
pub(super) enum Expected {
    /// The user is so afterwards.
    Done(Person),
    /// One of these.
    Refused(Vec<Outcome>),
}

/// A refusal, by the name of its error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Missing,
    Taken(&'static str),
    Wrong(&'static str),
    Password(&'static str),
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Missing => "unknown_user",
            Self::Taken(name) | Self::Wrong(name) | Self::Password(name) => name,
        }
    }
}

/// One that was created; gone when it has no person.
struct Known {
    key: String,
    person: Option<Person>,
}

pub(super) struct Model {
    profile: Profile,
    pub(super) roles: Vec<Role>,
    known: Vec<Known>,
}

fn filled(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn too_long(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.chars().count() > LONGEST)
}

impl Model {
    pub(super) fn new(profile: Profile, roles: Vec<Role>) -> Self {
        Self {
            profile,
            roles,
            known: Vec::new(),
        }
    }

    pub(super) fn has_ids(&self) -> bool {
        self.profile.naming_user_key == UserKey::UserId
    }

    fn index(&self, who: Who) -> Option<usize> {
        match who {
            Who::Created(back) if !self.known.is_empty() => {
                Some(self.known.len() - 1 - back % self.known.len())
            }
            _ => None,
        }
    }

    /// The user's key in paths, also after its delete.
    pub(super) fn key(&self, who: Who) -> Option<String> {
        Some(self.known[self.index(who)?].key.clone())
    }

    /// Index of the user that has the key now: a username can have passed to another.
    fn place(&self, who: Who) -> Option<usize> {
        let key = self.key(who)?;
        let holds = |known: &Known| known.person.is_some() && known.key == key;
        self.known.iter().position(holds)
    }

    pub(super) fn find(&self, who: Who) -> Option<&Person> {
        self.known[self.place(who)?].person.as_ref()
    }

    /// The user that a path with this username leads to, and its key.
    pub(super) fn by_name(&self, username: &str) -> Option<(&Person, &str)> {
        let leads = !self.has_ids() || self.profile.missing_by_username == MissingByUsername::Found;
        let mut known = self.known.iter().filter(|_| leads);
        known.find_map(|known| {
            let person = known.person.as_ref()?;
            (person.username == username).then_some((person, known.key.as_str()))
        })
    }

    pub(super) fn list(&self) -> Vec<User> {
        let known = self.known.iter();
        known
            .filter_map(|known| Some(self.shown(known.person.as_ref()?, Some(&known.key))))
            .collect()
    }

    pub(super) fn created(&mut self, person: Person, key: String) {
        let person = Some(person);
        self.known.push(Known { key, person });
    }

    pub(super) fn key_after(&self, who: Who, person: &Person) -> String {
        if self.has_ids() {
            self.key(who).unwrap_or_default()
        } else {
            person.username.clone()
        }
    }

    pub(super) fn updated(&mut self, who: Who, person: Person) {
        let key = self.key_after(who, &person);
        if let Some(place) = self.place(who) {
            let person = Some(person);
            self.known[place] = Known { key, person };
        }
    }

    pub(super) fn deleted(&mut self, who: Who) {
        if let Some(place) = self.place(who) {
            let person = &mut self.known[place].person;
            match (self.profile.delete_effect, person) {
                (DeleteEffect::Removed, person) => *person = None,
                (DeleteEffect::Deactivated, Some(person)) => person.enabled = false,
                (DeleteEffect::Deactivated, None) => {}
            }
        }
    }

    /// The fields of a user that a response shows.
    pub(super) fn shown(&self, person: &Person, key: Option<&str>) -> User {
        let all = self.profile.user_default_fields == DefaultFields::Sent;
        let roles = all || !person.roles.is_empty();
        User {
            id: key.filter(|_| self.has_ids()).map(str::to_owned),
            username: Some(person.username.clone()),
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            email: person.email.clone(),
            telephone: person.telephone.clone(),
            roles: roles.then(|| person.roles.clone()),
            enabled: (all || !person.enabled).then_some(person.enabled),
        }
    }

    /// The fields of a user in a domain that the account shows too: each field with a value, and
    /// whether it is active.
    pub(super) fn in_domain(person: &Person) -> User {
        User {
            id: None,
            username: Some(person.username.clone()),
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            email: person.email.clone(),
            telephone: None,
            roles: None,
            enabled: Some(person.enabled),
        }
    }

    /// The users that are there.
    pub(super) fn people(&self) -> impl Iterator<Item = &Person> {
        let known = self.known.iter();
        known.filter_map(|known| known.person.as_ref())
    }

    /// A telephone number in the profile's form.
    pub(super) fn telephone(&self) -> &'static str {
        match self.profile.user_telephone {
            Telephone::E164Optional => "+19195550123",
            _ => "9195550123",
        }
    }

    /// Some of the roles, by bit.
    pub(super) fn role_refs(&self, some: u8) -> Vec<RoleRef> {
        let chosen = self.roles.iter().enumerate();
        chosen
            .filter(|(index, _)| some >> (index % 8) & 1 == 1)
            .map(|(_, role)| Context::role_ref(role))
            .collect()
    }

    /// True if a body is rejected before users are read.
    fn unreadable(&self, draft: &Draft) -> bool {
        let absent = self.profile.user_telephone == Telephone::Absent;
        let unknown = draft.value("Nickname").is_some()
            || (absent && draft.value("TelephoneNumber").is_some());
        unknown && self.profile.user_unknown_fields == UnknownFields::Refused
    }

    pub(super) fn create(&self, draft: &Draft) -> Expected {
        let mut wrong = Vec::new();
        if self.unreadable(draft) {
            wrong.push(Outcome::Wrong("unreadable_body"));
        }
        for (field, name) in REQUIRED {
            if draft.text(field).is_empty() {
                wrong.push(Outcome::Wrong(name));
            }
        }
        let required = self.profile.user_account_id == AccountIdInBody::Required;
        if required && draft.value("AccountId").is_none() {
            wrong.push(Outcome::Wrong("account_id_required"));
        }
        self.username(draft.text("Username"), None, &mut wrong);
        let person = Person {
            username: draft.text("Username").to_owned(),
            first_name: filled(draft.given("FirstName")),
            last_name: filled(draft.given("LastName")),
            email: filled(draft.given(EMAIL)),
            telephone: self.number(draft.given("TelephoneNumber")),
            roles: Vec::new(),
            enabled: draft.flag("Enabled").unwrap_or(true),
        };
        self.finish(person, draft, None, wrong)
    }

    pub(super) fn update(&self, who: Who, draft: &Draft) -> Expected {
        let mut wrong = Vec::new();
        if self.unreadable(draft) {
            wrong.push(Outcome::Wrong("unreadable_body"));
        }
        let Some((place, before)) = self
            .place(who)
            .and_then(|place| Some((place, self.known[place].person.as_ref()?)))
        else {
            wrong.push(Outcome::Missing);
            return Expected::Refused(wrong);
        };
        let semantics = self.profile.put_semantics;
        if semantics == PutSemantics::ReplaceRequiringFields {
            // What a PUT may leave out: it names the user in its path, and keeps the password.
            let kept = ["Username", "Password"];
            for (field, name) in REQUIRED {
                if draft.text(field).is_empty() && !kept.contains(&field) {
                    wrong.push(Outcome::Wrong(name));
                }
            }
        }
        let merge = semantics == PutSemantics::Merge;
        let after = |field: &str, before: &Option<String>| match draft.given(field) {
            None if merge => before.clone(),
            given => filled(given),
        };
        let mut username = before.username.clone();
        match (draft.given("Username"), self.profile.username_update) {
            (Some(""), _) => wrong.push(Outcome::Wrong("username_required")),
            (Some(given), _) if given == username => {}
            (Some(given), UsernameUpdate::Allowed) => {
                self.username(given, Some(place), &mut wrong);
                given.clone_into(&mut username);
            }
            (Some(_), UsernameUpdate::Refused) => wrong.push(Outcome::Wrong("not_allowed")),
            (Some(_), UsernameUpdate::Ignored) | (None, _) => {}
        }
        if draft.given("Password") == Some("") {
            wrong.push(Outcome::Wrong("password_required"));
        }
        let telephone = match draft.given("TelephoneNumber") {
            None if merge => before.telephone.clone(),
            given => self.number(given),
        };
        let person = Person {
            username,
            first_name: after("FirstName", &before.first_name),
            last_name: after("LastName", &before.last_name),
            email: after(EMAIL, &before.email),
            telephone,
            roles: if merge {
                before.roles.clone()
            } else {
                Vec::new()
            },
            enabled: match draft.flag("Enabled") {
                None if merge => before.enabled,
                given => given.unwrap_or(true),
            },
        };
        self.finish(person, draft, Some(place), wrong)
    }

    /// A telephone number as it is kept: not at all where there is none.
    fn number(&self, given: Option<&str>) -> Option<String> {
        filled(given).filter(|_| self.profile.user_telephone != Telephone::Absent)
    }

    /// The rules that a create and an update share.
    fn finish(
        &self,
        mut person: Person,
        draft: &Draft,
        own: Option<usize>,
        mut wrong: Vec<Outcome>,
    ) -> Expected {
        for (field, name) in [
            ("FirstName", "first_name_too_long"),
            ("LastName", "last_name_too_long"),
            (EMAIL, "email_too_long"),
        ] {
            if too_long(draft.given(field)) {
                wrong.push(Outcome::Wrong(name));
            }
        }
        if draft.given(EMAIL) == Some("no-email") {
            wrong.push(Outcome::Wrong("email_invalid"));
        }
        let form = self.profile.user_telephone;
        if form == Telephone::TenDigitsRequired && person.telephone.is_none() {
            wrong.push(Outcome::Wrong("telephone_required"));
        }
        if form != Telephone::Absent && draft.given("TelephoneNumber") == Some("12-34") {
            wrong.push(Outcome::Wrong("telephone_invalid"));
        }
        if draft.given("AccountId") == Some("1") {
            wrong.push(Outcome::Wrong("account_id_mismatch"));
        }
        let foreign = draft.given("UserId").is_some() && self.has_ids();
        if foreign && self.profile.put_id_mismatch == IdMismatch::Refused {
            wrong.push(Outcome::Wrong("user_id_mismatch"));
        }
        if draft.given("Password") == Some("a") {
            if self.profile.password_min_length > 1 {
                wrong.push(Outcome::Password("password_too_short"));
            }
            if self.profile.password_classes > 1 {
                wrong.push(Outcome::Password("password_classes"));
            }
        }
        if let Some(Value::Roles(references)) = draft.value("Roles") {
            person.roles.clear();
            for reference in references {
                let (RoleRef::Plain(text) | RoleRef::Object(_, text)) = reference;
                let mut roles = self.roles.iter();
                let found = roles.find(|role| {
                    role.id.as_ref() == Some(text)
                        || (role.id.is_none() && role.name.as_ref() == Some(text))
                });
                match found {
                    Some(role) => person.roles.push(role.clone()),
                    None if self.profile.role_unknown == UnknownRole::Ignored => {}
                    None => wrong.push(Outcome::Wrong("unknown_role")),
                }
            }
        }
        let own_email = own.and_then(|own| self.known[own].person.as_ref()?.email.clone());
        if self.profile.email_unique != EmailUnique::None
            && let Some(email) = &person.email
            && own_email.as_ref() != Some(email)
            && self.others(own).any(|other| {
                let other = other.email.as_deref().unwrap_or("");
                other.to_lowercase() == email.to_lowercase()
            })
        {
            wrong.push(Outcome::Taken("email_taken"));
        }
        if wrong.is_empty() {
            Expected::Done(person)
        } else {
            Expected::Refused(wrong)
        }
    }

    fn others(&self, own: Option<usize>) -> impl Iterator<Item = &Person> {
        let known = self.known.iter().enumerate();
        known
            .filter(move |(place, _)| Some(*place) != own)
            .filter_map(|(_, known)| known.person.as_ref())
    }

    /// The rules of a username that is new to a user.
    fn username(&self, username: &str, own: Option<usize>, wrong: &mut Vec<Outcome>) {
        if too_long(Some(username)) {
            wrong.push(Outcome::Wrong("username_too_long"));
        }
        if username.contains('!') {
            wrong.push(Outcome::Wrong("username_characters"));
        }
        let written = |name: &str| match self.profile.username_case {
            UsernameCase::Sensitive => name.to_owned(),
            UsernameCase::Insensitive => name.to_lowercase(),
        };
        let mut others = self.others(own);
        if others.any(|other| written(&other.username) == written(username)) {
            wrong.push(Outcome::Taken("username_taken"));
        }
    }
}
