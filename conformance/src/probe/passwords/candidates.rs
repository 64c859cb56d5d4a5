//! Passwords whose outcomes separate the possible policies, each of one kind.

use bandwidth_mock::traffic::engine::MOST_REPEATED;

use super::{
    kind::{Candidate, Kind},
    policy::Policy,
    trial::{Trial, fitting, of_length, repeating},
};
use crate::{
    password::{self, Class},
    probe::findings::behaviour,
};

/// The longest password that is tried.
const LONGEST: u32 = 1025;
/// How often a password of the same name is sent.
const AGAIN: usize = 2;
/// Numbers of remembered passwords that policies often have.
const USUAL_HISTORIES: [u32; 8] = [0, 1, 2, 4, 5, 8, 12, 24];
/// A word that lists of common passwords begin with.
const WORD: &str = "password";

/// Neighbours among the candidates of a number that are left: the middle ones, the last ones, and
/// those at the options that some source names.
fn thresholds(policy: &Policy, id: &str) -> impl Iterator<Item = (u32, u32)> + use<> {
    let numbers = policy.numbers(id);
    let named = behaviour(id).behaviour().options.iter();
    let named: Vec<u32> = named
        .filter_map(|option| option.name.parse().ok())
        .collect();
    let last = numbers.len().saturating_sub(2);
    let pairs = numbers
        .windows(2)
        .map(|pair| (pair[0], pair[1]))
        .enumerate();
    let all: Vec<(usize, (u32, u32))> = pairs.collect();
    all.into_iter()
        .filter(move |(place, (below, above))| {
            let is_middle = [last / 2, last].contains(place);
            is_middle || named.contains(below) || named.contains(above)
        })
        .map(|(_, pair)| pair)
}

/// Passwords that could separate the policies that are left.
pub(super) fn choices(trial: &Trial, policy: &Policy) -> Vec<Candidate> {
    let mut all = Vec::new();
    let as_length = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let mut lengths: Vec<u32> = thresholds(policy, "password.min_length")
        .map(|(below, _)| below)
        .collect();
    // The last candidate stands for every longer one.
    let longer =
        thresholds(policy, "password.max_length").map(|(below, above)| above.min(below + 1));
    lengths.extend(longer.filter(|length| *length <= LONGEST));
    for length in lengths {
        let password = of_length(as_length(length));
        all.push(Candidate::new(
            Kind::Length,
            format!("length {length}"),
            password,
        ));
    }
    if policy.is_open("password.classes") {
        for kept in [
            &[Class::Lower, Class::Upper, Class::Digit][..],
            &[Class::Lower, Class::Digit],
            &[Class::Lower],
        ] {
            all.push(of_classes(trial, kept));
        }
    }
    all.extend(
        policy
            .is_open("password.charset")
            .then(|| with_characters(trial, "é"))
            .flatten(),
    );
    if policy.is_open("password.identity") {
        all.extend(names(trial).into_iter().next());
    }
    let room = trial.maximum.saturating_sub(5);
    for (_, above) in thresholds(policy, "password.repeats") {
        let run = as_length(above.min(MOST_REPEATED)).min(room);
        if run > 1
            && let Some(password) = repeating(run, trial.minimum, trial.maximum)
        {
            all.push(Candidate::new(
                Kind::Repeats,
                format!("run {run}"),
                password,
            ));
        }
    }
    if policy.is_open("password.common_words")
        && let Some(password) = fitting(WORD, trial.minimum, trial.maximum)
    {
        all.push(Candidate::new(Kind::Word, WORD, password));
    }
    // A rejection that two rules explain excludes neither, and would not the next time.
    all.retain(|candidate| {
        policy
            .done
            .get(&candidate.name)
            .is_none_or(|times| *times < AGAIN)
    });
    all
}

/// The number of passwords after the one that shows most about how many are remembered; `None` if
/// that is known.
pub(super) fn passwords_after(policy: &Policy) -> Option<usize> {
    let left = policy.numbers("password.history");
    let [least, .., most] = *left else {
        return None;
    };
    let mut usual = USUAL_HISTORIES.into_iter();
    let number = usual.find(|number| (least..most).contains(number));
    let number = number.unwrap_or(left[(left.len() - 1) / 2]);
    usize::try_from(number).ok()
}

/// What the mock's rules predict with certainty, and another server may do otherwise.
pub(super) fn confirmations(trial: &Trial, policy: &Policy) -> Vec<Candidate> {
    use Class::{Digit, Lower, Symbol, Upper};

    let three: [&[Class]; 4] = [
        &[Upper, Digit, Symbol],
        &[Lower, Digit, Symbol],
        &[Lower, Upper, Symbol],
        &[Lower, Upper, Digit],
    ];
    let two: [&[Class]; 2] = [&[Lower, Digit], &[Upper, Symbol]];
    let one: [&[Class]; 2] = [&[Lower], &[Digit]];
    // A password without a class shows that this one is not needed, and so does one of fewer.
    let classes = match policy.numbers("password.classes").last() {
        Some(4) => three.to_vec(),
        Some(3) => [&three[..], &two].concat(),
        Some(2) => [two, one].concat(),
        _ => one.to_vec(),
    };
    let fewest_first = classes.into_iter().rev();
    let mut all: Vec<Candidate> = fewest_first.map(|kept| of_classes(trial, kept)).collect();
    let both = policy
        .has("password.charset", "any")
        .then(|| with_characters(trial, "é "));
    match both.flatten() {
        Some(both) => all.push(both),
        None => all.extend(
            ["é", " "]
                .into_iter()
                .filter_map(|one| with_characters(trial, one)),
        ),
    }
    let mut names = names(trial);
    if policy.has("password.identity", "allowed") {
        let parts = parts(trial);
        let usual = parts.iter().filter(|(name, _)| *name != USERNAME).count();
        let together = (2..=usual).rev().find_map(|count| {
            let text: String = parts[..count]
                .iter()
                .map(|(_, part)| part.as_str())
                .collect();
            Some((count, fitting(&text, trial.minimum, trial.maximum)?))
        });
        if let Some((count, password)) = together {
            let is_in = |name: &str| parts[..count].iter().any(|(part, _)| *part == name);
            names.retain(|candidate| !is_in(&candidate.name));
            names.push(Candidate::new(Kind::Identity, "names together", password));
        }
    }
    all.extend(names);
    all.retain(|candidate| !policy.done.contains_key(&candidate.name));
    // After the last rejection a good password must be accepted: one of these, if they come last.
    let is_refused = |kind| match kind {
        Kind::Identity => policy.has("password.identity", "refused"),
        Kind::Charset => policy.has("password.charset", "simple"),
        _ => policy.has("password.classes", "4"),
    };
    all.sort_by_key(|candidate| !is_refused(candidate.kind));
    all
}

fn of_classes(trial: &Trial, kept: &[Class]) -> Candidate {
    let name = format!("only {kept:?}");
    Candidate::new(Kind::Classes, name, password::of(trial.length, kept))
}

/// A password with these characters in the middle, where trimming does not remove them, beside all
/// classes. If lengths count bytes, there is room for that. `None` if there is not.
fn with_characters(trial: &Trial, characters: &str) -> Option<Candidate> {
    let room = usize::from(trial.length == trial.maximum && trial.length > trial.minimum);
    let around = trial
        .length
        .checked_sub(characters.chars().count() + room)?;
    if around < Class::ALL.len() {
        return None;
    }
    let text = of_length(around);
    let (head, tail) = text.split_at(around / 2);
    let password = format!("{head}{characters}{tail}");
    Some(Candidate::new(
        Kind::Charset,
        format!("with {characters:?}"),
        password,
    ))
}

/// Only the username has characters that no other password has.
const USERNAME: &str = "username";

/// The names of the user, the username last.
fn parts(trial: &Trial) -> Vec<(&'static str, String)> {
    let draft = &trial.made.draft;
    let email = draft.text(crate::wire::EMAIL);
    let parts = [
        ("FirstName", draft.text("FirstName").to_owned()),
        ("LastName", draft.text("LastName").to_uppercase()),
        ("email", email.split('@').next().unwrap_or("").to_owned()),
        (USERNAME, draft.text("Username").to_owned()),
    ];
    let named = parts.into_iter();
    named.filter(|(_, part)| part.chars().count() > 2).collect()
}

/// Passwords with the names of the user, as far as they fit.
fn names(trial: &Trial) -> Vec<Candidate> {
    let fits = |text: &str| fitting(text, trial.minimum, trial.maximum);
    let found = parts(trial).into_iter().filter_map(|(name, part)| {
        let reversed: String = part.chars().rev().collect();
        let control = (name == USERNAME).then(|| fits(&reversed)).flatten();
        let password = fits(&part)?;
        let kind = Kind::Identity;
        Some(Candidate {
            control,
            ..Candidate::new(kind, name, password)
        })
    });
    found.collect()
}
