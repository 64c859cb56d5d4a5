//! The preferences of a user. Which there are, and their values, is published (IRIS20).

use std::collections::BTreeMap;

use axum::http::StatusCode;
use bandwidth_fixtures::{ApiError, operation::Parameter, seed::Details};

use super::{
    super::{
        answer::Answer,
        handlers::{Context, Outcome},
    },
    tree, tree_with, user_tree,
};
use crate::{
    codec::identity::{self, Content},
    domain::{EventKind, User},
};

/// The preferences with their values.
const PREFERENCES: [(&str, &[&str]); 2] = [
    ("tnFormat", &["E.164", "10D", "11D"]),
    ("preferredPortal", &["NEW", "OLD"]),
];

/// Rejects a name or a value that there is not.
fn check(name: &str, value: &str) -> Result<(), ApiError> {
    let mut known = PREFERENCES.iter();
    let (_, values) = known
        .find(|(known, _)| *known == name)
        .ok_or(ApiError::PreferenceUnknown)?;
    if values.contains(&value) {
        Ok(())
    } else {
        Err(ApiError::PreferenceValue)
    }
}

fn shown(name: &str, value: &str) -> Content {
    Content::of(|content| {
        content.text("PreferenceName", name);
        content.text("PreferenceValue", value);
    })
}

/// All preferences of a user, in the order in which they are published.
fn all(details: &Details) -> Content {
    Content::of(|list| {
        for (name, _) in PREFERENCES {
            if let Some(value) = details.preferences.get(name) {
                list.element("UserPreference", shown(name, value));
            }
        }
    })
}

impl Context<'_> {
    /// The only shape without a user in it (IRIS20).
    pub(in crate::http) fn list_user_preferences(&self) -> Outcome {
        let account = self.caller.slot.account();
        let user = self.seen(&account)?;
        let list = all(&user.details());
        let content = Content::of(|c| c.element("UserPreferences", list));
        Ok(tree("UserPreferencesResponse", content))
    }

    pub(in crate::http) fn replace_user_preferences(&self) -> Outcome {
        let given = identity::preferences_body(&self.xml_body()?, self.rules)?;
        let user = self.change_preferences(|details| {
            let mut preferences = BTreeMap::new();
            for (name, value) in &given {
                check(name, value)?;
                preferences.insert(name.as_str().into(), value.as_str().into());
            }
            details.preferences = preferences;
            Ok(())
        })?;
        Ok(preferences(
            StatusCode::OK,
            "LdapUserPreferencesResponse",
            &user,
        ))
    }

    pub(in crate::http) fn create_user_preference(&self) -> Outcome {
        let (name, value) = identity::preference_body(&self.xml_body()?, self.rules)?;
        let user = self.change_preferences(|details| {
            check(&name, &value)?;
            if details.preferences.contains_key(&*name) {
                return Err(ApiError::PreferenceTaken);
            }
            details
                .preferences
                .insert(name.as_str().into(), value.as_str().into());
            Ok(())
        })?;
        Ok(preferences(
            StatusCode::CREATED,
            "LdapUserPreferencesResponse",
            &user,
        ))
    }

    pub(in crate::http) fn get_user_preference(&self) -> Outcome {
        let account = self.caller.slot.account();
        let user = self.seen(&account)?;
        let name = self.parameter(Parameter::PreferenceName);
        let details = user.details();
        let value = details
            .preferences
            .get(&*name)
            .ok_or(ApiError::PreferenceMissing)?;
        Ok(tree("UserPreference", shown(&name, value)))
    }

    pub(in crate::http) fn update_user_preference(&self) -> Outcome {
        let (given, value) = identity::preference_body(&self.xml_body()?, self.rules)?;
        let name = self.parameter(Parameter::PreferenceName);
        let user = self.change_preferences(|details| {
            if given != *name {
                return Err(ApiError::PreferenceUnknown);
            }
            check(&name, &value)?;
            details
                .preferences
                .insert((*name).into(), value.as_str().into());
            Ok(())
        })?;
        let value = user.details().preferences.get(&*name).cloned();
        let one = shown(&name, &value.unwrap_or_default());
        let list = Content::of(|list| list.element("UserPreference", one));
        let content = Content::of(|c| {
            c.text("UserId", &user.username);
            c.element("UserPreferences", list);
        });
        Ok(user_tree("LdapUserPreferenceResponse", content))
    }

    pub(in crate::http) fn delete_user_preference(&self) -> Outcome {
        let name = self.parameter(Parameter::PreferenceName);
        let user = self.change_preferences(|details| {
            let removed = details.preferences.remove(&*name);
            removed.map(drop).ok_or(ApiError::PreferenceMissing)
        })?;
        Ok(preferences(
            StatusCode::OK,
            "LdapUserPreferenceResponse",
            &user,
        ))
    }

    /// The preferences that there are, with their values.
    pub(in crate::http) fn list_preferences() -> Answer {
        let list = Content::of(|list| {
            for (name, values) in PREFERENCES {
                let values = Content::of(|content| {
                    for value in values {
                        content.text("OptionalValue", value);
                    }
                });
                let preference = Content::of(|content| {
                    content.text("PreferenceName", name);
                    content.element("OptionalValues", values);
                });
                list.element("UserPreference", preference);
            }
        });
        let content = Content::of(|c| c.element("UserPreferences", list));
        tree("UserPreferencesResponse", content)
    }

    fn change_preferences(
        &self,
        change: impl FnOnce(&mut Details) -> Result<(), ApiError>,
    ) -> Result<std::sync::Arc<User>, ApiError> {
        self.change(EventKind::UserProfileUpdate, |account, target, _| {
            account.change_preferences(target, change)
        })
    }
}

fn preferences(status: StatusCode, root: &str, user: &User) -> Answer {
    let content = Content::of(|c| {
        c.text("UserId", &user.username);
        c.element("UserPreferences", all(&user.details()));
    });
    let content = Content::of(|c| c.element("User", content));
    tree_with(status, root, content)
}
