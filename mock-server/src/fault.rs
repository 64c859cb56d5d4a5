//! Faults that are asked for, and the rate limit. Both are decided from a seed, the number of the
//! request and the time, so a run can be repeated.

mod armed;
mod effect;
mod error;
mod limiter;
mod own_answer;
mod parse;
mod plan;
mod rule;

pub use armed::{FaultSet, TooManyFaults};
pub use effect::{ConnectionFault, Dribble, Effect, View};
pub use error::FaultError;
pub use limiter::TokenBucket;
pub use own_answer::OwnAnswer;
pub use plan::{AppliedFault, Execution, Plan, Reshape, Sending};
pub use rule::{ArmedFault, Fault, Now, Subject};
