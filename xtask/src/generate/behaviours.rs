//! `docs/reference/behaviours.md`: every open question, its options, and how each is known.

use std::fmt::Write as _;

use bandwidth_conformance::{case::Case, registry::cases};
use bandwidth_fixtures::{Behaviour, BehaviourOption, NamedProfile, Values, behaviours};

use super::markdown::{code, codes, head, plain, table};

pub(super) fn page() -> String {
    let profiles: Vec<NamedProfile> = NamedProfile::BUILT_IN
        .iter()
        .filter_map(|name| NamedProfile::built_in(name))
        .collect();
    let cases = cases();
    let mut text = head("Behaviours", "fixtures/behaviours.toml");
    let _ = writeln!(
        text,
        "Each is one question about the real API that has more than one plausible answer. A profile \
         chooses an option for every one of the {}; `--set ID=OPTION` and profile files \
         [choose others](../how-to/choose-how-it-behaves.md).\n\n\
         How an option is known: `published` by Bandwidth, said by the `guide`, or `assumed` here, \
         with the reasoning. The short names of sources are those of [sources.md](../sources.md). \
         Nothing was observed on a real account.\n",
        behaviours().len()
    );
    let rows = behaviours().iter().map(|behaviour| {
        let id = behaviour.id.as_str();
        let chosen = |profile: &NamedProfile| code(profile.options().get(behaviour.id));
        let [guide, published] = [&profiles[0], &profiles[1]].map(chosen);
        let name = format!("[{}](#{})", code(id), id.replace('.', ""));
        [name, plain(behaviour.question), guide, published]
    });
    text += &table(
        [
            "behaviour",
            "question",
            "profile guide",
            "profile published",
        ],
        rows,
    );
    let mut area = "";
    for behaviour in behaviours() {
        if behaviour.id.area() != area {
            area = behaviour.id.area();
            let _ = writeln!(text, "## {area}\n");
        }
        text += &section(behaviour, &profiles, &cases);
    }
    text.trim_end().to_owned() + "\n"
}

fn section(behaviour: &Behaviour, profiles: &[NamedProfile], cases: &[Case]) -> String {
    let mut text = format!("### {}\n\n{}\n\n", behaviour.id, plain(behaviour.question));
    if behaviour.values != Values::Listed {
        let _ = writeln!(
            text,
            "A value is {}. Those with evidence, or that a profile chooses:\n",
            behaviour.expected()
        );
    }
    let listed = behaviour
        .options
        .iter()
        .map(|option| row(behaviour, option, profiles));
    text += &table(["option", "meaning", "profile", "how it is known"], listed);
    text + &measured(behaviour, cases) + "\n"
}

fn row(behaviour: &Behaviour, option: &BehaviourOption, profiles: &[NamedProfile]) -> [String; 4] {
    let chosen: Vec<&NamedProfile> = profiles
        .iter()
        .filter(|profile| profile.options().get(behaviour.id) == option.name)
        .collect();
    let mut known: Vec<String> = option.evidence.iter().map(ToString::to_string).collect();
    // Where a profile says more than the option does.
    for profile in &chosen {
        for evidence in profile.evidence(behaviour.id) {
            let evidence = evidence.to_string();
            if !known.contains(&evidence) {
                known.push(format!("in profile {}: {evidence}", profile.name()));
            }
        }
    }
    let known: Vec<String> = known.iter().map(|evidence| plain(evidence)).collect();
    [
        code(option.name),
        plain(option.meaning),
        codes(chosen.iter().map(|profile| profile.name())),
        known.join("<br>"),
    ]
}

/// The cases of the suite whose outcome depends on it.
fn measured(behaviour: &Behaviour, cases: &[Case]) -> String {
    if let Some(reason) = behaviour.unmeasured {
        return format!("No [case](cases.md) measures it: {reason}.\n");
    }
    let id = behaviour.id.as_str();
    let measuring = cases.iter().filter(|case| case.measures.contains(&id));
    let ids = measuring.map(|case| &case.id);
    format!("Measured by the [cases](cases.md) {}.\n", codes(ids))
}
