//! The plan of a fault for one request, decided once.

use std::{sync::Arc, time::Duration};

use bandwidth_fixtures::ApiError;

use super::{
    effect::{ConnectionFault, Dribble, Effect, View, When},
    rule::ArmedFault,
};

/// A fault that hit a request.
#[derive(Debug, Clone)]
pub struct AppliedFault {
    /// The fault.
    pub armed: Arc<ArmedFault>,
    /// Time that it makes the request wait.
    pub waited: Option<Duration>,
}

/// The plan for one request, in this order: wait, run, reshape, wait, send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    /// The wait before the operation.
    pub wait_before: Duration,
    pub run: Execution,
    /// The users that it sees in place of the real ones.
    pub view: Option<View>,
    pub reshape: Reshape,
    /// The wait before the answer is sent.
    pub wait_after: Duration,
    pub sending: Sending,
}

/// The effect on the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Execution {
    /// It takes effect.
    #[default]
    Commit,
    /// It answers as if it had taken effect.
    DryRun,
    /// It is not reached: the fault wins over every refusal, also over 404 and 405.
    Skip,
}

/// The change of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reshape {
    /// It is the operation's own.
    #[default]
    Own,
    /// An error with this status is in its place.
    Status(u16),
    /// This error of the API is in its place.
    Refusal(ApiError),
    /// A gateway's page with this status is in its place.
    GatewayPage(u16),
    /// Its body lacks the last byte.
    CutLastByte,
}

/// The way of sending the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sending {
    /// At once.
    #[default]
    Whole,
    /// In pieces.
    Slowly(Dribble),
    /// It breaks off in the middle of its body.
    Half,
    /// There is none, or none that is HTTP.
    Hangup(ConnectionFault),
}

impl AppliedFault {
    /// The plan for the request.
    pub fn plan(&self) -> Plan {
        let fault = &self.armed.fault;
        let before = fault.when == When::Before;
        let unless_after = |run| if before { run } else { Execution::Commit };
        let (run, reshape, sending) = match fault.effect {
            None | Some(Effect::View(_)) => (Execution::Commit, Reshape::Own, Sending::Whole),
            Some(Effect::Status(status)) => {
                let reshape = Reshape::Status(status);
                (unless_after(Execution::Skip), reshape, Sending::Whole)
            }
            Some(Effect::Refusal(error)) => {
                let reshape = Reshape::Refusal(error);
                (unless_after(Execution::Skip), reshape, Sending::Whole)
            }
            Some(Effect::GatewayPage(status)) => {
                let reshape = Reshape::GatewayPage(status);
                (unless_after(Execution::Skip), reshape, Sending::Whole)
            }
            Some(Effect::MalformedBody) => (
                unless_after(Execution::DryRun),
                Reshape::CutLastByte,
                Sending::Whole,
            ),
            Some(Effect::TruncateBody) => {
                (unless_after(Execution::DryRun), Reshape::Own, Sending::Half)
            }
            Some(Effect::Dribble(dribble)) => {
                (Execution::Commit, Reshape::Own, Sending::Slowly(dribble))
            }
            Some(Effect::Connection(fault)) => (
                unless_after(Execution::Skip),
                Reshape::Own,
                Sending::Hangup(fault),
            ),
        };
        let wait = self.waited.unwrap_or_default();
        let (wait_before, wait_after) = if before {
            (wait, Duration::ZERO)
        } else {
            (Duration::ZERO, wait)
        };
        let view = match fault.effect {
            Some(Effect::View(view)) => Some(view),
            _ => None,
        };
        Plan {
            wait_before,
            run,
            view,
            reshape,
            wait_after,
            sending,
        }
    }
}
