//! Faults that are asked for, and the rate limit. Both are decided from a seed, the number of the
//! request and the time, so a run can be repeated.

mod limiter;
mod rule;

pub use limiter::TokenBucket;
pub use rule::{Fault, FaultRule, Subject};
