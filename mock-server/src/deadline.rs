//! The line that shows a user of the mock on which day Basic logins of API users end.

use bandwidth_fixtures::{BehaviourId, Profile, profile::AuthSchemes};

/// One line: the day, what this profile does about it, and the flags that change that.
pub fn basic_ends(profile: &Profile) -> String {
    let behaviour = BehaviourId::AuthBasicEnds.behaviour();
    let id = behaviour.id;
    let mut options = behaviour.options.iter().map(|option| option.name);
    let day = options.find(|option| *option != "never");
    let day = day.unwrap_or_default();
    let effect = if let Some(own) = profile.auth_basic_ends {
        format!(
            "this profile rejects them from {own}; try that day with --clock {own}T00:00:00Z, \
             or keep them with --set {id}=never"
        )
    } else {
        let tokens = match profile.auth_schemes {
            AuthSchemes::Basic => " --set auth.schemes=basic_and_bearer",
            AuthSchemes::BasicAndBearer | AuthSchemes::Bearer => "",
        };
        format!(
            "this profile still accepts them; try that day with --set {id}={day}{tokens} \
             --clock {day}T00:00:00Z"
        )
    };
    format!("Bandwidth ends Basic logins of API users on {day}; {effect}")
}

#[cfg(test)]
mod tests {
    use bandwidth_fixtures::NamedProfile;

    use super::basic_ends;

    #[test]
    fn the_line_says_what_the_profile_does_and_which_flags_change_it() {
        let lines = ["guide", "published"].map(|name| {
            let profile = NamedProfile::built_in(name).unwrap();
            basic_ends(profile.options())
        });
        assert_eq!(
            lines,
            [
                "Bandwidth ends Basic logins of API users on 2026-12-02; this profile still accepts \
                 them; try that day with --set auth.basic_ends=2026-12-02 \
                 --set auth.schemes=basic_and_bearer --clock 2026-12-02T00:00:00Z",
                "Bandwidth ends Basic logins of API users on 2026-12-02; this profile rejects them \
                 from 2026-12-02; try that day with --clock 2026-12-02T00:00:00Z, or keep them \
                 with --set auth.basic_ends=never",
            ]
        );
    }
}
