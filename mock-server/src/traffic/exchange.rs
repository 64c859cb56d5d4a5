//! A request with its response, as they were recorded.

use std::{collections::BTreeMap, time::SystemTime};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A recorded request with its response.
///
/// A recording has no secrets. A password is written as `password-1`, a token as `token-1`, a client
/// secret as `secret-1`; equal numbers stand for equal values. They stand where the value stood, so
/// that `Authorization` is `Basic` with the Base64 of `jdoe:password-1`, or `Bearer token-1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// When the request was sent.
    pub at: Option<SystemTime>,
    /// The method.
    pub method: String,
    /// The URL as sent; absolute where it is known.
    pub url: String,
    /// Names and values, in order.
    pub request_headers: Vec<(String, String)>,
    /// The request body, without its content encoding.
    pub request_body: Bytes,
    /// What came back; none if the connection broke.
    pub answer: Option<Answer>,
    /// What is known of passwords that the request sends, by placeholder.
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

/// What the rules for passwords look at, of a password that is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct PasswordFeatures {
    /// Characters.
    pub length: u32,
    /// Whether an upper case letter is in it.
    pub upper: bool,
    /// Whether a lower case letter is in it.
    pub lower: bool,
    /// Whether a digit is in it.
    pub digit: bool,
    /// Whether something else is in it.
    pub symbol: bool,
    /// Whether it has only letters, digits and symbols of ASCII, and no space.
    pub simple: bool,
    /// The longest string that occurs in it twice, in characters.
    pub repeats: u32,
    /// Whether a common word is in it.
    pub common_word: bool,
    /// Whether the username, a name, the email or its local part is in it, of more than two characters and whatever the
    /// case. None if the request does not say whose password it is to be.
    pub identity: Option<bool>,
}
