//! The machine, the day, and whether something else ran during a measurement.

use std::{fs, time::SystemTime};

use anyhow::{Context as _, Result};

/// Ticks of `/proc` in a second, on each kernel that Rust runs on.
const TICKS: f64 = 100.0;

/// More than this share of all cores in other processes makes figures doubtful.
const BUSY: f64 = 0.03;

/// The processor time that a process has had so far, in seconds.
pub(super) fn processor_time(process: u32) -> Result<f64> {
    let [user, system, ..] = times(&process.to_string())?;
    Ok((user + system) / TICKS)
}

/// Ticks of a process and of its children that ended: user, system, user, system.
fn times(process: &str) -> Result<[f64; 4]> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is a name, which may contain anything.
    let (_, fields) = stat.rsplit_once(')').context("a line of /proc")?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let field =
        |index: usize| -> Result<f64> { Ok(fields.get(index).context("a field")?.parse()?) };
    Ok([field(11)?, field(12)?, field(13)?, field(14)?])
}

/// The machine at the start of a measurement.
pub(super) struct Machine {
    started: Ticks,
}

struct Ticks {
    /// Of all processes, with what a host took.
    busy: f64,
    all: f64,
    /// Of this process and its children that ended.
    own: f64,
}

impl Ticks {
    fn now() -> Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().context("a line of /proc/stat")?;
        let fields = line.split_ascii_whitespace().skip(1).take(8);
        let fields: Vec<f64> = fields.map(str::parse).collect::<Result<_, _>>()?;
        let [_, _, _, idle, wait, ..] = *fields else {
            anyhow::bail!("/proc/stat has another form");
        };
        let all: f64 = fields.iter().sum();
        Ok(Self {
            busy: all - idle - wait,
            all,
            own: times("self")?.iter().sum(),
        })
    }
}

impl Machine {
    pub(super) fn observe() -> Result<Self> {
        let started = Ticks::now()?;
        Ok(Self { started })
    }

    /// The day, the machine, and a warning if it was busy. All servers must have ended.
    pub(super) fn describe(&self) -> Result<String> {
        let now = Ticks::now()?;
        let others = (now.busy - self.started.busy) - (now.own - self.started.own);
        let share = others / (now.all - self.started.all);
        let day = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let processors = fs::read_to_string("/proc/cpuinfo")?;
        let names = processors
            .lines()
            .filter(|line| line.starts_with("model name"));
        let name = names
            .clone()
            .next()
            .and_then(|line| line.split(": ").nth(1));
        let warning = if share > BUSY {
            format!(
                " **The machine was busy:** other processes used {:.0} % of it.",
                share * 100.0
            )
        } else {
            String::new()
        };
        Ok(format!(
            "{}, {} cores of {}.{warning}",
            day.get(..10).unwrap_or_default(),
            names.count(),
            name.unwrap_or("an unknown processor")
        ))
    }
}
