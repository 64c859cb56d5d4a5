//! The ids of users.

use bandwidth_fixtures::{Consultation, profile::IdStyle};
use uuid::{Builder, Uuid};

use super::user::UserNumber;
use crate::random::mix;

/// The id of the user with that number. `salt` decides UUIDs, so that a run can be repeated.
pub(super) fn new_id(number: UserNumber, salt: &[u8; 16], rules: &Consultation) -> Box<str> {
    match rules.user_id_style() {
        IdStyle::Prefixed => format!("u{number}").into(),
        IdStyle::Numeric => number.to_string().into(),
        IdStyle::Uuid => {
            let seed = salt
                .iter()
                .fold(0, |seed, byte| seed << 8 | u64::from(*byte));
            let random = Uuid::from_u64_pair(mix(seed, number * 2), mix(seed, number * 2 + 1));
            let id = Builder::from_random_bytes(random.into_bytes()).into_uuid();
            id.to_string().into()
        }
    }
}

/// The number in an id: 7 of `u7` and of `7`.
pub fn number_in(id: &str) -> Option<UserNumber> {
    id.strip_prefix('u').unwrap_or(id).parse().ok()
}
