//! A request with its response, as they were recorded.

use std::{collections::BTreeMap, time::SystemTime};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A recorded request with its response.
///
/// A recording has no secrets. A password is written as `password-1`, a token as `token-1`, a
/// client secret as `secret-1`; equal numbers mean equal values. They are in the place of the
/// value, so `Authorization` is `Basic` with the Base64 of `jdoe:password-1`, or `Bearer token-1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// When the request was sent.
    pub at: Option<SystemTime>,
    /// True for the first exchange of another recording: requests that are not recorded may have come
    /// before it.
    pub after_gap: bool,
    /// The method.
    pub method: String,
    /// The URL as sent; absolute where it is known.
    pub url: String,
    /// Names and values, in order.
    pub request_headers: Vec<(String, String)>,
    /// The request body, without its content encoding.
    pub request_body: Bytes,
    /// The response; `None` if the connection broke.
    pub answer: Option<Answer>,
    /// Features of passwords in the request, by placeholder.
    pub passwords: BTreeMap<String, PasswordFeatures>,
}

/// A recorded response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names and values, in order. If there are none, they were not recorded.
    pub headers: Vec<(String, String)>,
    /// The body, without its content encoding.
    pub body: Bytes,
}

/// Features of a password that the rules need, in place of the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct PasswordFeatures {
    /// Characters.
    pub length: u32,
    /// True if it has an upper case letter.
    pub upper: bool,
    /// True if it has a lower case letter.
    pub lower: bool,
    /// True if it has a digit.
    pub digit: bool,
    /// True if it has another character.
    pub symbol: bool,
    /// True if it has only letters, digits and symbols of ASCII, without spaces.
    pub simple: bool,
    /// The longest string that occurs in it twice, in characters.
    pub repeats: u32,
    /// True if it contains a common word.
    pub common_word: bool,
    /// True if it contains the username, a name, the email or its local part, if longer than two
    /// characters, ignoring case. `None` if the request does not show the user of the password.
    pub identity: Option<bool>,
}

/// Exchanges with their places in a file, and the number of places.
pub(super) type Numbered = (Vec<(usize, Exchange)>, usize);
