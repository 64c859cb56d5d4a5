//! Effects of faults on a request.

use std::{f64::consts::TAU, time::Duration};

use bandwidth_fixtures::ApiError;

use crate::random::mix;

/// The longest wait of a fault.
pub const LONGEST_DELAY: Duration = Duration::from_mins(10);

/// Time of a fault: before or after the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// The operation does not take effect. A delay is waited for first.
    #[default]
    Before,
    /// The operation takes effect; only the response is affected.
    After,
}

/// Effect on the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It has this status, in the shape that the profile has for it.
    Status(u16),
    /// It is an HTML page with this status, as a gateway sends it.
    GatewayPage(u16),
    /// It breaks off in the middle of its body.
    TruncateBody,
    /// Its body has the right length and lacks its last character.
    MalformedBody,
    /// It comes in pieces.
    Dribble(Dribble),
    /// There is none, or none that is HTTP.
    Connection(ConnectionFault),
    /// It is the API's own refusal of a login.
    Refusal(ApiError),
    /// It shows other users than there are.
    View(View),
}

impl Effect {
    /// A short name, in the words of a rule: `status 503`, `EMPTY_RESPONSE`, `truncate_body`.
    pub fn name(self) -> String {
        match self {
            Self::Status(status) => format!("status {status}"),
            Self::GatewayPage(_) => "wrong_content_type".to_owned(),
            Self::TruncateBody => "truncate_body".to_owned(),
            Self::MalformedBody => "malformed_body".to_owned(),
            Self::Dribble(_) => "chunked_dribble".to_owned(),
            Self::Connection(fault) => fault.as_str().to_owned(),
            Self::Refusal(error) => error.facts().rule.to_owned(),
            Self::View(view) => format!("view {}", view.as_str()),
        }
    }
}

/// The refusals of logins that a fault can produce, by the names of their rules.
pub const REFUSALS: [ApiError; 4] = [
    ApiError::BasicEnded,
    ApiError::ClientInvalid,
    ApiError::LockedOut,
    ApiError::TokenExpired,
];

/// The users that a reading request sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// None of them.
    Empty,
    /// The users before the last change of one.
    Stale,
}

impl View {
    pub const ALL: [Self; 2] = [Self::Empty, Self::Stale];

    /// The name in rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Stale => "stale",
        }
    }
}

/// Selects the requests that a fault hits after its first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// All.
    All,
    /// Those that log in with the same header as the first.
    SameLogin,
    /// Those that log in with the same scheme. Requests for a token are apart from all others.
    SameScheme,
}

impl Then {
    pub const ALL: [Self; 3] = [Self::All, Self::SameLogin, Self::SameScheme];

    /// The name in rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::SameLogin => "same_login",
            Self::SameScheme => "same_scheme",
        }
    }
}

/// A body that is sent slowly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dribble {
    /// In how many pieces.
    pub chunks: u32,
    /// Time from the first piece to the last.
    pub over: Duration,
}

/// Effect on the connection, with the names that `WireMock` gave these faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionFault {
    /// Closed without a byte.
    EmptyResponse,
    /// A good head, then bytes that are no chunk, then closed.
    MalformedResponseChunk,
    /// Bytes that are not HTTP, then closed.
    RandomDataThenClose,
    /// A TCP reset.
    ConnectionResetByPeer,
}

impl ConnectionFault {
    pub const ALL: [Self; 4] = [
        Self::EmptyResponse,
        Self::MalformedResponseChunk,
        Self::RandomDataThenClose,
        Self::ConnectionResetByPeer,
    ];

    /// The name in rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmptyResponse => "EMPTY_RESPONSE",
            Self::MalformedResponseChunk => "MALFORMED_RESPONSE_CHUNK",
            Self::RandomDataThenClose => "RANDOM_DATA_THEN_CLOSE",
            Self::ConnectionResetByPeer => "CONNECTION_RESET_BY_PEER",
        }
    }
}

/// Delay of a response.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Delay {
    /// Always so long.
    Fixed(Duration),
    /// Anything from the first to the second, equally likely.
    Uniform(Duration, Duration),
    /// Around a median, with a long tail: real latency looks so.
    LogNormal {
        /// Half of the waits are shorter.
        median: Duration,
        /// Standard deviation of the logarithm; 0.5 makes one in forty longer than 2.7 medians.
        sigma: f64,
    },
}

impl Delay {
    /// The `number`th delay of a seed.
    pub fn draw(self, seed: u64, number: u64) -> Duration {
        let chance = |index| unit(mix(seed, number.wrapping_mul(2).wrapping_add(index)));
        let drawn = match self {
            Self::Fixed(fixed) => fixed,
            Self::Uniform(least, most) => least + most.saturating_sub(least).mul_f64(chance(0)),
            Self::LogNormal { median, sigma } => {
                // Box and Muller; 1 - x is never 0.
                let normal = (-2.0 * (1.0 - chance(0)).ln()).sqrt() * (TAU * chance(1)).cos();
                let factor = (sigma * normal).exp();
                Duration::try_from_secs_f64(median.as_secs_f64() * factor).unwrap_or(LONGEST_DELAY)
            }
        };
        drawn.min(LONGEST_DELAY)
    }
}

/// From 0 to 1, without 1.
pub fn unit(random: u64) -> f64 {
    // 53 bits, as many as an f64 holds exactly.
    #[expect(clippy::cast_precision_loss, reason = "the shift leaves 53 bits")]
    let drawn = (random >> 11) as f64 / (1_u64 << 53) as f64;
    drawn
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bandwidth_fixtures::ApiError;

    use super::{ConnectionFault, Delay, Dribble, Effect, LONGEST_DELAY, View};

    fn drawn(delay: Delay) -> Vec<Duration> {
        let mut drawn: Vec<Duration> = (0..2_000).map(|number| delay.draw(7, number)).collect();
        drawn.sort();
        drawn
    }

    #[test]
    fn effects_have_the_words_of_rules() {
        let dribble = Dribble {
            chunks: 2,
            over: Duration::ZERO,
        };
        for (effect, name) in [
            (Effect::Status(503), "status 503"),
            (Effect::GatewayPage(502), "wrong_content_type"),
            (Effect::TruncateBody, "truncate_body"),
            (Effect::MalformedBody, "malformed_body"),
            (Effect::Dribble(dribble), "chunked_dribble"),
            (
                Effect::Connection(ConnectionFault::EmptyResponse),
                "EMPTY_RESPONSE",
            ),
            (Effect::Refusal(ApiError::TokenExpired), "token_expired"),
            (Effect::View(View::Stale), "view stale"),
        ] {
            assert_eq!(effect.name(), name);
        }
    }

    #[test]
    fn delays_have_the_distribution_they_are_named_after() {
        let ms = Duration::from_millis;
        assert!(
            drawn(Delay::Fixed(ms(5)))
                .iter()
                .all(|drawn| *drawn == ms(5))
        );
        let uniform = drawn(Delay::Uniform(ms(100), ms(200)));
        assert!(uniform[0] >= ms(100) && uniform[1_999] < ms(200));
        assert!(
            (ms(145)..ms(155)).contains(&uniform[1_000]),
            "{:?}",
            uniform[1_000]
        );
        let lognormal = drawn(Delay::LogNormal {
            median: ms(100),
            sigma: 0.5,
        });
        assert!(
            (ms(94)..ms(106)).contains(&lognormal[1_000]),
            "{:?}",
            lognormal[1_000]
        );
        // The 97.7th percentile of the logarithm is two standard deviations up.
        let high = lognormal[1_954];
        assert!((ms(230)..ms(310)).contains(&high), "{high:?}");
        let absurd = Delay::LogNormal {
            median: ms(100),
            sigma: 10.0,
        };
        assert_eq!(drawn(absurd)[1_999], LONGEST_DELAY);
    }

    #[test]
    fn delays_can_be_repeated() {
        let delay = Delay::Uniform(Duration::ZERO, Duration::from_secs(1));
        assert_eq!(delay.draw(1, 5), delay.draw(1, 5));
        assert_ne!(delay.draw(1, 5), delay.draw(2, 5));
    }
}
