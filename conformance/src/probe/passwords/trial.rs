//! One user whose password is changed again and again.

use crate::{
    password::{self, Class},
    probe::{
        seen::Seen,
        state::{Made, Probe},
    },
    verdict::Stop,
};

/// Number of tries of a password change that had to be repeated.
const TRIES: usize = 4;

/// The result of a password change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Accepted(String),
    Rejected(String),
    /// It may have taken effect, once or twice: the user's passwords are not known any more.
    Lost,
}

/// A user whose password is changed, and the results.
pub(super) struct Trial {
    pub(super) made: Made,
    /// Each refusal that could be read.
    pub(super) refusals: Vec<Refusal>,
    /// The outcomes that the policy has not taken in.
    pub(super) outcomes: Vec<Outcome>,
    /// The length of an accepted password.
    pub(super) length: usize,
    /// The least and the greatest length that was accepted.
    pub(super) minimum: usize,
    pub(super) maximum: usize,
}

/// The reason in a refusal of a password.
#[derive(Clone)]
pub(super) struct Refusal {
    /// The rule that was meant to be broken.
    pub(super) rule: &'static str,
    pub(super) code: Option<u32>,
    pub(super) words: String,
    pub(super) password: String,
}

impl Trial {
    pub(super) fn new(made: Made, length: usize) -> Self {
        Self {
            made,
            refusals: Vec::new(),
            outcomes: Vec::new(),
            length,
            minimum: length,
            maximum: length,
        }
    }

    /// True if the target accepts a password from `make`. Where a request was repeated, another one
    /// is tried.
    pub(super) async fn accepts(
        &mut self,
        probe: &mut Probe,
        make: impl Fn() -> String,
        rule: &'static str,
    ) -> Result<bool, Stop> {
        for _ in 0..TRIES {
            if let Some(taken) = self.accepts_this(probe, &make(), rule).await? {
                return Ok(taken);
            }
        }
        Err(Stop::inconclusive(
            "each password change had to be repeated",
        ))
    }

    /// True if the target accepts this password; `None` if the request was repeated, so that the
    /// response may be about a password that the first try set.
    pub(super) async fn accepts_this(
        &mut self,
        probe: &mut Probe,
        password: &str,
        rule: &'static str,
    ) -> Result<Option<bool>, Stop> {
        let body = self.made.update().with("Password", password);
        let from = probe.cx.log.exchanges.len();
        let result = probe.put(&self.made.key, &body, probe.format).await;
        // The policy takes it in.
        probe.leave_out(from..probe.cx.log.exchanges.len());
        let clear = |seen: &Seen| seen.is_success() || seen.is_refusal();
        if probe.repeated_since(from) || !result.as_ref().is_ok_and(clear) {
            self.outcomes.push(Outcome::Lost);
        }
        let seen = result?;
        if !clear(&seen) {
            // The result was the same twice; another try adds nothing.
            return Err(Stop::Skip(format!(
                "a password change ({rule}) returns {}",
                seen.status
            )));
        }
        if self.outcomes.last() == Some(&Outcome::Lost) {
            return Ok(None);
        }
        let password = password.to_owned();
        if seen.is_success() {
            let length = password.chars().count();
            self.minimum = self.minimum.min(length);
            self.maximum = self.maximum.max(length);
            self.outcomes.push(Outcome::Accepted(password));
            return Ok(Some(true));
        }
        // What cannot be read says nothing of a rule.
        if seen.error_shape().is_some() {
            self.refusals.push(Refusal {
                rule,
                code: seen.code(),
                words: without(&seen.words(), &password.to_lowercase()),
                password: password.clone(),
            });
        }
        self.outcomes.push(Outcome::Rejected(password));
        Ok(Some(false))
    }
}

/// The words without the password, which a response may repeat. A short one may be part of a word.
fn without(words: &str, password: &str) -> String {
    let mut rest = words;
    let mut kept = String::new();
    let ends = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    while let Some(at) = rest.find(password).filter(|_| !password.is_empty()) {
        let (before, after) = (&rest[..at], &rest[at + password.len()..]);
        kept.push_str(before);
        if !ends(before.chars().next_back()) || !ends(after.chars().next()) {
            kept.push_str(password);
        }
        rest = after;
    }
    kept + rest
}

/// A password with `text` in it, within the accepted lengths. `None` if it does not fit.
fn holding(text: &str, minimum: usize, maximum: usize) -> Option<String> {
    let filler = minimum.max(text.chars().count() + 5) - text.chars().count();
    let whole = format!("{}{text}", of_length(filler.max(4)));
    (whole.chars().count() <= maximum && !password::repeats(&whole, 2)).then_some(whole)
}

/// Tries `holding` several times, because its filler is random.
pub(super) fn fitting(text: &str, minimum: usize, maximum: usize) -> Option<String> {
    (0..50).find_map(|_| holding(text, minimum, maximum))
}

/// A password of all four classes, as far as they fit.
pub(super) fn of_length(length: usize) -> String {
    password::of(length, &Class::ALL)
}

/// A password whose longest repeated string has `repeated` characters: a run of one character
/// overlaps with itself. `None` if it does not fit.
pub(super) fn repeating(repeated: usize, minimum: usize, maximum: usize) -> Option<String> {
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
