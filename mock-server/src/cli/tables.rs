//! Tables of `profiles` and `behaviours`.

use std::fmt::Write as _;

use bandwidth_fixtures::{
    Behaviour, BehaviourId, FixtureError, NamedProfile, behaviours as all_behaviours,
};

/// The list of profiles, one profile, or the differences of two.
pub(super) fn profiles(name: Option<&str>, other: Option<&str>) -> Result<String, FixtureError> {
    let Some(name) = name else {
        return NamedProfile::BUILT_IN
            .iter()
            .map(|name| {
                let profile = NamedProfile::load(name)?;
                Ok(format!("{name:<11}{}\n", profile.description()))
            })
            .collect();
    };
    let profile = NamedProfile::load(name)?;
    match other {
        None => Ok(one_profile(&profile)),
        Some(other) => Ok(difference(&profile, &NamedProfile::load(other)?)),
    }
}

fn one_profile(profile: &NamedProfile) -> String {
    let mut text = format!("{}: {}\n\n", profile.name(), profile.description());
    for behaviour in all_behaviours() {
        let _ = writeln!(text, "{}", choice(profile, behaviour.id));
    }
    text
}

fn difference(profile: &NamedProfile, other: &NamedProfile) -> String {
    let ids: Vec<BehaviourId> = profile.differences(other).collect();
    if ids.is_empty() {
        return format!("{} and {} behave the same.\n", profile.name(), other.name());
    }
    let mut text = String::new();
    for id in ids {
        let _ = writeln!(text, "{id}");
        for side in [profile, other] {
            let _ = writeln!(
                text,
                "  {:<10} {}",
                side.name(),
                option_with_evidence(side, id)
            );
        }
    }
    text
}

fn choice(profile: &NamedProfile, id: BehaviourId) -> String {
    format!("{:<30}{}", id.as_str(), option_with_evidence(profile, id))
}

fn option_with_evidence(profile: &NamedProfile, id: BehaviourId) -> String {
    let option = profile.options().get(id);
    match profile.evidence(id).first() {
        Some(evidence) => format!("{option:<29}{evidence}"),
        None => format!("{option:<29}assumed: no source names this value"),
    }
}

/// The list of behaviours, those of an area, or one.
pub(super) fn behaviours(id: Option<&str>) -> Result<String, FixtureError> {
    let Some(id) = id else {
        let mut text = String::new();
        for behaviour in all_behaviours() {
            let _ = writeln!(text, "{:<30}{}", behaviour.id.as_str(), behaviour.question);
        }
        return Ok(text);
    };
    let area: Vec<&Behaviour> = all_behaviours()
        .iter()
        .filter(|b| b.id.area() == id)
        .collect();
    if !area.is_empty() {
        return Ok(area
            .into_iter()
            .map(one_behaviour)
            .collect::<Vec<_>>()
            .join("\n"));
    }
    BehaviourId::find("behaviours", id).map(|id| one_behaviour(id.behaviour()))
}

fn one_behaviour(behaviour: &Behaviour) -> String {
    let mut text = format!("{behaviour}\n");
    if behaviour
        .options
        .iter()
        .all(|option| !behaviour.accepts(&format!("{}x", option.name)))
    {
        let _ = writeln!(text, "  A value is {}.", behaviour.expected());
    }
    for option in behaviour.options {
        let chosen: Vec<&str> = NamedProfile::BUILT_IN
            .into_iter()
            .filter(|name| {
                NamedProfile::built_in(name)
                    .is_some_and(|profile| profile.options().get(behaviour.id) == option.name)
            })
            .collect();
        let chosen = if chosen.is_empty() {
            String::new()
        } else {
            format!("  [profile {}]", chosen.join(", "))
        };
        let _ = writeln!(text, "  {}: {}{chosen}", option.name, option.meaning);
        for evidence in option.evidence {
            let _ = writeln!(text, "      {evidence}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{behaviours, profiles};

    #[test]
    fn what_the_commands_print() {
        insta::assert_snapshot!("profiles", profiles(None, None).unwrap());
        insta::assert_snapshot!("profile_guide", profiles(Some("guide"), None).unwrap());
        insta::assert_snapshot!(
            "profiles_diff",
            profiles(Some("published"), Some("guide")).unwrap()
        );
        insta::assert_snapshot!("behaviours", behaviours(None).unwrap());
        insta::assert_snapshot!("behaviour_put", behaviours(Some("put")).unwrap());
        insta::assert_snapshot!(
            "behaviour_number",
            behaviours(Some("password.min_length")).unwrap()
        );
    }
}
