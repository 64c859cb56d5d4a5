//! Experiments about passwords. One user gets new passwords in turn. Each differs from an accepted
//! one in a single property, and has only characters that form no words.

use std::collections::{BTreeMap, BTreeSet};

mod trial;

use self::trial::{Refusal, TRIES, Trial, of_length};
use super::state::{Probe, threshold};
use crate::{
    password::{self, Class},
    verdict::Stop,
};

/// A password that breaks most policies, and is no word by itself.
const TOO_WEAK: &str = "z";
/// Length of the first password if the user's own is unknown.
const USUAL: usize = 16;
/// The longest password that is tried.
const LONGEST: usize = 1024;
/// Passwords that are set when there are too few to see how many are remembered, and at most.
const MORE: usize = 6;
const MOST_REMEMBERED: usize = 24;
/// The longest string that is repeated on purpose.
const REPEATED: usize = 32;
/// Words that lists of common passwords begin with.
const WORDS: [&str; 4] = ["password", "qwerty", "welcome", "admin"];
/// Codes that name a rule (ERR).
const NAMED: [u32; 8] = [12504, 12619, 12725, 12726, 12727, 12728, 12729, 12730];

/// Does a step that nothing but its own behaviour depends on: what keeps it from an end leaves
/// that one open, and nothing else.
async fn alone(
    probe: &mut Probe,
    trial: &mut Trial,
    id: &str,
    step: impl AsyncFn(&mut Probe, &mut Trial) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut reason = String::new();
    for _ in 0..TRIES {
        let Err(stop) = step(probe, trial).await else {
            return Ok(());
        };
        if probe.cx.run.dispatch().ended().is_some() {
            return Err(stop);
        }
        stop.headline().clone_into(&mut reason);
        if matches!(stop, Stop::Skip(_)) {
            break;
        }
    }
    probe.leave_open(id, &reason);
    Ok(())
}

/// The policy, as updates of the shared user show it.
pub(super) async fn of_updates(probe: &mut Probe) -> Result<(), Stop> {
    if probe.is_prepared() && !probe.choice.names_passwords() {
        return Err(Stop::skip(
            "the prepared user's password could not be put back; --only password changes it",
        ));
    }
    let made = probe.subject().await?;
    if let Some(shared) = &mut probe.first_user {
        // Should this stop in between, it is not known which passwords came to be.
        shared.doubted = true;
    }
    let length = made.passwords.last().map_or(USUAL, String::len);
    let mut trial = Trial::new(made, length);
    if trial
        .accepts(probe, || TOO_WEAK.to_owned(), "length")
        .await?
    {
        probe.lax_updates = true;
        return Err(Stop::skip(
            "an update accepts a password of one character; a create needs a second user",
        ));
    }
    policy(probe, trial).await
}

/// The policy if updates accept any password: that of creates, if they accept any too.
pub(super) async fn of_creates(probe: &mut Probe) -> Result<(), Stop> {
    if !probe.lax_updates {
        return Ok(());
    }
    probe.findings.retain(|id, _| !id.starts_with("password."));
    let weak = probe.draft()?.with("Password", TOO_WEAK);
    if let Err(seen) = probe.try_create(&weak).await?
        && seen.is_refusal()
    {
        return Err(Stop::skip(
            "an update accepts a password that a create rejects",
        ));
    }
    let made = probe.create().await?;
    let length = made.draft.text("Password").len();
    policy(probe, Trial::new(made, length)).await
}

async fn policy(probe: &mut Probe, trial: Trial) -> Result<(), Stop> {
    let result = judge(probe, trial).await;
    probe.judged = probe.cx.log.exchanges.len();
    result
}

async fn judge(probe: &mut Probe, mut trial: Trial) -> Result<(), Stop> {
    let length = trial.length;
    // What every refusal is compared with.
    if !trial.accepts(probe, || of_length(length), "none").await? {
        return Err(Stop::skip("an update rejects even a good password"));
    }
    trial.classes = classes(probe, &mut trial).await?;
    trial.minimum = minimum(probe, &mut trial).await?;
    trial.maximum = maximum(probe, &mut trial).await?;
    let trial = &mut trial;
    alone(probe, trial, "password.charset", charset).await?;
    alone(probe, trial, "password.identity", identity).await?;
    alone(probe, trial, "password.repeats", repeats).await?;
    alone(probe, trial, "password.common_words", words).await?;
    alone(probe, trial, "password.history", history).await?;
    // The history ends with an accepted password. Where it did not, the refusals before it may
    // be no rules.
    if probe.known("password.history").is_none()
        && !trial.accepts(probe, || of_length(length), "none").await?
    {
        probe.findings.retain(|id, _| !id.starts_with("password."));
        return Err(Stop::skip(
            "a good password was rejected at the end, so earlier rejections prove nothing",
        ));
    }
    alone(probe, trial, "password.errors", errors).await?;
    if !trial.notes.is_empty() {
        let notes = trial.notes.join("; ");
        probe.note("password.max_length", &notes);
    }
    Ok(())
}

/// Finds the required number of classes. Zero and one are the same: a password has at least one.
async fn classes(probe: &mut Probe, trial: &mut Trial) -> Result<usize, Stop> {
    let length = trial.length;
    let mut refused = Vec::new();
    for left_out in Class::ALL {
        let kept: Vec<Class> = Class::ALL
            .into_iter()
            .filter(|one| *one != left_out)
            .collect();
        if !trial
            .accepts(probe, || password::of(length, &kept), "classes")
            .await?
        {
            refused.push(left_out);
        }
    }
    let needed = match refused.len() {
        4 => Ok(4),
        0 => fewer_classes(probe, trial).await?,
        _ => Err(format!("{refused:?} are needed, and the others are not")),
    };
    if needed == Ok(1) {
        let note = "a password has at least one class of characters";
        probe.likely("password.classes", 1, &["0"], note);
    } else {
        probe.settle("password.classes", needed.clone());
    }
    Ok(needed.unwrap_or(4))
}

/// Finds the number of classes if any one of them may be missing.
async fn fewer_classes(
    probe: &mut Probe,
    trial: &mut Trial,
) -> Result<Result<usize, String>, Stop> {
    use Class::{Digit, Lower, Symbol, Upper};

    let needed = match some(probe, trial, &[&[Lower, Digit], &[Upper, Symbol]]).await? {
        [false, false] => Ok(3),
        [true, true] => match some(probe, trial, &[&[Lower], &[Digit]]).await? {
            [false, false] => Ok(2),
            [true, true] => Ok(1),
            _ => Err("it depends on which class there is"),
        },
        _ => Err("it depends on which two classes there are"),
    };
    Ok(needed.map_err(str::to_owned))
}

/// True if passwords of just these classes are accepted.
async fn some(
    probe: &mut Probe,
    trial: &mut Trial,
    classes: &[&[Class]; 2],
) -> Result<[bool; 2], Stop> {
    let mut taken = [false; 2];
    for (taken, classes) in taken.iter_mut().zip(classes) {
        let length = trial.length;
        let make = || password::of(length, classes);
        *taken = trial.accepts(probe, make, "classes").await?;
    }
    Ok(taken)
}

/// Finds the shortest accepted password. One that is shorter than the number of its classes cannot
/// be tried.
async fn minimum(probe: &mut Probe, trial: &mut Trial) -> Result<usize, Stop> {
    let (length, classes) = (trial.length, trial.classes);
    let takes = async |length| trial.accepts(probe, || of_length(length), "minimum").await;
    let taken = threshold(classes - 1, length, None, takes).await?;
    let below: Vec<String> = (1..taken).map(|number| number.to_string()).collect();
    let below: Vec<&str> = below.iter().map(String::as_str).collect();
    if taken == classes && !below.is_empty() {
        let note = "a shorter one cannot have as many classes of characters as it needs";
        probe.likely("password.min_length", taken, &below, note);
    } else {
        probe.observed("password.min_length", taken);
    }
    Ok(taken)
}

/// Finds the longest accepted password.
async fn maximum(probe: &mut Probe, trial: &mut Trial) -> Result<usize, Stop> {
    let (mut taken, mut refused) = (trial.length, None);
    while refused.is_none() && taken < LONGEST {
        let next = (taken * 2).next_power_of_two().min(LONGEST);
        if trial.accepts(probe, || of_length(next), "maximum").await? {
            taken = next;
        } else {
            refused = Some(next);
        }
    }
    let Some(refused) = refused else {
        let more = format!("more than {LONGEST}");
        let note = "no longer one was tried";
        probe.likely("password.max_length", LONGEST, &[&more], note);
        return Ok(LONGEST);
    };
    let refuses = async |length| {
        let taken = trial
            .accepts(probe, || of_length(length), "maximum")
            .await?;
        Ok::<_, Stop>(!taken)
    };
    let taken = threshold(taken, refused, None, refuses).await? - 1;
    probe.observed("password.max_length", taken);
    Ok(taken)
}

/// Decides whether a password may contain spaces and characters beyond ASCII, and whether a length
/// counts characters or bytes.
async fn charset(probe: &mut Probe, trial: &mut Trial) -> Result<(), Stop> {
    let (length, maximum, classes) = (trial.length, trial.maximum, trial.classes);
    // It is beside all required characters, not in the place of one; and if lengths count bytes,
    // there is room for two.
    let room = usize::from(length == maximum && length > trial.minimum);
    let around = length - 1 - room;
    if around < classes {
        let why = "a password has no room for a character beside those that it needs";
        probe.leave_open("password.charset", why);
        return Ok(());
    }
    let mut taken = [false; 2];
    for (taken, character) in taken.iter_mut().zip(["é", " "]) {
        let make = || {
            let text = of_length(around);
            // In the middle, where trimming does not remove it.
            let (head, tail) = text.split_at(around / 2);
            format!("{head}{character}{tail}")
        };
        *taken = trial.accepts(probe, make, "characters").await?;
    }
    let charset = match taken {
        [true, true] => Ok("any"),
        [false, false] => Ok("simple"),
        [beyond, space] => Err(format!(
            "é is accepted: {beyond}; a space is accepted: {space}"
        )),
    };
    probe.settle("password.charset", charset);
    if taken[0] && maximum < LONGEST && maximum > classes {
        let make = || format!("{}é", of_length(maximum - 1));
        let characters = trial.accepts(probe, make, "maximum").await?;
        trial.notes.push(format!(
            "lengths count {}",
            if characters { "characters" } else { "bytes" }
        ));
    }
    Ok(())
}

/// Decides whether a password may contain the user's names. A first or last name has plain letters,
/// like every password here. A username has other characters too, so it counts as refused only if
/// the same characters are accepted in another order.
async fn identity(probe: &mut Probe, trial: &mut Trial) -> Result<(), Stop> {
    let draft = &trial.made.draft;
    let email = draft.text(crate::wire::EMAIL).to_owned();
    let parts = [
        ("FirstName", draft.text("FirstName").to_owned()),
        ("LastName", draft.text("LastName").to_owned()),
        (
            "LastName in other case",
            draft.text("LastName").to_uppercase(),
        ),
        ("username", draft.text("Username").to_owned()),
        ("email", email.split('@').next().unwrap_or("").to_owned()),
    ];
    let (mut refused, mut taken) = (Vec::new(), Vec::new());
    for (what, part) in parts {
        match trial.accepts_with(probe, &part, "identity").await? {
            Some(true) => taken.push(what),
            Some(false) => refused.push(what),
            None => {}
        }
    }
    if refused.contains(&"username") {
        let reversed: String = trial.made.username().chars().rev().collect();
        let same = trial.accepts_with(probe, &reversed, "characters of a username");
        if same.await? != Some(true) {
            refused.retain(|what| *what != "username");
        }
    }
    let identity = match (refused.is_empty(), taken.is_empty()) {
        (true, true) => Err("no part of a user fits into a password".to_owned()),
        (true, false) => Ok("allowed"),
        (false, true) => Ok("refused"),
        (false, false) => Err(format!(
            "a password may not contain {refused:?}; it may contain {taken:?}"
        )),
    };
    probe.settle("password.identity", identity);
    Ok(())
}

/// A password whose longest repeated string has `repeated` characters: a run of one character
/// overlaps with itself.
fn repeating(repeated: usize, minimum: usize, maximum: usize) -> Option<String> {
    let run = repeated + 1;
    let filler = minimum.max(run + 4).saturating_sub(run);
    if filler + run > maximum {
        return None;
    }
    let run = "V".repeat(run);
    (0..200).find_map(|_| {
        let whole = format!("{}{run}", of_length(filler));
        let only = !password::repeats(&whole, repeated + 1);
        (only && !password::repeats(&whole[..=filler], 2)).then_some(whole)
    })
}

/// Finds the longest string that a password may repeat.
async fn repeats(probe: &mut Probe, trial: &mut Trial) -> Result<(), Stop> {
    let (minimum, maximum) = (trial.minimum, trial.maximum);
    let most = REPEATED.min(maximum.saturating_sub(5));
    let Some(longest) = repeating(most, minimum, maximum).filter(|_| most >= 2) else {
        probe.leave_open("password.repeats", "passwords are too short to repeat much");
        return Ok(());
    };
    let make = || repeating(most, minimum, maximum).unwrap_or_else(|| longest.clone());
    if trial.accepts(probe, make, "repeats").await? {
        let more = format!("a rule for more than {most} characters");
        probe.likely("password.repeats", 0, &[&more], "");
        return Ok(());
    }
    let refuses = async |repeated| {
        let text = repeating(repeated, minimum, maximum);
        let text = text.ok_or_else(|| Stop::skip("no password of that kind could be made"))?;
        let make = || repeating(repeated, minimum, maximum).unwrap_or_else(|| text.clone());
        let taken = trial.accepts(probe, make, "repeats").await?;
        Ok::<_, Stop>(!taken)
    };
    // A string of one character may always appear twice: every password needs that. The published
    // number comes first.
    let published = 4.min(most - 1).max(2);
    let refused = threshold(1, most, Some(published), refuses).await?;
    probe.observed("password.repeats", refused - 1);
    Ok(())
}

/// Decides whether a password may contain a common word. The list of common words is undocumented.
async fn words(probe: &mut Probe, trial: &mut Trial) -> Result<(), Stop> {
    const ID: &str = "password.common_words";
    let (mut refused, mut taken) = (Vec::new(), Vec::new());
    for word in WORDS {
        match trial.accepts_with(probe, word, "common word").await? {
            Some(true) => taken.push(word),
            Some(false) => refused.push(word),
            None => {}
        }
    }
    let (none, taken) = (taken.is_empty(), taken.join(", "));
    if !refused.is_empty() {
        let note = format!("rejected: {}; accepted: {taken}", refused.join(", "));
        probe.likely(ID, "refused", &[], &note);
    } else if none {
        probe.leave_open(ID, "no common word fits into a password");
    } else {
        let note = format!("taken: {taken}");
        probe.likely(ID, "allowed", &["refused, with other words"], &note);
    }
    Ok(())
}

/// Finds the length of the history: accepted passwords are tried again, newest first. A refusal
/// changes nothing, so their order stays.
async fn history(probe: &mut Probe, trial: &mut Trial) -> Result<(), Stop> {
    let mut known = if trial.made.doubted {
        Vec::new()
    } else {
        trial.made.passwords.clone()
    };
    for _ in 0..TRIES {
        let from = probe.cx.log.exchanges.len();
        let counted = remembered(probe, trial, &mut known).await?;
        // A change that was sent twice may have changed the order.
        if probe.repeated_since(from) {
            known.clear();
            continue;
        }
        if let Some(count) = counted {
            probe.observed("password.history", count);
        } else {
            let more = format!("more than {}", known.len());
            probe.likely("password.history", known.len(), &[&more], "");
        }
        return Ok(());
    }
    Err(Stop::inconclusive("password changes had to be repeated"))
}

/// Counts the newest passwords that are rejected; `None` if all that were tried are. `known` are
/// the last ones, oldest first; more are set if these do not suffice.
async fn remembered(
    probe: &mut Probe,
    trial: &mut Trial,
    known: &mut Vec<String>,
) -> Result<Option<usize>, Stop> {
    let mut refused = 0;
    loop {
        while refused < known.len() {
            let password = known[known.len() - 1 - refused].clone();
            if trial.accepts_this(probe, &password, "history").await? {
                return Ok(Some(refused));
            }
            refused += 1;
        }
        if known.len() >= MOST_REMEMBERED {
            return Ok(None);
        }
        for _ in 0..MORE {
            let password = of_length(trial.length);
            if !trial.accepts_this(probe, &password, "history").await? {
                return Err(Stop::inconclusive("a good password was refused"));
            }
            known.push(password);
        }
    }
}

/// Decides whether a refusal names its rule: two rules have different codes, or, if codes are
/// equal, different words, and not by chance.
async fn errors(probe: &mut Probe, trial: &mut Trial) -> Result<(), Stop> {
    const ID: &str = "password.errors";
    let mut rules: BTreeMap<&str, Vec<&Refusal>> = BTreeMap::new();
    for refusal in &trial.refusals {
        rules.entry(refusal.rule).or_default().push(refusal);
    }
    let Some(first) = rules.values().next().map(|refusals| refusals[0].clone()) else {
        probe.leave_open(ID, "no rejection had readable words");
        return Ok(());
    };
    if rules.len() < 2 {
        let note = "only one rule rejected a password, so the errors cannot be compared";
        if first.code.is_some_and(|code| NAMED.contains(&code)) {
            probe.likely(ID, "named", &["opaque"], note);
        } else {
            probe.leave_open(ID, note);
        }
        return Ok(());
    }
    let codes: Vec<BTreeSet<u32>> = rules
        .values()
        .map(|refusals| refusals.iter().filter_map(|one| one.code).collect())
        .collect();
    let coded = codes.iter().filter(|codes| !codes.is_empty());
    let apart = |one: &BTreeSet<u32>| coded.clone().any(|other| one.is_disjoint(other));
    if coded.clone().any(apart) {
        probe.observed(ID, "named");
        return Ok(());
    }
    let same = rules
        .values()
        .all(|refusals| refusals[0].words == first.words);
    let lengths = ["length", "minimum", "maximum"];
    if same && rules.keys().all(|rule| lengths.contains(rule)) {
        let note = "only lengths were rejected, which may be one rule";
        probe.likely(ID, "opaque", &["named"], note);
        return Ok(());
    }
    if same {
        probe.observed(ID, "opaque");
        return Ok(());
    }
    let refusals = trial.refusals.len();
    if trial
        .accepts_this(probe, &first.password, first.rule)
        .await?
    {
        return Err(Stop::inconclusive("a rejected password was accepted later"));
    }
    match trial.refusals.get(refusals) {
        Some(again) if again.words == first.words => probe.observed(ID, "named"),
        Some(_) => probe.likely(
            ID,
            "opaque",
            &["named"],
            "the same password is refused in other words each time",
        ),
        None => probe.leave_open(ID, "the second rejection could not be read"),
    }
    Ok(())
}
