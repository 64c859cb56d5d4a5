//! `cargo xtask soak`: a mixed load with faults for a long time; memory and latency as a picture.

use std::{
    fmt::Write as _,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::bench::{
    self, Subject,
    load::{self, Load, Outcome, Refusals},
    work::{Format, Work},
};

/// How long, and where the picture goes
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Minutes
    #[arg(long, default_value_t = 60.0)]
    minutes: f64,
    /// Connections of the load
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// The picture
    #[arg(long, default_value = "docs/soak.svg")]
    svg: PathBuf,
    /// The released mock; set by the chore itself, which builds and calls itself in release
    #[arg(long, hide = true)]
    mock: Option<PathBuf>,
}

/// One of these is measured at a time.
const SLICE: Duration = Duration::from_secs(5);

const FAULTS: [&str; 3] = [
    "status=429,probability=0.02",
    "status=503,probability=0.01,when=after,operation=update_user",
    "delay.fixed_ms=5,probability=0.01",
];

/// What one slice came to.
struct Slice {
    /// Since the start, in minutes.
    at: f64,
    /// In MiB.
    resident: f64,
    outcome: Outcome,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let Some(mock) = &options.mock else {
        return bench::again_in_release();
    };
    let mut arguments = vec!["--seed", "empty", "--users", "100"];
    for fault in FAULTS {
        arguments.extend(["--fault", fault]);
    }
    let subject = Subject::mock(mock, &arguments)?;
    let started = Instant::now();
    let mut slices = Vec::new();
    println!("minutes | requests/s | refused in 5 s | p50, \u{b5}s | p99, \u{b5}s | resident, MiB");
    while started.elapsed().as_secs_f64() < options.minutes * 60.0 {
        let format = if slices.len() % 2 == 0 {
            Format::Xml
        } else {
            Format::Json
        };
        let load = Load {
            work: Work::Mixed,
            format,
            connections: options.connections,
            time: SLICE,
            refusals: Refusals::Counted,
        };
        let outcome = load::run(subject.address, load)?;
        let slice = Slice {
            at: started.elapsed().as_secs_f64() / 60.0,
            resident: bench::mebibytes(subject.resident()?),
            outcome,
        };
        if slices.len() % 12 == 11 || slices.is_empty() {
            println!(
                "{:.1} | {:.0} | {} | {} | {} | {:.1}",
                slice.at,
                slice.outcome.rate(),
                slice.outcome.refused,
                slice.outcome.quantile(500),
                slice.outcome.quantile(990),
                slice.resident
            );
        }
        slices.push(slice);
    }
    fs::write(&options.svg, picture(&slices))?;
    println!("{}", options.svg.display());
    Ok(())
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 130.0;
const LEFT: f64 = 60.0;

/// Three curves over the minutes, each with the scale of its own.
fn picture(slices: &[Slice]) -> String {
    let minutes = slices.last().map_or(1.0, |slice| slice.at);
    let p50 = |slice: &Slice| f64::from(slice.outcome.quantile(500));
    let p99 = |slice: &Slice| f64::from(slice.outcome.quantile(990));
    let curves: [(&str, Vec<f64>); 3] = [
        (
            "resident memory, MiB",
            slices.iter().map(|slice| slice.resident).collect(),
        ),
        ("median latency, \u{b5}s", slices.iter().map(p50).collect()),
        ("99th percentile, \u{b5}s", slices.iter().map(p99).collect()),
    ];
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        WIDTH + LEFT + 20.0,
        (HEIGHT + 50.0) * 3.0 + 10.0
    );
    let mut top = 30.0;
    for (title, values) in curves {
        let most = values.iter().copied().fold(1.0, f64::max) * 1.1;
        let mut points = String::new();
        for (slice, value) in slices.iter().zip(&values) {
            let x = LEFT + WIDTH * slice.at / minutes;
            let y = top + HEIGHT * (1.0 - value / most);
            let _ = write!(points, "{x:.1},{y:.1} ");
        }
        let bottom = top + HEIGHT;
        let _ = write!(
            svg,
            "<text x=\"{LEFT}\" y=\"{:.0}\">{title}</text>\n\
             <path d=\"M{LEFT} {top}V{bottom}H{}\" fill=\"none\" stroke=\"#888\"/>\n\
             <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{most:.0}</text>\n\
             <text x=\"{:.0}\" y=\"{bottom}\" text-anchor=\"end\">0</text>\n\
             <text x=\"{}\" y=\"{:.0}\" text-anchor=\"end\">{minutes:.0} minutes</text>\n\
             <polyline points=\"{}\" fill=\"none\" stroke=\"#0057b8\" stroke-width=\"1.5\"/>\n",
            top - 8.0,
            LEFT + WIDTH,
            LEFT - 6.0,
            top + 10.0,
            LEFT - 6.0,
            LEFT + WIDTH,
            bottom + 16.0,
            points.trim_end()
        );
        top += HEIGHT + 50.0;
    }
    svg + "</svg>\n"
}
