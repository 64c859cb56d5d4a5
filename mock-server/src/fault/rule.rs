//! Fault rules: which requests fail, and how.

use std::{
    str::FromStr,
    sync::atomic::{AtomicU64, Ordering},
};

use bandwidth_fixtures::Operation;

use crate::random::mix;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with this status, in the shape that the profile has for it, before the
    /// operation takes effect.
    Status(u16),
}

/// What a rule can see of a request.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The operation, unless the path or method belongs to none.
    pub operation: Option<Operation>,
    /// The method.
    pub method: &'a str,
    /// The account in the path, if there is one.
    pub account: Option<&'a str>,
}

/// Makes some of the requests fail that it applies to.
///
/// Written as `status=429,every=5,operation=create_user`: of the requests that fit `operation`,
/// `method` and `account`, the first `after` pass; of the others every `every`th (default: each)
/// fails with `probability` (default 1, decided by `seed`), `times` times at the most.
#[derive(Debug)]
pub struct FaultRule {
    fault: Fault,
    operation: Option<Operation>,
    method: Option<String>,
    account: Option<String>,
    every: u64,
    after: u64,
    times: u64,
    probability: f64,
    seed: Option<u64>,
    seen: AtomicU64,
    hits: AtomicU64,
}

const KEYS: &str = "status, operation, method, account, every, after, times, probability, seed";

impl FaultRule {
    /// The fault for this request, if the rule makes it fail. Counts the request.
    /// `default_seed` decides where the rule has no seed of its own.
    pub fn decide(&self, subject: &Subject<'_>, default_seed: u64) -> Option<Fault> {
        let applies = self
            .operation
            .is_none_or(|operation| subject.operation == Some(operation))
            && self
                .method
                .as_deref()
                .is_none_or(|method| method == subject.method)
            && self
                .account
                .as_deref()
                .is_none_or(|account| subject.account == Some(account));
        if !applies {
            return None;
        }
        let number = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        let due = number
            .checked_sub(self.after)
            .is_some_and(|counted| counted > 0 && counted % self.every == 0);
        if !due || !self.chance(number, self.seed.unwrap_or(default_seed)) {
            return None;
        }
        let hit = self
            .hits
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |hits| {
                (hits < self.times).then_some(hits + 1)
            });
        hit.is_ok().then_some(self.fault)
    }

    fn chance(&self, number: u64, seed: u64) -> bool {
        // 53 bits, as many as an f64 holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "the shift leaves 53 bits")]
        let drawn = (mix(seed, number) >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < self.probability
    }
}

impl FromStr for FaultRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |message: String| format!("fault `{text}`: {message}");
        let mut status = None;
        let mut rule = Self {
            fault: Fault::Status(0),
            operation: None,
            method: None,
            account: None,
            every: 1,
            after: 0,
            times: u64::MAX,
            probability: 1.0,
            seed: None,
            seen: AtomicU64::new(0),
            hits: AtomicU64::new(0),
        };
        let mut keys: Vec<&str> = Vec::new();
        for part in text.split(',') {
            let (key, value) = part
                .split_once('=')
                .map(|(key, value)| (key.trim(), value.trim()))
                .ok_or_else(|| wrong(format!("`{part}` is not KEY=VALUE; keys are {KEYS}")))?;
            if keys.contains(&key) {
                return Err(wrong(format!("`{key}` stands here twice")));
            }
            keys.push(key);
            let number = || {
                let number = value.parse::<u64>().ok();
                number.ok_or_else(|| wrong(format!("{key} must be a whole number, not `{value}`")))
            };
            let positive = || match number()? {
                0 => Err(wrong(format!("{key} must be at least 1"))),
                number => Ok(number),
            };
            match key {
                "status" => status = Some(number()?),
                "operation" => rule.operation = Some(value.parse().map_err(wrong)?),
                "method" => rule.method = Some(value.to_ascii_uppercase()),
                "account" => rule.account = Some(value.to_owned()),
                "every" => rule.every = positive()?,
                "after" => rule.after = number()?,
                "times" => rule.times = positive()?,
                "seed" => rule.seed = Some(number()?),
                "probability" => {
                    let probability = value.parse().ok().filter(|p| (0.0..=1.0).contains(p));
                    rule.probability = probability.ok_or_else(|| {
                        wrong(format!("probability must be from 0 to 1, not `{value}`"))
                    })?;
                }
                _ => return Err(wrong(format!("unknown key `{key}`; keys are {KEYS}"))),
            }
        }
        let status =
            status.ok_or_else(|| wrong("there is no status; write status=503 or so".to_owned()))?;
        let status = u16::try_from(status)
            .ok()
            .filter(|status| (400..=599).contains(status));
        let status = status.ok_or_else(|| wrong("status must be from 400 to 599".to_owned()))?;
        rule.fault = Fault::Status(status);
        Ok(rule)
    }
}

#[cfg(test)]
mod tests {
    use bandwidth_fixtures::Operation;

    use super::{Fault, FaultRule, Subject};

    const CREATE: Subject<'_> = Subject {
        operation: Some(Operation::CreateUser),
        method: "POST",
        account: Some("12345"),
    };

    /// Which of the first requests fail, counted from 1.
    fn hits(rule: &str, requests: usize) -> Vec<usize> {
        let rule: FaultRule = rule.parse().unwrap();
        (1..=requests)
            .filter(|_| rule.decide(&CREATE, 7) == Some(Fault::Status(503)))
            .collect()
    }

    #[test]
    fn which_requests_fail() {
        assert_eq!(hits("status=503", 3), [1, 2, 3]);
        assert_eq!(hits("status=503,every=5", 12), [5, 10]);
        assert_eq!(hits("status=503,times=2", 9), [1, 2]);
        assert_eq!(hits("status=503,after=3,times=1", 9), [4]);
        assert_eq!(hits("status=503,after=2,every=3,times=2", 20), [5, 8]);
        assert_eq!(hits("status=503,probability=0", 100), [0_usize; 0]);
        assert_eq!(hits("status=503,probability=1", 2), [1, 2]);
    }

    #[test]
    fn only_matching_requests_count_and_fail() {
        for rule in [
            "status=503,operation=list_users",
            "status=503,method=GET",
            "status=503,account=1",
        ] {
            assert_eq!(hits(rule, 5), [0_usize; 0], "{rule}");
        }
        assert_eq!(
            hits(
                "status=503,operation=create_user,method=post,account=12345",
                2
            ),
            [1, 2]
        );
        let rule: FaultRule = "status=503,method=GET,every=2".parse().unwrap();
        let read = Subject {
            method: "GET",
            ..CREATE
        };
        assert_eq!(rule.decide(&read, 0), None);
        assert_eq!(rule.decide(&CREATE, 0), None);
        assert_eq!(rule.decide(&read, 0), Some(Fault::Status(503)));
    }

    #[test]
    fn probability_follows_from_the_seed() {
        let rule = "status=503,probability=0.25,seed=42";
        let first = hits(rule, 2_000);
        assert_eq!(first, hits(rule, 2_000));
        assert_ne!(first, hits("status=503,probability=0.25,seed=43", 2_000));
        assert!((400..600).contains(&first.len()), "{}", first.len());
    }

    #[test]
    fn each_mistake_says_what_would_be_right() {
        let mistakes = [
            "",
            "503",
            "every=2",
            "status=200",
            "status=x",
            "status=503,every=0",
            "status=503,colour=red",
            "status=503,status=500",
            "status=503,operation=create",
            "status=503,probability=2",
        ];
        let errors: Vec<String> = mistakes
            .iter()
            .map(|text| text.parse::<FaultRule>().unwrap_err())
            .collect();
        insta::assert_snapshot!(errors.join("\n"));
    }
}
