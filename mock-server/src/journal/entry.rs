//! One request as the journal keeps it. The view is made when a user looks.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::http::{HeaderName, HeaderValue, Method};
use bandwidth_fixtures::{NamedProfile, Operation, ReadBehaviours, operation::Surface};
use bytes::Bytes;

use super::request::Request;
use crate::fault::AppliedFault;

/// Approximate size of an entry without its texts and bodies, in bytes.
const OVERHEAD: usize = 700;

/// A request to the emulated API, and its result.
#[derive(Debug)]
pub struct Entry {
    /// Its place in the order of arrival.
    pub id: u64,
    /// The throwaway account whose view it belongs to; `None` for the view of all others.
    pub view: Option<Arc<str>>,
    /// Time of arrival on the mock's clock, since the Unix epoch.
    pub at: Duration,
    /// Duration; `None` while it is under way.
    pub duration: Option<Duration>,
    /// Time of the response, on the mock's clock.
    pub ended: Option<Duration>,
    /// The account in the path, else the main one of the caller's domain.
    pub account: Option<Arc<str>>,
    /// The main account of that domain; the account in the path where there is no such account.
    pub main: Option<Arc<str>>,
    /// The operation, unless path or method belong to none.
    pub operation: Option<Operation>,
    /// The surface that the path belongs to.
    pub surface: Option<Surface>,
    pub method: Method,
    /// Target, headers and body.
    pub request: Request,
    /// The client's address.
    pub peer: Option<SocketAddr>,
    /// The caller, if the credentials were right.
    pub login: Option<Arc<str>>,
    /// The response; `None` if there was none.
    pub sent: Option<Sent>,
    /// The fault that was applied.
    pub fault: Option<AppliedFault>,
    /// The profile of its response.
    pub profile: Arc<NamedProfile>,
    /// The behaviours that shaped the answer.
    pub behaviours: ReadBehaviours,
    /// True if no source shows the bodies of the operation in full.
    pub shape_assumed: bool,
    /// Why it was rejected.
    pub refusal: Option<RefusalNote>,
    /// True if it changed something.
    pub took_effect: bool,
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub status: u16,
    /// The headers, without `Date`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
}

/// The rule that a refused request broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalNote {
    /// A name as `username_taken`.
    pub rule: &'static str,
    /// The field or header that it is about.
    pub field: Option<String>,
    /// The code of the error body.
    pub code: u32,
    /// The words of the error body.
    pub description: String,
}

impl Entry {
    /// True if it belongs to that account, or to the domain whose main account that is.
    pub fn is_of(&self, account: &str) -> bool {
        [&self.account, &self.main]
            .into_iter()
            .any(|own| own.as_deref() == Some(account))
    }

    /// Its size in memory, in bytes, roughly.
    pub(super) fn bytes(&self) -> usize {
        let sent = self.sent.as_ref().map_or(0, |sent| {
            let headers = sent.headers.iter();
            let headers: usize = headers
                .map(|(name, value)| name.as_str().len() + value.len())
                .sum();
            headers + sent.body.len()
        });
        OVERHEAD + self.request.bytes() + sent
    }

    /// Gives up the bodies when the entry alone would fill the journal.
    pub(super) fn fit(&mut self, most: usize) {
        if self.bytes() > most {
            self.request.drop_body();
            if let Some(sent) = &mut self.sent {
                sent.body = Bytes::from_static(b"[too large for the journal]");
            }
        }
    }

    /// The status that was sent.
    pub fn status(&self) -> Option<u16> {
        self.sent.as_ref().map(|sent| sent.status)
    }

    /// The value of a header that was sent back.
    pub fn sent_header(&self, name: &str) -> Option<&str> {
        let headers = &self.sent.as_ref()?.headers;
        let (_, value) = headers.iter().find(|(known, _)| *known == name)?;
        value.to_str().ok()
    }
}
