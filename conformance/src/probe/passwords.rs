//! Experiments about passwords, of characters that form no words. The emulator predicts which of them
//! each possible policy accepts. The next one is the one whose outcome tells most.

use std::collections::{BTreeMap, BTreeSet};

mod candidates;
mod kind;
mod policy;
mod trial;

use self::{
    candidates::{choices, confirmations, passwords_after},
    kind::{Candidate, Kind},
    policy::Policy,
    trial::{REPEATED, Refusal, TOO_WEAK, Trial, WAYS, Way, fitting, of_length, repeating},
};
use super::state::Probe;
use crate::{verdict::Stop, wire::Draft};

/// Length of the first password if the user's own is unknown.
const USUAL: usize = 16;
/// The most passwords that the choice sends, so that it ends on any target.
const MOST: usize = 90;
/// The least entropy of a prediction, in bits, for which a password is sent.
const TELLS: f64 = 0.05;
/// Length of a repetition that no policy with a limit is likely to accept.
const REPEATED_CHARACTERS: usize = 5;
/// Codes that name a rule (ERR).
const NAMED: [u32; 8] = [12504, 12619, 12725, 12726, 12727, 12728, 12729, 12730];

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
        .accepts(probe, Way::Update, || TOO_WEAK.to_owned(), "length")
        .await?
    {
        probe.lax_updates = true;
        return Err(Stop::skip(
            "an update accepts a password of one character; a create needs a second user",
        ));
    }
    if probe.may_create_more() {
        trial.turn_to_creates(probe).await?;
    }
    policy(probe, &mut trial).await
}

/// The policy if updates accept any password: that of creates, if they accept any too.
pub(super) async fn of_creates(probe: &mut Probe) -> Result<(), Stop> {
    if !probe.lax_updates {
        return Ok(());
    }
    forget_updates(probe);
    let draft = probe.draft()?;
    accepted_by_create(probe, draft, TOO_WEAK.to_owned()).await?;
    let made = probe.create().await?;
    let length = made.draft.text("Password").len();
    let mut trial = Trial::new(made, length);
    policy(probe, &mut trial).await?;
    let result = as_creates(probe, &trial).await;
    if result.is_err() {
        forget_updates(probe);
    }
    result
}

/// Creates users with passwords that updates accept, as few as hold all that a create may reject.
async fn as_creates(probe: &mut Probe, trial: &Trial) -> Result<(), Stop> {
    let draft = probe.draft()?;
    let accepted = [
        ("password.identity", "allowed", draft.text("Username")),
        ("password.charset", "any", "é "),
        ("password.common_words", "allowed", "password"),
    ];
    let mut texts = vec![String::new()];
    for (id, option, part) in accepted {
        if probe.known(id) != Some(option) {
            continue;
        }
        let last = texts.pop().unwrap_or_default();
        let both = format!("{last}{part}");
        if fitting(&both, trial.minimum, trial.maximum).is_some() {
            texts.push(both);
        } else {
            texts.extend([last, part.to_owned()]);
        }
    }
    let texts = texts.iter();
    let held = texts.filter_map(|text| fitting(text, trial.minimum, trial.maximum));
    let may_repeat = probe.known("password.repeats") == Some("0");
    let repeated = repeating(REPEATED_CHARACTERS, trial.minimum, trial.maximum);
    let mut passwords = vec![of_length(trial.maximum)];
    passwords.extend(held.chain(repeated.filter(|_| may_repeat)));
    for password in passwords {
        let draft = if password.contains(draft.text("Username")) {
            draft.clone()
        } else {
            probe.draft()?
        };
        accepted_by_create(probe, draft, password).await?;
    }
    Ok(())
}

/// Forgets what updates showed of the policy, and why it was open.
fn forget_updates(probe: &mut Probe) {
    let is_other = |id: &str| !id.starts_with("password.");
    probe.findings.retain(|id, _| is_other(id));
    probe.reasons.retain(|id, _| is_other(id));
}

/// Creates a user with a password that updates accept. Without it the updates show no policy.
async fn accepted_by_create(probe: &mut Probe, draft: Draft, password: String) -> Result<(), Stop> {
    probe
        .cx
        .run
        .redactor()
        .add_login(draft.text("Username"), &password);
    let created = probe.try_create(&draft.with("Password", password)).await?;
    if created.is_err_and(|seen| seen.is_refusal()) {
        probe.leave_out_reason();
        return Err(Stop::skip(
            "an update accepts a password that a create rejects",
        ));
    }
    Ok(())
}

async fn policy(probe: &mut Probe, trial: &mut Trial) -> Result<(), Stop> {
    let result = judge(probe, trial).await;
    probe.judged = probe.sent();
    result
}

/// True if the target accepts a password that breaks no rule.
async fn good(probe: &mut Probe, trial: &mut Trial, way: Way) -> Result<bool, Stop> {
    let length = trial.length;
    trial
        .accepts(probe, way, || of_length(length), "none")
        .await
}

async fn judge(probe: &mut Probe, trial: &mut Trial) -> Result<(), Stop> {
    let mut policy = Policy::new(trial)?;
    // What every refusal is compared with.
    if trial.usual() == Way::Update && !good(probe, trial, Way::Update).await? {
        return Err(Stop::skip("even a good password is rejected"));
    }
    policy.follow(None, trial)?;
    search(probe, trial, &mut policy).await?;
    confirm(probe, trial, &mut policy).await?;
    verify(probe, trial, &mut policy).await?;
    history(probe, trial, &mut policy).await?;
    // A target that stopped accepting them rejected them for no rule of passwords.
    for way in WAYS {
        if policy.ends_with_rejected(way) && !good(probe, trial, way).await? {
            return Err(Stop::skip(
                "a good password was rejected at the end, so earlier rejections prove nothing",
            ));
        }
        policy.follow(None, trial)?;
    }
    policy.conclude(probe);
    errors(probe, trial).await
}

/// Sends what tells most, until nothing tells more.
async fn search(probe: &mut Probe, trial: &mut Trial, policy: &mut Policy) -> Result<(), Stop> {
    for _ in 0..MOST {
        let mut candidates = choices(trial, policy);
        candidates.retain(|candidate| !policy.is_broken(candidate.kind));
        if let Some((candidate, bits)) = policy.best(trial, candidates)
            && bits > TELLS
        {
            let way = trial.usual();
            send(probe, trial, policy, way, &candidate).await?;
        } else if !policy.refine()? {
            break;
        }
    }
    Ok(())
}

/// Sends earlier passwords of the user, and new ones where it has had too few.
async fn history(probe: &mut Probe, trial: &mut Trial, policy: &mut Policy) -> Result<(), Stop> {
    for _ in 0..MOST {
        let after = passwords_after(policy).filter(|_| !policy.is_broken(Kind::History));
        let Some(after) = after else { break };
        if let Some(password) = policy.known.iter().rev().nth(after).cloned() {
            let earlier = Candidate::new(Kind::History, format!("{after} back"), password);
            send(probe, trial, policy, Way::Update, &earlier).await?;
        } else {
            good(probe, trial, Way::Update).await?;
            policy.follow(Some(Kind::History), trial)?;
        }
    }
    Ok(())
}

/// Sends what should be certain, each once.
async fn confirm(probe: &mut Probe, trial: &mut Trial, policy: &mut Policy) -> Result<(), Stop> {
    for _ in 0..MOST {
        let left = confirmations(trial, policy).into_iter();
        let mut left = left.filter(|candidate| !policy.is_broken(candidate.kind));
        let Some(candidate) = left.next() else { break };
        let way = trial.usual();
        send(probe, trial, policy, way, &candidate).await?;
    }
    Ok(())
}

/// Sends an update with one password of each kind of which creates rejected none: a target may check
/// the username before some rules. If it is rejected, no option explains both.
async fn verify(probe: &mut Probe, trial: &mut Trial, policy: &mut Policy) -> Result<(), Stop> {
    for candidate in policy.never_rejected(trial) {
        while !policy.done.contains_key(&candidate.name) && !policy.is_broken(candidate.kind) {
            send(probe, trial, policy, Way::Update, &candidate).await?;
        }
    }
    Ok(())
}

/// Sends a password. If the target does not say whether it accepts it, its kind decides nothing, and
/// the other kinds are not affected.
async fn send(
    probe: &mut Probe,
    trial: &mut Trial,
    policy: &mut Policy,
    way: Way,
    candidate: &Candidate,
) -> Result<(), Stop> {
    let kind = candidate.kind;
    match sent(probe, trial, way, candidate).await {
        Ok(true) => *policy.done.entry(candidate.name.clone()).or_default() += 1,
        Err(stop) if probe.cx.run.dispatch().ended().is_some() => return Err(stop),
        Err(stop @ Stop::Skip(_)) => policy.give_up(kind, stop.headline().to_owned()),
        Ok(false) => policy.fail(candidate, REPEATED),
        Err(stop) => policy.fail(candidate, stop.headline()),
    }
    policy.follow(Some(kind), trial)
}

/// Sends a password; false if the request was repeated, so that another one must be tried.
async fn sent(
    probe: &mut Probe,
    trial: &mut Trial,
    way: Way,
    candidate: &Candidate,
) -> Result<bool, Stop> {
    let rule = candidate.kind.name();
    let refusals = trial.refusals.len();
    let password = &candidate.password;
    let taken = trial.accepts_this(probe, way, password, rule).await?;
    if let (Some(false), Some(control)) = (taken, &candidate.control) {
        let refusal = trial.outcomes.pop();
        match trial.accepts_this(probe, way, control, rule).await? {
            Some(true) => {
                let at = trial.outcomes.len() - 1;
                trial.outcomes.splice(at..at, refusal);
            }
            // The refusal is about the characters.
            Some(false) => {
                trial.outcomes.clear();
                trial.refusals.truncate(refusals);
            }
            None => return Ok(false),
        }
    }
    Ok(taken.is_some())
}

/// Decides whether a refusal names its rule: two rules have different codes, or, if codes are
/// equal, different words, and not by chance.
async fn errors(probe: &mut Probe, trial: &mut Trial) -> Result<(), Stop> {
    const ID: &str = "password.errors";
    let mut rules: BTreeMap<&str, Vec<&Refusal>> = BTreeMap::new();
    let usual = trial.usual();
    for refusal in trial.refusals.iter().filter(|one| one.way == usual) {
        let rule = match refusal.rule {
            "length" if refusal.password.chars().count() < trial.length => "minimum",
            "length" => "maximum",
            rule => rule,
        };
        rules.entry(rule).or_default().push(refusal);
    }
    // An earlier password is accepted again after enough others.
    let steady = rules
        .iter()
        .find(|(rule, _)| **rule != Kind::History.name());
    let first = steady.or_else(|| rules.iter().next());
    let Some(first) = first.map(|(_, refusals)| refusals[0].clone()) else {
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
    if same
        && rules
            .keys()
            .all(|rule| ["minimum", "maximum"].contains(rule))
    {
        let note = "only lengths were rejected, which may be one rule";
        probe.likely(ID, "opaque", &["named"], note);
        return Ok(());
    }
    if same {
        probe.observed(ID, "opaque");
        return Ok(());
    }
    let refusals = trial.refusals.len();
    let again = trial.accepts_this(probe, first.way, &first.password, first.rule);
    if again.await? != Some(false) {
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
