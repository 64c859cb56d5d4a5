//! How a request names a profile.

use std::collections::BTreeMap;

use bandwidth_fixtures::{FixtureError, NamedProfile, describe};
use serde_json::{Map, Value};

use super::ControlError;

/// A profile: a built-in one, a file's text or the server's own, and options that differ from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileChoice {
    base: Option<Base>,
    set: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Base {
    BuiltIn(String),
    Toml(String),
    Whole(Box<NamedProfile>),
}

const FORM: &str = "a profile is a name as \"published\", or \
                    {\"profile\":\"guide\",\"set\":{\"put.semantics\":\"merge\"}}, or \
                    {\"toml\":\"the text of a profile file\"}";

impl ProfileChoice {
    /// This profile.
    pub fn of(profile: NamedProfile) -> Self {
        Self {
            base: Some(Base::Whole(Box::new(profile))),
            set: BTreeMap::new(),
        }
    }

    /// The text of a profile file.
    pub fn toml(text: impl Into<String>) -> Self {
        Self {
            base: Some(Base::Toml(text.into())),
            set: BTreeMap::new(),
        }
    }

    /// Reads a name, or an object with `profile` or `toml`, and `set`.
    pub fn from_json(value: &Value) -> Result<Self, ControlError> {
        let wrong = || ControlError::Invalid(FORM.to_owned());
        let object = match value {
            Value::String(name) => {
                return Ok(Self {
                    base: Some(Base::BuiltIn(name.clone())),
                    set: BTreeMap::new(),
                });
            }
            Value::Object(object) => object,
            _ => return Err(wrong()),
        };
        let mut base = None;
        let mut set = BTreeMap::new();
        for (key, value) in object {
            match (key.as_str(), value) {
                ("profile", Value::String(name)) if base.is_none() => {
                    base = Some(Base::BuiltIn(name.clone()));
                }
                ("toml", Value::String(text)) if base.is_none() => {
                    base = Some(Base::Toml(text.clone()));
                }
                ("set", Value::Object(options)) => set = read_options(options)?,
                ("profile" | "toml" | "set", Value::Null) => {}
                _ => return Err(wrong()),
            }
        }
        Ok(Self { base, set })
    }

    /// The profile that is meant; without a base it differs from `present` in its options.
    pub fn profile(self, present: &NamedProfile) -> Result<NamedProfile, ControlError> {
        let mut profile = match self.base {
            None => present.clone(),
            Some(Base::BuiltIn(name)) => NamedProfile::built_in(&name).ok_or_else(|| {
                let or = describe::or_one_of(&name, "built in are", &NamedProfile::BUILT_IN);
                let or = or.trim_end_matches('?');
                ControlError::Invalid(format!("there is no profile `{name}`{or}; {FORM}"))
            })?,
            Some(Base::Toml(text)) => NamedProfile::parse("profile", &text)?,
            Some(Base::Whole(profile)) => *profile,
        };
        set(&mut profile, &self.set)?;
        Ok(profile)
    }
}

/// Options by the ids of their behaviours, as `{"put.semantics":"merge","password.min_length":12}`.
pub fn read_options(
    options: &Map<String, Value>,
) -> Result<BTreeMap<String, String>, ControlError> {
    let read = |(id, option): (&String, &Value)| match option {
        Value::String(text) => Ok((id.clone(), text.clone())),
        Value::Number(number) => Ok((id.clone(), number.to_string())),
        _ => Err(ControlError::Invalid(format!(
            "the option of `{id}` must be a string or a number, as {{\"put.semantics\":\"merge\"}}"
        ))),
    };
    options.iter().map(read).collect()
}

/// Changes these options of a profile, all or none.
pub(super) fn set(
    profile: &mut NamedProfile,
    options: &BTreeMap<String, String>,
) -> Result<(), FixtureError> {
    let choices = options.iter();
    profile.choose(
        "profile",
        choices.map(|(id, option)| (id.as_str(), option.as_str())),
    )
}
