//! Experiments about passwords. One user gets new passwords in turn, of characters that form no
//! words. The emulator predicts which of them each possible policy accepts; the next one is the one
//! whose outcome tells most.

use std::collections::{BTreeMap, BTreeSet};

mod candidates;
mod kind;
mod policy;
mod trial;

use self::{
    candidates::{choices, confirmations},
    kind::{Candidate, Kind},
    policy::Policy,
    trial::{Refusal, Trial, of_length},
};
use super::state::Probe;
use crate::verdict::Stop;

/// A password that breaks most policies, and is no word by itself.
const TOO_WEAK: &str = "z";
/// Length of the first password if the user's own is unknown.
const USUAL: usize = 16;
/// Number of passwords that are set when there are too few to see how many are remembered.
const MORE: usize = 6;
/// The most passwords that the choice sends, so that it ends on any target.
const MOST: usize = 90;
/// The least entropy of a prediction, in bits, for which a password is sent.
const TELLS: f64 = 0.05;
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
        probe.leave_out_reason();
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
    let mut policy = Policy::new(&trial.made)?;
    // What every refusal is compared with.
    if !trial.accepts(probe, || of_length(length), "none").await? {
        return Err(Stop::skip("an update rejects even a good password"));
    }
    policy.follow(None, &mut trial)?;
    search(probe, &mut trial, &mut policy).await?;
    confirm(probe, &mut trial, &mut policy).await?;
    // A target that stopped accepting changes refused for no rule of passwords.
    if !trial.accepts(probe, || of_length(length), "none").await? {
        return Err(Stop::skip(
            "a good password was rejected at the end, so earlier rejections prove nothing",
        ));
    }
    policy.follow(None, &mut trial)?;
    policy.conclude(probe);
    errors(probe, &mut trial).await
}

/// Sends what tells most, until nothing tells more.
async fn search(probe: &mut Probe, trial: &mut Trial, policy: &mut Policy) -> Result<(), Stop> {
    for _ in 0..MOST {
        let mut candidates = choices(trial, policy);
        candidates.retain(|candidate| !policy.is_broken(candidate.kind));
        if let Some((candidate, bits)) = policy.best(candidates)
            && bits > TELLS
        {
            send(probe, trial, policy, &candidate).await?;
        } else if policy.needs_passwords() {
            for _ in 0..MORE {
                let length = trial.length;
                trial
                    .accepts(probe, || of_length(length), "history")
                    .await?;
                policy.follow(Some(Kind::History), trial)?;
            }
        } else if !policy.refine()? {
            break;
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
        send(probe, trial, policy, &candidate).await?;
    }
    Ok(())
}

/// Sends a password. If the target does not say whether it accepts it, its kind decides nothing, and
/// the other kinds are not affected.
async fn send(
    probe: &mut Probe,
    trial: &mut Trial,
    policy: &mut Policy,
    candidate: &Candidate,
) -> Result<(), Stop> {
    let kind = candidate.kind;
    match sent(probe, trial, candidate).await {
        Ok(true) => *policy.done.entry(candidate.name.clone()).or_default() += 1,
        Err(stop) if probe.cx.run.dispatch().ended().is_some() => return Err(stop),
        Err(stop @ Stop::Skip(_)) => policy.give_up(kind, stop.headline().to_owned()),
        // Another one is tried instead.
        Ok(false) | Err(_) => {}
    }
    policy.follow(Some(kind), trial)
}

/// Sends a password; false if the request was repeated, so that another one must be tried.
async fn sent(probe: &mut Probe, trial: &mut Trial, candidate: &Candidate) -> Result<bool, Stop> {
    let rule = candidate.kind.name();
    let refusals = trial.refusals.len();
    let taken = trial.accepts_this(probe, &candidate.password, rule).await?;
    if let (Some(false), Some(control)) = (taken, &candidate.control) {
        let refusal = trial.outcomes.pop();
        match trial.accepts_this(probe, control, rule).await? {
            Some(true) => trial.outcomes.extend(refusal),
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
    for refusal in &trial.refusals {
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
    let again = trial.accepts_this(probe, &first.password, first.rule);
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
