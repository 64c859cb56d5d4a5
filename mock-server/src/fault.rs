//! Faults that are asked for, and the rate limit. Both are decided from a seed, the number of the
//! request and the time, so a run can be repeated.

mod armed;
mod effect;
mod limiter;
mod parse;
mod rule;

pub use armed::{FaultSet, TooManyFaults};
pub use effect::{ConnectionFault, Dribble, Effect, When};
pub use limiter::TokenBucket;
pub use parse::FaultError;
pub use rule::{ArmedFault, Fault, Hit, Now, Subject};
