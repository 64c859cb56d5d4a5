//! A model of the API for users below an account. It is written from the behaviours' questions and
//! shares no code with the emulator. It knows which rules a request breaks, and not which of them
//! is reported first. It keeps no passwords.

use std::collections::BTreeSet;

use bandwidth_fixtures::{
    Profile,
    profile::{
        AccountIdInBody, DefaultFields, DeleteEffect, EmailUnique, IdMismatch, MissingByUsername,
        PasswordIdentity, PutSemantics, Telephone, UnknownFields, UnknownRole, UserKey,
        UsernameCase, UsernameUpdate,
    },
};

use super::trace::UserRef;
use crate::{
    dialogue::Context,
    wire::{Draft, EMAIL, Role, RoleRef, User, Value},
};

const LONGEST: usize = 100;

/// The fields of a body, without the telephone number, which not each profile has.
pub const FIELDS: [&str; 9] = [
    "UserId",
    "AccountId",
    "Username",
    "FirstName",
    "LastName",
    EMAIL,
    "Password",
    "Roles",
    "Enabled",
];
/// A field that depends on the profile.
pub const TELEPHONE: &str = "TelephoneNumber";

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
pub struct Person {
    /// Its login name.
    pub username: String,
    first_name: Option<String>,
    last_name: Option<String>,
    pub(super) email: Option<String>,
    telephone: Option<String>,
    roles: Vec<Role>,
    enabled: bool,
}

/// The expected result of a request.
#[derive(Debug)]
pub enum Expected {
    /// The user is so afterwards.
    Done(Person),
    /// One of these.
    Refused(Vec<Outcome>),
}

/// A refusal, by the name of its error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There is no such user.
    Missing,
    /// Another user has the name or the email.
    Taken(&'static str),
    /// A field is wrong.
    Wrong(&'static str),
    /// The password breaks a rule.
    Password(&'static str),
}

impl Outcome {
    /// The name of its error.
    pub fn name(self) -> &'static str {
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

/// The users of an account.
pub struct Model {
    profile: Profile,
    account: String,
    pub(super) roles: Vec<Role>,
    known: Vec<Known>,
}

fn filled(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn too_long(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.chars().count() > LONGEST)
}

/// True if a username may have the character.
fn is_of_username(character: char) -> bool {
    character.is_ascii_alphanumeric() || "@._-".contains(character)
}

/// Something, an at sign, and a domain with a dot inside.
fn is_email(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && !part.contains([' ', '@']);
    let (local, domain) = text.split_once('@').unwrap_or_default();
    plain(local) && domain.contains('.') && domain.split('.').all(plain)
}

fn is_telephone(text: &str, form: Telephone) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match form {
        Telephone::Absent => true,
        Telephone::TenDigitsOptional | Telephone::TenDigitsRequired => {
            text.len() == 10 && digits(text)
        }
        // A country code begins with no zero, and there are at most 15 digits.
        Telephone::E164Optional => text.strip_prefix('+').is_some_and(|number| {
            digits(number) && !number.starts_with('0') && (2..=15).contains(&number.len())
        }),
    }
}

/// Number of classes in a password: upper case, lower case, digits and symbols.
fn classes(password: &str) -> usize {
    let kinds = password.chars().map(|one| match one {
        one if one.is_lowercase() => 0,
        one if one.is_uppercase() => 1,
        one if one.is_numeric() => 2,
        _ => 3,
    });
    kinds.collect::<BTreeSet<_>>().len()
}

impl Model {
    /// An account without users.
    pub fn new(profile: Profile, account: &str, roles: Vec<Role>) -> Self {
        Self {
            profile,
            account: account.to_owned(),
            roles,
            known: Vec::new(),
        }
    }

    pub(super) fn has_ids(&self) -> bool {
        self.profile.naming_user_key == UserKey::UserId
    }

    /// The user's key in paths, also after its delete.
    pub(super) fn key(&self, who: UserRef) -> Option<String> {
        match who {
            UserRef::Created(back) if !self.known.is_empty() => {
                let index = self.known.len() - 1 - back % self.known.len();
                Some(self.known[index].key.clone())
            }
            _ => None,
        }
    }

    /// A username in the case in which it is compared.
    fn written(&self, username: &str) -> String {
        match self.profile.username_case {
            UsernameCase::Sensitive => username.to_owned(),
            UsernameCase::Insensitive => username.to_lowercase(),
        }
    }

    /// Index of the user of this key in a path: an internal id, or a username where that names
    /// users too.
    fn place(&self, key: &str) -> Option<usize> {
        let by_name =
            !self.has_ids() || self.profile.missing_by_username == MissingByUsername::Found;
        let find = |is: &dyn Fn(&Known, &Person) -> bool| {
            let mut known = self.known.iter();
            known.position(|one| one.person.as_ref().is_some_and(|person| is(one, person)))
        };
        let named = |_: &Known, person: &Person| {
            by_name && self.written(&person.username) == self.written(key)
        };
        find(&|known, _| known.key == key).or_else(|| find(&named))
    }

    /// The user of this key in a path, and its own key.
    pub fn find(&self, key: &str) -> Option<(&Person, &str)> {
        let known = &self.known[self.place(key)?];
        Some((known.person.as_ref()?, &known.key))
    }

    /// The users that the list shows.
    pub fn list(&self) -> Vec<User> {
        let known = self.known.iter();
        known
            .filter_map(|known| Some(self.shown(known.person.as_ref()?, Some(&known.key))))
            .collect()
    }

    /// A create was taken, and the user has that key.
    pub fn created(&mut self, person: Person, key: String) {
        let person = Some(person);
        self.known.push(Known { key, person });
    }

    /// The user's key after such an update.
    pub fn key_after(&self, key: &str, person: &Person) -> String {
        match self.find(key) {
            Some((_, key)) if self.has_ids() => key.to_owned(),
            _ => person.username.clone(),
        }
    }

    /// An update was taken.
    pub fn updated(&mut self, key: &str, person: Person) {
        let after = self.key_after(key, &person);
        if let Some(place) = self.place(key) {
            let person = Some(person);
            self.known[place] = Known { key: after, person };
        }
    }

    /// A delete was taken.
    pub fn deleted(&mut self, key: &str) {
        if let Some(place) = self.place(key) {
            let person = &mut self.known[place].person;
            match (self.profile.delete_effect, person) {
                (DeleteEffect::Removed, person) => *person = None,
                (DeleteEffect::Deactivated, Some(person)) => person.enabled = false,
                (DeleteEffect::Deactivated, None) => {}
            }
        }
    }

    /// The fields of a user that a response shows.
    pub fn shown(&self, person: &Person, key: Option<&str>) -> User {
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
        let telephone = self.profile.user_telephone != Telephone::Absent;
        let known = |name: &str| FIELDS.contains(&name) || (telephone && name == TELEPHONE);
        let ignored = self.profile.user_unknown_fields == UnknownFields::Ignored;
        !ignored && !draft.names().all(known)
    }

    /// The expected result of a create.
    pub fn create(&self, draft: &Draft) -> Expected {
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
            telephone: self.number(draft.given(TELEPHONE)),
            roles: Vec::new(),
            enabled: draft.flag("Enabled").unwrap_or(true),
        };
        self.finish(person, draft, None, wrong)
    }

    /// The expected result of an update of the user of this key.
    pub fn update(&self, key: &str, draft: &Draft) -> Expected {
        let mut wrong = Vec::new();
        if self.unreadable(draft) {
            wrong.push(Outcome::Wrong("unreadable_body"));
        }
        let Some((place, before)) = self
            .place(key)
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
        let telephone = match draft.given(TELEPHONE) {
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
        if filled(draft.given(EMAIL)).is_some_and(|email| !is_email(&email)) {
            wrong.push(Outcome::Wrong("email_invalid"));
        }
        let form = self.profile.user_telephone;
        if form == Telephone::TenDigitsRequired && person.telephone.is_none() {
            wrong.push(Outcome::Wrong("telephone_required"));
        }
        if filled(draft.given(TELEPHONE)).is_some_and(|number| !is_telephone(&number, form)) {
            wrong.push(Outcome::Wrong("telephone_invalid"));
        }
        let account = draft.given("AccountId");
        if account.is_some_and(|account| account != self.account) {
            wrong.push(Outcome::Wrong("account_id_mismatch"));
        }
        // A new user has no id that a body could name.
        let id = own.map(|own| self.known[own].key.as_str());
        let foreign =
            self.has_ids() && draft.value("UserId").is_some() && draft.given("UserId") != id;
        if foreign && self.profile.put_id_mismatch == IdMismatch::Refused {
            wrong.push(Outcome::Wrong("user_id_mismatch"));
        }
        if let Some(password) = filled(draft.given("Password")) {
            self.password(&password, &person, &mut wrong);
        }
        if let Some(Value::Roles(references)) = draft.value("Roles") {
            person.roles.clear();
            for reference in references {
                let (RoleRef::Plain(text) | RoleRef::Object(_, text)) = reference;
                let by_name = matches!(reference, RoleRef::Object("RoleName", _));
                let mut roles = self.roles.iter();
                let found = roles.find(|role| match &role.id {
                    Some(id) if !by_name => id == text,
                    _ => role.name.as_ref() == Some(text),
                });
                match found {
                    Some(role) if person.roles.contains(role) => {}
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
        if !username.chars().all(is_of_username) {
            wrong.push(Outcome::Wrong("username_characters"));
        }
        let mut others = self.others(own);
        if others.any(|other| self.written(&other.username) == self.written(username)) {
            wrong.push(Outcome::Taken("username_taken"));
        }
    }

    /// The rules of a password that do not depend on earlier ones.
    fn password(&self, password: &str, person: &Person, wrong: &mut Vec<Outcome>) {
        let at_least =
            |number: usize, least: u32| u32::try_from(number).is_ok_and(|it| it >= least);
        let length = password.chars().count();
        let profile = &self.profile;
        let email = person.email.as_deref();
        let local_part = email.and_then(|email| email.split('@').next());
        let names = [
            Some(person.username.as_str()),
            person.first_name.as_deref(),
            person.last_name.as_deref(),
            email,
            local_part,
        ];
        let lower = password.to_lowercase();
        // Names of one or two characters are in too many passwords.
        let holds = |name: &str| name.chars().count() > 2 && lower.contains(&name.to_lowercase());
        let identity = profile.password_identity == PasswordIdentity::Refused
            && names.into_iter().flatten().any(holds);
        for (broken, name) in [
            (
                !at_least(length, profile.password_min_length),
                "password_too_short",
            ),
            (
                at_least(length, profile.password_max_length + 1),
                "password_too_long",
            ),
            (
                !at_least(classes(password), profile.password_classes),
                "password_classes",
            ),
            (identity, "password_identity"),
        ] {
            if broken {
                wrong.push(Outcome::Password(name));
            }
        }
    }
}
