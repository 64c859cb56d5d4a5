//! Rounds in which several servers do the same work, one after the other.

use std::fmt;

use anyhow::Result;

use super::{
    load::{self, Load},
    machine::processor_time,
    subject::Subject,
    work::World,
};

/// Results of a server, one per round.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// Requests a second.
    pub(super) rates: Vec<f64>,
    /// Microseconds of the server's processor time for a request.
    pub(super) costs: Vec<f64>,
    /// Latencies in microseconds.
    pub(super) p50: Vec<f64>,
    pub(super) p99: Vec<f64>,
}

/// Runs a load on each server, after a round that warms up. The order turns around each time.
pub(super) fn alternate<const N: usize>(
    servers: [&Subject; N],
    load: Load,
    worlds: &[World],
    rounds: usize,
) -> Result<[Rounds; N]> {
    let mut all = [(); N].map(|()| Rounds::default());
    for round in 0..=rounds {
        let mut order: Vec<usize> = (0..N).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            let server = servers[index];
            let before = processor_time(server.process)?;
            let outcome = load::run(server.address, load, worlds)?;
            let used = processor_time(server.process)? - before;
            if round > 0 {
                let of = &mut all[index];
                of.rates.push(outcome.rate());
                of.costs.push(used * 1e6 / outcome.requests());
                of.p50.push(outcome.quantile(500));
                of.p99.push(outcome.quantile(990));
            }
        }
    }
    Ok(all)
}

/// One server.
pub(super) fn of(server: &Subject, load: Load, worlds: &[World], rounds: usize) -> Result<Rounds> {
    let [rounds] = alternate([server], load, worlds, rounds)?;
    Ok(rounds)
}

pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Figures of one server by those of another, round by round: `0.86 (0.82 to 0.90)`.
#[derive(Debug)]
pub(super) struct Ratio(Vec<f64>);

impl Ratio {
    pub(super) fn of(these: &[f64], by: &[f64]) -> Self {
        Self(
            these
                .iter()
                .zip(by)
                .map(|(one, other)| one / other)
                .collect(),
        )
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(0.0, f64::max);
        write!(f, "{:.2} ({least:.2} to {most:.2})", median(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Ratio;

    #[test]
    fn a_ratio_has_its_median_and_its_spread() {
        let ratio = Ratio::of(&[2.0, 9.0, 3.0], &[1.0, 3.0, 3.0]);
        assert_eq!(ratio.to_string(), "2.00 (1.00 to 3.00)");
    }
}
