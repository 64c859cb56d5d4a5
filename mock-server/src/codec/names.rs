//! The names that fields have on the wire.

use std::borrow::Cow;

use bandwidth_fixtures::{
    BehaviourId, Consultation, TextField,
    profile::{JsonCase, RequestRoot, RoleField, Telephone},
};

use super::{Format, node::known_names};

/// The name of a field; none where the API has no such field.
pub fn name_of(field: TextField, rules: &Consultation) -> Option<&'static str> {
    match field {
        TextField::Email => Some(rules.naming_email().field()),
        TextField::TelephoneNumber if rules.user_telephone() == Telephone::Absent => None,
        other => Some(other.wire_name()),
    }
}

/// The field of that name.
pub(super) fn field_of(name: &str, rules: &Consultation) -> Option<TextField> {
    let field = match name {
        "EmailAddress" => TextField::Email,
        name => *TextField::ALL
            .iter()
            .find(|field| field.wire_name() == name)?,
    };
    (name_of(field, rules) == Some(name)).then_some(field)
}

/// A name of XML as bodies in that format write it.
pub(super) fn in_format<'n>(name: &'n str, format: Format, rules: &Consultation) -> Cow<'n, str> {
    match name.chars().next() {
        Some(first)
            if first.is_ascii_uppercase()
                && format == Format::Json
                && rules.naming_json_case() == JsonCase::Camel =>
        {
            format!("{}{}", first.to_ascii_lowercase(), &name[1..]).into()
        }
        _ => name.into(),
    }
}

/// The words of an error with the names of fields as bodies in that format write them.
pub fn spelled(words: &str, format: Format, rules: &Consultation) -> String {
    known_names().fold(words.to_owned(), |words, name| {
        if words.contains(name) {
            words.replace(name, &in_format(name, format, rules))
        } else {
            words
        }
    })
}

/// Suggests a name in place of an unknown field of a user's body, as a sentence that follows
/// others; empty if there is no similar one.
pub(super) fn hint(sent: &str, format: Format, rules: &Consultation) -> String {
    let like = |known: &&str| known.eq_ignore_ascii_case(sent);
    let Some(known) = known_names().find(like) else {
        return String::new();
    };
    let (right, decides) = match known {
        "Email" | "EmailAddress" => (rules.naming_email().field(), BehaviourId::NamingEmail),
        "Roles" | "RoleIds" => {
            let field = match rules.role_request_field() {
                RoleField::Roles => "Roles",
                RoleField::RoleIds => "RoleIds",
                RoleField::Either => known,
            };
            (field, BehaviourId::RoleRequestField)
        }
        "User" if format == Format::Json && rules.user_request_root() == RequestRoot::Bare => {
            return profile_has(BehaviourId::UserRequestRoot, rules);
        }
        other => (other, BehaviourId::NamingJsonCase),
    };
    let right = in_format(right, format, rules);
    if right == sent {
        return String::new();
    }
    let why = match (right.eq_ignore_ascii_case(sent), format) {
        (true, Format::Xml) => String::new(),
        (true, Format::Json) => profile_has(BehaviourId::NamingJsonCase, rules),
        (false, _) => profile_has(decides, rules),
    };
    format!(" It is written `{right}` here.{why}")
}

/// The option of a behaviour that explains an error, as a sentence that follows others.
pub(super) fn profile_has(id: BehaviourId, rules: &Consultation) -> String {
    format!(" The profile has {id}={}.", rules.option(id))
}
