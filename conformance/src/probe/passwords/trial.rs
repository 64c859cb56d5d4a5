//! Passwords that are tried. Updates of one user show which are accepted. So do creates of a user
//! whose name is taken, if the target checks passwords first: they need one request and not two, and
//! change nothing.

use crate::{
    password::{self, Class},
    probe::{
        seen::Seen,
        state::{Made, Probe},
    },
    verdict::Stop,
};

/// A password that breaks most policies, and is no word by itself.
pub(super) const TOO_WEAK: &str = "z";
/// Number of tries of a password change that had to be repeated.
pub(super) const TRIES: usize = 4;
/// The reason of a kind whose tries all had to be repeated.
pub(super) const REPEATED: &str = "each password change had to be repeated";

/// A request that shows whether a password is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The user gets it.
    Update,
    /// No user gets it: the create is rejected because of the taken username.
    Create,
}

pub(super) const WAYS: [Way; 2] = [Way::Update, Way::Create];

/// The result of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Accepted(Way, String),
    Rejected(Way, String),
    /// It may have taken effect, once or twice: the user's passwords are not known any more.
    Lost,
}

/// The reason of a rejection.
#[derive(PartialEq, Eq)]
enum Reason {
    Code(u32),
    Words(String),
}

/// What tells two rejections apart.
#[derive(PartialEq, Eq)]
struct Rejection {
    status: u16,
    reason: Reason,
}

impl Rejection {
    /// `None` for another response.
    fn of(seen: &Seen, password: &str) -> Option<Self> {
        let words = || Reason::Words(words_of(seen, password));
        seen.is_refusal().then(|| Self {
            status: seen.status,
            reason: seen.code().map_or_else(words, Reason::Code),
        })
    }
}

/// The user that passwords are tried with, and the results.
pub(super) struct Trial {
    pub(super) made: Made,
    /// The rejection of a create with an accepted password, if creates show the policy.
    taken: Option<Rejection>,
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
    pub(super) way: Way,
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
            taken: None,
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
        way: Way,
        make: impl Fn() -> String,
        rule: &'static str,
    ) -> Result<bool, Stop> {
        for _ in 0..TRIES {
            if let Some(taken) = self.accepts_this(probe, way, &make(), rule).await? {
                return Ok(taken);
            }
        }
        Err(Stop::inconclusive(REPEATED))
    }

    /// The request that most passwords are tried with.
    pub(super) fn usual(&self) -> Way {
        match self.taken {
            Some(_) => Way::Create,
            None => Way::Update,
        }
    }

    /// Tries later passwords with creates, if a good one is rejected for another reason than a weak
    /// one. Words may differ from one response to the next.
    pub(super) async fn turn_to_creates(&mut self, probe: &mut Probe) -> Result<(), Stop> {
        let good = of_length(self.length);
        let taken = Rejection::of(&self.create(probe, &good).await?, &good);
        probe.last_is_about(&["errors.conflict"]);
        if let Some(Rejection {
            reason: Reason::Words(_),
            ..
        }) = &taken
            && self.rejection(probe, &of_length(self.length)).await? != taken
        {
            return Ok(());
        }
        let Some(taken) = taken else { return Ok(()) };
        if self
            .rejection(probe, TOO_WEAK)
            .await?
            .is_some_and(|weak| weak != taken)
        {
            self.taken = Some(taken);
            let outcomes = [
                Outcome::Accepted(Way::Create, good),
                Outcome::Rejected(Way::Create, TOO_WEAK.to_owned()),
            ];
            self.outcomes.extend(outcomes);
        }
        Ok(())
    }

    /// The rejection of a create under the user's name.
    async fn rejection(
        &mut self,
        probe: &mut Probe,
        password: &str,
    ) -> Result<Option<Rejection>, Stop> {
        let seen = self.unheard_create(probe, password).await?;
        Ok(Rejection::of(&seen, password))
    }

    /// A create that is evidence for the policy alone.
    async fn unheard_create(&mut self, probe: &mut Probe, password: &str) -> Result<Seen, Stop> {
        let from = probe.sent();
        let created = self.create(probe, password).await;
        probe.leave_out_since(from);
        created
    }

    async fn create(&mut self, probe: &mut Probe, password: &str) -> Result<Seen, Stop> {
        let redactor = probe.cx.run.redactor();
        redactor.add_login(self.made.username(), password);
        let draft = self.made.draft.clone().with("Password", password);
        let created = probe.try_create(&draft).await;
        created.map(|created| match created {
            Ok((_, seen)) => {
                // It may have changed the user of that name.
                self.outcomes.push(Outcome::Lost);
                seen
            }
            Err(seen) => seen,
        })
    }

    async fn update(&mut self, probe: &mut Probe, password: &str) -> Result<Seen, Stop> {
        let body = self.made.update().with("Password", password);
        let from = probe.sent();
        let result = probe.put(&self.made.key, &body, probe.format).await;
        // The policy takes it in.
        probe.leave_out_since(from);
        let clear = |seen: &Seen| seen.is_success() || seen.is_refusal();
        if probe.repeated_since(from) || !result.as_ref().is_ok_and(clear) {
            self.outcomes.push(Outcome::Lost);
        }
        result
    }

    /// True if the target accepts this password; `None` if the request was repeated, so that the
    /// response may be about a password that the first try set.
    pub(super) async fn accepts_this(
        &mut self,
        probe: &mut Probe,
        way: Way,
        password: &str,
        rule: &'static str,
    ) -> Result<Option<bool>, Stop> {
        let before = self.outcomes.len();
        let seen = match way {
            Way::Update => self.update(probe, password).await?,
            Way::Create => self.unheard_create(probe, password).await?,
        };
        let is_accepted = match &self.taken {
            taken @ Some(_) if way == Way::Create => *taken == Rejection::of(&seen, password),
            _ => seen.is_success(),
        };
        if !is_accepted && !seen.is_refusal() {
            // The result was the same twice; another try adds nothing.
            return Err(Stop::Skip(format!(
                "a password ({rule}) returns {}",
                seen.status
            )));
        }
        if self.outcomes.len() > before {
            return Ok(None);
        }
        let password = password.to_owned();
        if is_accepted {
            let length = password.chars().count();
            self.minimum = self.minimum.min(length);
            self.maximum = self.maximum.max(length);
            self.outcomes.push(Outcome::Accepted(way, password));
            return Ok(Some(true));
        }
        // What cannot be read says nothing of a rule.
        if seen.error_shape().is_some() {
            self.refusals.push(Refusal {
                way,
                rule,
                code: seen.code(),
                words: words_of(&seen, &password),
                password: password.clone(),
            });
        }
        self.outcomes.push(Outcome::Rejected(way, password));
        Ok(Some(false))
    }
}

/// The words of a rejection without the password, which it may repeat.
fn words_of(seen: &Seen, password: &str) -> String {
    without(&seen.words(), &password.to_lowercase())
}

/// The words without the password. A short one may be part of a word.
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
