//! The names that the texts of a user have on the wire.

use bandwidth_fixtures::{Consultation, TextField, profile::Telephone};

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
