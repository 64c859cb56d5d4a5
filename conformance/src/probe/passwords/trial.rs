//! One user whose password is changed again and again.

use crate::{
    password::{self, Class},
    probe::state::{Made, Probe},
    verdict::Stop,
};

/// Number of tries of a password change that had to be repeated.
pub(super) const TRIES: usize = 4;
/// A user whose password is changed, and the results.
pub(super) struct Trial {
    pub(super) made: Made,
    /// Each refusal that could be read.
    pub(super) refusals: Vec<Refusal>,
    /// Facts that no option depends on.
    pub(super) notes: Vec<String>,
    /// The length of an accepted password.
    pub(super) length: usize,
    /// The accepted lengths, once they are known.
    pub(super) minimum: usize,
    pub(super) maximum: usize,
    pub(super) classes: usize,
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
            notes: Vec::new(),
            length,
            minimum: length,
            maximum: length,
            classes: 4,
        }
    }

    /// True if the target accepts a password from `make`. After a refusal of a repeated request it
    /// tries another one: the refusal may be about the password that the first request set.
    pub(super) async fn accepts(
        &mut self,
        probe: &mut Probe,
        make: impl Fn() -> String,
        rule: &'static str,
    ) -> Result<bool, Stop> {
        let refusals = self.refusals.len();
        for _ in 0..TRIES {
            let from = probe.cx.log.exchanges.len();
            let result = self.accepts_this(probe, &make(), rule).await;
            let repeated = probe.repeated_since(from);
            self.made.doubted |= repeated;
            let taken = result?;
            if taken || !repeated {
                return Ok(taken);
            }
            self.refusals.truncate(refusals);
        }
        Err(Stop::inconclusive(
            "each password change had to be repeated",
        ))
    }

    /// True if the target accepts a password with `text` in it; `None` if that does not fit.
    pub(super) async fn accepts_with(
        &mut self,
        probe: &mut Probe,
        text: &str,
        rule: &'static str,
    ) -> Result<Option<bool>, Stop> {
        let (minimum, maximum) = (self.minimum, self.maximum);
        let Some(one) = fitting(text, minimum, maximum) else {
            return Ok(None);
        };
        let make = || fitting(text, minimum, maximum).unwrap_or_else(|| one.clone());
        self.accepts(probe, make, rule).await.map(Some)
    }

    /// True if the target accepts this password.
    pub(super) async fn accepts_this(
        &mut self,
        probe: &mut Probe,
        password: &str,
        rule: &'static str,
    ) -> Result<bool, Stop> {
        let body = self.made.update().with("Password", password);
        let result = probe.put(&self.made.key, &body, probe.format).await;
        // A response that neither accepts nor rejects: the change may have taken effect.
        self.made.doubted |= !result
            .as_ref()
            .is_ok_and(|seen| seen.is_success() || seen.is_refusal());
        let seen = result?;
        if seen.is_success() {
            self.made.passwords.push(password.to_owned());
            return Ok(true);
        }
        if !seen.is_refusal() {
            // The result was the same twice; another try adds nothing.
            return Err(Stop::Skip(format!(
                "a password change ({rule}) returns {}",
                seen.status
            )));
        }
        // What cannot be read says nothing of a rule.
        if seen.error_shape().is_some() {
            self.refusals.push(Refusal {
                rule,
                code: seen.code(),
                words: without(&seen.words(), &password.to_lowercase()),
                password: password.to_owned(),
            });
        }
        Ok(false)
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
fn fitting(text: &str, minimum: usize, maximum: usize) -> Option<String> {
    (0..50).find_map(|_| holding(text, minimum, maximum))
}

/// A password of all four classes, as far as they fit.
pub(super) fn of_length(length: usize) -> String {
    password::of(length, &Class::ALL)
}
