//! Names of profiles in requests.

use std::collections::BTreeMap;

use bandwidth_fixtures::{FixtureError, NamedProfile, describe};
use serde_json::Value;

use super::ControlError;

/// A profile: a built-in one, a file's text or the server's own, and options that differ from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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

const FORM: &str = "a profile is a name such as \"published\", or \
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
                ("profile" | "toml" | "set", Value::Null) => {}
                ("set", options) => set = read_options(options)?,
                _ => return Err(wrong()),
            }
        }
        Ok(Self { base, set })
    }

    /// With these options too, which count more than its own.
    pub fn and_set(mut self, options: BTreeMap<String, String>) -> Self {
        self.set.extend(options);
        self
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

const OPTIONS: &str = "options are {\"put.semantics\":\"merge\"}, or {\"put\":{\"semantics\":\"merge\"}}, \
                       or text in the form of --set, \"put.semantics=merge\", or a list of such texts";

/// Options by the ids of their behaviours: an object, flat or by area as in a profile file, or text as
/// `--set` takes it, or a list of texts.
pub fn read_options(options: &Value) -> Result<BTreeMap<String, String>, ControlError> {
    let wrong = |what: &str| ControlError::Invalid(format!("{what}; {OPTIONS}"));
    let mut read = BTreeMap::new();
    let mut put = |id: String, option: String| match read.insert(id.clone(), option) {
        Some(_) => Err(wrong(&format!("`{id}` is given twice"))),
        None => Ok(()),
    };
    let texts = match options {
        Value::Object(object) => {
            for (key, value) in object {
                let (area, inner) = match value {
                    Value::Object(inner) => (format!("{key}."), inner.iter().collect()),
                    _ => (String::new(), vec![(key, value)]),
                };
                for (name, option) in inner {
                    let id = format!("{area}{name}");
                    let Some(option) = scalar(option) else {
                        let what = format!("the option of `{id}` is neither text nor a number");
                        return Err(wrong(&what));
                    };
                    put(id, option)?;
                }
            }
            return Ok(read);
        }
        Value::Array(texts) => texts.as_slice(),
        text => std::slice::from_ref(text),
    };
    for text in texts {
        let pair = text.as_str().and_then(|text| text.split_once('='));
        let (id, option) = pair.ok_or_else(|| wrong(&format!("{text} is not KEY=VALUE")))?;
        put(id.trim().to_owned(), option.trim().to_owned())?;
    }
    Ok(read)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
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
