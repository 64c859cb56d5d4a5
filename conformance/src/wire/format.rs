//! Formats of bodies, and the names that the expected profile gives to fields.

use bandwidth_fixtures::{
    Profile,
    profile::{DefaultFormat, JsonCase, JsonSupport},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A format of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `application/xml`
    Xml,
    /// `application/json`
    Json,
}

impl Format {
    /// The format of responses to requests without `Accept`.
    pub fn default_of(profile: &Profile) -> Self {
        match profile.format_default {
            DefaultFormat::Xml => Self::Xml,
            DefaultFormat::Json => Self::Json,
        }
    }

    /// The formats that a profile has.
    pub fn all_of(profile: &Profile) -> &'static [Self] {
        match profile.format_json {
            JsonSupport::Negotiated => &[Self::Xml, Self::Json],
            JsonSupport::Never => &[Self::Xml],
        }
    }

    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Json => "json",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "application/xml",
            Self::Json => "application/json",
        }
    }
}

/// The name of a field in that format.
pub(super) fn key(profile: &Profile, format: Format, name: &str) -> String {
    match (format, profile.naming_json_case) {
        (Format::Json, JsonCase::Camel) => {
            let mut characters = name.chars();
            characters.next().map_or_else(String::new, |first| {
                first.to_lowercase().chain(characters).collect()
            })
        }
        _ => name.to_owned(),
    }
}

/// The email field's name.
pub fn email_name(profile: &Profile) -> &'static str {
    profile.naming_email.field()
}
