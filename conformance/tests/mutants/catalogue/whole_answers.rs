//! Defects of whole responses: bytes, limits.

use super::Mutant;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "line-feed-after-bodies",
        "a line feed follows each body",
        "golden.get_user.xml",
        "the answer is not the recorded one",
    )
    .after(|_, answer, _| {
        if !answer.body.is_empty() {
            answer.body.push('\n');
        }
    }),
    Mutant::new(
        "line-feed-after-published-bodies",
        "the same where the published profile is expected",
        "golden.list_users.published-xml",
        "the answer is not the recorded one",
    )
    .published()
    .after(|_, answer, _| {
        if !answer.body.is_empty() {
            answer.body.push('\n');
        }
    }),
    Mutant::new(
        "bodies-where-none-belong",
        "what has no body gets one",
        "golden.change_password.published",
        "the answer is not the recorded one",
    )
    .published()
    .after(|_, answer, _| {
        if answer.body.is_empty() && answer.status != 204 {
            answer.body.push_str("<Nothing/>");
        }
    }),
    Mutant::new(
        "limited-with-a-body",
        "a 429 has an HTML page where no body belongs",
        "golden.errors.rate_limited",
        "the answer is not the recorded one",
    )
    .after(|_, answer, _| {
        if answer.status == 429 {
            "<html>slow down</html>".clone_into(&mut answer.body);
        }
    }),
    Mutant::new(
        "limits-on-every-answer",
        "usual answers tell the limit",
        "limits.usual-answers.tell-nothing-of-limits",
        "headers about limits: expected [], got [\"x-ratelimit-remaining\"]",
    )
    .after(|_, answer, _| {
        if answer.is_ok() {
            answer.headers.set("X-RateLimit-Remaining", "99");
        }
    }),
];
