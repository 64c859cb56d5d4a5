//! Learning from traffic: the emulator is the hypothesis, and replaying is the test.
//!
//! The engine holds the profiles that are still possible as a set of options for each behaviour. It
//! goes through the exchanges once and holds the possible worlds of the server. For each exchange
//! it finds the options of the possible profiles that explain it. The other options are
//! contradicted.

mod conclude;
mod dispute;
mod explore;
mod form;
mod hypotheses;
mod inquiry;
mod meaning;
mod options;
mod people;
mod question;
mod rules;
mod search;
mod simulator;
mod start;
mod subject;
mod track;
mod trust;
mod users;
mod vocabulary;
mod wording;

pub(super) use self::subject::{PLACEHOLDER, SUCCESS, is_of_api, logins, placeholders};
pub use self::{
    conclude::{Finding, Learned, Possible, learn, replay},
    form::Unexplained,
    inquiry::{Inquiry, MOST_REPEATED},
    meaning::Outcome,
};

/// True for a status that a gateway in front of the API sends, or that a recording cannot explain.
fn is_gateways(status: u16) -> bool {
    matches!(status, 413 | 429 | 500..)
}

#[cfg(test)]
mod tests;
