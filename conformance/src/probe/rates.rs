//! Rate limits: the first 429 of the probe; bursts only with `--rate-probe`.

use std::time::{Duration, Instant};

use super::{
    seen::{ErrorBody, OTHER_BODY, Seen},
    state::Probe,
};
use crate::{
    dispatch::Own,
    transport::{Request, Route},
    verdict::Stop,
};

/// Requests of a burst, at most.
const BURST: usize = 40;

pub(super) async fn rates(probe: &mut Probe) -> Result<(), Stop> {
    let burst = if probe.choice.rate_probe {
        bursts(probe).await?
    } else {
        None
    };
    let mut answers = probe
        .cx
        .log
        .exchanges
        .iter()
        .map(|one| &one.outcome)
        .enumerate();
    let limited = answers.find_map(|(number, outcome)| {
        let answer = outcome
            .as_ref()
            .ok()
            .filter(|answer| answer.status == 429)?;
        Some((number, answer.clone()))
    });
    let Some((number, answer)) = limited else {
        let requests = probe.sent();
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
    let seen = Seen::of(&answer);
    let response = match seen.error_body() {
        Some(ErrorBody::Error) => Ok("error_body"),
        Some(ErrorBody::Empty) => Ok("empty"),
        None => Err(OTHER_BODY),
    };
    probe.settle("rate.response", response);
    let header = match (
        answer.header("x-ratelimit-reset"),
        answer.header("retry-after"),
    ) {
        (Some(_), None) => Ok("x_ratelimit_reset"),
        (None, Some(_)) => Ok("retry_after"),
        (None, None) => Ok("none"),
        (Some(_), Some(_)) => Err("a 429 has both headers"),
    };
    probe.settle("rate.headers", header);
    // A request over raw TCP asks for the connection to be closed, whatever the answer.
    let connection = answer.header("connection").unwrap_or("");
    let connection = match probe.cx.log.exchanges[number].request.route {
        Route::Raw => {
            Err("the request that met the 429 asked itself for the connection to be closed")
        }
        Route::Client if connection.eq_ignore_ascii_case("close") => Ok("closed"),
        Route::Client => Ok("kept"),
    };
    probe.settle("rate.connection", connection);
    let counted = burst.as_deref();
    let counted = counted.unwrap_or("a 429 came, and nothing was counted; --rate-probe counts");
    probe.leave_open("rate.limit", counted);
    Ok(())
}

/// One request, without the run's patience.
async fn once(probe: &mut Probe) -> Result<bool, Stop> {
    let path = probe.cx.users_path();
    let dispatch = probe.cx.run.dispatch();
    let request = Request::new("GET", path)
        .header("Authorization", dispatch.authorization(Own::Login).await?)
        .header("Accept", probe.format.media_type());
    let answer = dispatch.send_once(&request, &mut probe.cx.log).await?;
    Ok(answer.status == 429)
}

/// Sends a burst up to the first 429, waits until requests succeed again, and sends another burst
/// up to the second. It returns a description: the exact limit cannot be measured from outside.
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
        probe.cx.run.dispatch().sleep(pause).await;
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
        "{first} requests in {:.1} s were answered before the first 429; after {:.1} s {after} more were, so they come back {kind}",
        took.as_secs_f64(),
        waited.as_secs_f64()
    )))
}

/// Counts the responses before a 429, with the time that they took; `None` without a 429.
async fn burst(probe: &mut Probe) -> Result<Option<(usize, Duration)>, Stop> {
    let started = Instant::now();
    for count in 0..BURST {
        if once(probe).await? {
            return Ok(Some((count, started.elapsed())));
        }
    }
    Ok(None)
}
