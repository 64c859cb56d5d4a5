//! Forms: groups of similar exchanges.

use super::{meaning::Meaning, people::Shown, subject::Subject};
use crate::traffic::{Answer, Exchange};

/// An exchange that no possible profile explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexplained {
    /// Its number, from 1.
    pub exchange: usize,
    /// Differences of the nearest profile.
    pub differences: Vec<String>,
}

/// Common properties of exchanges that depend on the same behaviours.
pub(super) type Form = Vec<String>;

/// Number of exchanges of one form without a conclusion, after which the next ones run under one
/// profile.
pub(super) const ENOUGH: u32 = 8;

pub(super) fn form(
    subject: &Subject,
    exchange: &Exchange,
    seen: &Meaning,
    sent: Option<&Shown>,
) -> Form {
    let kind = match subject {
        Subject::User(_) => "user".to_owned(),
        other => format!("{other:?}"),
    };
    let varying = ["date", "content-length", "user-agent"];
    let headers = exchange.request_headers.iter();
    let headers =
        headers.filter(|(name, _)| !varying.iter().any(|known| name.eq_ignore_ascii_case(known)));
    let mut form = vec![kind, exchange.method.clone(), seen.status.to_string()];
    form.extend(headers.map(|(name, value)| format!("{name}: {value}")));
    if let Some(sent) = sent {
        let has = |field: &Option<String>| {
            field
                .as_ref()
                .map_or("-", |text| if text.is_empty() { "0" } else { "1" })
        };
        let texts = [
            &sent.id,
            &sent.username,
            &sent.first_name,
            &sent.last_name,
            &sent.email,
            &sent.telephone,
        ];
        form.extend(texts.map(|field| has(field).to_owned()));
        form.push(format!(
            "{:?} {:?} {:?}",
            sent.enabled, sent.roles, sent.password
        ));
    }
    form
}

/// The id of the user that a response reports as created.
pub(super) fn new_id(
    subject: &Subject,
    seen: &Meaning,
    shown: &[Shown],
    sent: Option<&Shown>,
    answer: &Answer,
) -> Option<String> {
    if *subject != Subject::Create || seen.status >= 300 {
        return None;
    }
    let in_body = shown.first().and_then(|user| user.id.clone());
    let in_location = || {
        let mut headers = answer.headers.iter();
        let (_, location) = headers.find(|(name, _)| name.eq_ignore_ascii_case("location"))?;
        let last = location.rsplit('/').next()?;
        (!last.is_empty()).then(|| last.to_owned())
    };
    let id = in_body.or_else(in_location)?;
    (sent.and_then(|sent| sent.username.as_ref()) != Some(&id)).then_some(id)
}
