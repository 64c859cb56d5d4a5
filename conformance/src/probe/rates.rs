//! Limits: what a 429 looked like that came anyway; bursts only where they are asked for.

use std::time::{Duration, Instant};

use super::{
    seen::{ErrorBody, OTHER_BODY, Seen},
    state::Probe,
};
use crate::{dispatch::SendError, exchange::Exchange, transport::Request, verdict::Stop};

/// Requests of a burst, at most.
const BURST: usize = 40;

pub(super) async fn rates(probe: &mut Probe) -> Result<(), Stop> {
    let burst = if probe.choice.rate_probe {
        bursts(probe).await?
    } else {
        None
    };
    let limited = |exchange: &&Exchange| {
        let answer = exchange.outcome.as_ref();
        answer.is_ok_and(|answer| answer.status == 429)
    };
    let Some(number) = probe.cx.log.exchanges.iter().position(|one| limited(&one)) else {
        let requests = probe.cx.log.exchanges.len();
        let why = if probe.choice.rate_probe {
            format!("{BURST} requests at once met no limit")
        } else {
            format!(
                "no 429 came in {requests} requests at the pace of this probe; --rate-probe sends a burst"
            )
        };
        for id in [
            "rate.limit",
            "rate.response",
            "rate.headers",
            "rate.connection",
        ] {
            probe.leave_open(id, &why);
        }
        return Ok(());
    };
    probe.mark = number + 1;
    let Ok(answer) = probe.cx.log.exchanges[number].outcome.clone() else {
        return Ok(());
    };
    let seen = Seen::of(&answer);
    match seen.error_body() {
        Some(ErrorBody::Error) => probe.observed("rate.response", "error_body"),
        Some(ErrorBody::Empty) => probe.observed("rate.response", "empty"),
        None => probe.leave_open("rate.response", OTHER_BODY),
    }
    let header = match (
        answer.header("x-ratelimit-reset"),
        answer.header("retry-after"),
    ) {
        (Some(_), None) => Some("x_ratelimit_reset"),
        (None, Some(_)) => Some("retry_after"),
        (None, None) => Some("none"),
        (Some(_), Some(_)) => None,
    };
    match header {
        Some(option) => probe.observed("rate.headers", option),
        None => probe.leave_open("rate.headers", "a 429 has both headers"),
    }
    // A request over raw TCP asks for the connection to be closed, whatever the answer.
    let asked = &probe.cx.log.exchanges[number].request;
    if asked.route == crate::transport::Route::Raw {
        probe.leave_open(
            "rate.connection",
            "the request that met the 429 asked itself for the connection to be closed",
        );
    } else {
        let close = answer.header("connection").unwrap_or("");
        let closed = close.eq_ignore_ascii_case("close");
        probe.observed("rate.connection", if closed { "closed" } else { "kept" });
    }
    probe.leave_open(
        "rate.limit",
        &burst.unwrap_or_else(|| {
            "a 429 came, and nothing was counted; --rate-probe counts".to_owned()
        }),
    );
    Ok(())
}

/// One request, without the run's patience.
async fn once(probe: &mut Probe) -> Result<bool, Stop> {
    let path = probe.cx.users_path();
    let authorization = probe.cx.run.dispatch().authorization().await;
    let halted = |error: SendError| Stop::Inconclusive(error.to_string());
    let request = Request::new("GET", path)
        .header("Authorization", authorization.map_err(halted)?)
        .header("Accept", probe.format.media_type());
    let run = std::sync::Arc::clone(&probe.cx.run);
    let answer = run.dispatch().send_once(&request, &mut probe.cx.log).await;
    Ok(answer.map_err(halted)?.status == 429)
}

/// Sends a burst up to the first 429, waits until requests are answered again, and sends another up
/// to the second. What it saw, in words: a limit's exact numbers cannot be told from outside.
async fn bursts(probe: &mut Probe) -> Result<Option<String>, Stop> {
    let Some((first, took)) = burst(probe).await? else {
        return Ok(None);
    };
    let waiting = Instant::now();
    let mut pause = Duration::from_millis(50);
    while once(probe).await? {
        if waiting.elapsed() > probe.cx.run.limits().backoff.patience {
            return Ok(Some(format!(
                "{first} requests in {:.1} s were answered before the first 429, and none for {:.0} s after it",
                took.as_secs_f64(),
                waiting.elapsed().as_secs_f64()
            )));
        }
        let run = &probe.cx.run;
        run.dispatch()
            .unless_interrupted(tokio::time::sleep(pause))
            .await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
    let waited = waiting.elapsed();
    let after = burst(probe).await?.map_or(BURST, |(count, _)| count) + 1;
    let kind = if after * 2 > first {
        "all at once, as a window does"
    } else {
        "one by one, as a token bucket does"
    };
    Ok(Some(format!(
        "{first} requests in {:.1} s were answered before the first 429; after {:.1} s {after} more were, so that they come back {kind}",
        took.as_secs_f64(),
        waited.as_secs_f64()
    )))
}

/// How many requests are answered before a 429, and in how long; `None` when all are.
async fn burst(probe: &mut Probe) -> Result<Option<(usize, Duration)>, Stop> {
    let started = Instant::now();
    for count in 0..BURST {
        if once(probe).await? {
            return Ok(Some((count, started.elapsed())));
        }
    }
    Ok(None)
}
