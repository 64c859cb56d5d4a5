//! `cargo xtask fuzz`: bytes that look for a way through the parsers, kept when they reach code
//! that none before them reached.
//!
//! The targets are in mock-server/fuzz, laid out for cargo-fuzz. This builds them with what the
//! stable toolchain has: libFuzzer and its counters, without the address sanitizer, which has
//! nothing to find where unsafe code is forbidden.

use std::{path::PathBuf, process::Command, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{process::Group, workspace};

/// Duration and targets
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run each target for this number of seconds
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Number of targets that run in parallel
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Add input that reached new code to the committed corpus, and minimize the corpus
    #[arg(long)]
    keep: bool,
    /// Run only these targets
    targets: Vec<String>,
}

/// Time limit of a target beyond its duration, to read its corpus.
const TO_END: Duration = Duration::from_mins(2);

/// The flags that cargo-fuzz passes without a sanitizer.
const FLAGS: &str = "-Cpasses=sancov-module \
                     -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                     -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares \
                     -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
                     -Ccodegen-units=1 --cfg fuzzing";

/// Builds and runs them.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = workspace::root().join("mock-server/fuzz");
    let known = targets(&folder)?;
    for target in &options.targets {
        ensure!(
            known.contains(target),
            "there is no target `{target}`; there are {}",
            known.join(", ")
        );
    }
    let chosen: Vec<&String> = known
        .iter()
        .filter(|name| options.targets.is_empty() || options.targets.contains(name))
        .collect();
    let programs = build(&folder)?;
    let scratch = tempfile::tempdir()?;
    for some in chosen.chunks(options.jobs.max(1)) {
        let mut running = Vec::new();
        for target in some {
            let found = scratch.path().join(target);
            std::fs::create_dir_all(&found)?;
            let corpus = folder.join("corpus").join(target);
            let log = scratch.path().join(format!("{target}.log"));
            let mut fuzzer = Command::new(programs.join(target));
            fuzzer
                .arg(format!("-max_total_time={}", options.seconds))
                .args(["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"])
                .arg(format!("-artifact_prefix={}/", scratch.path().display()))
                .arg(&found)
                .arg(&corpus)
                .stderr(std::fs::File::create(&log)?);
            running.push((target, found, corpus, log, Group::start(&mut fuzzer)?));
        }
        let limit = Duration::from_secs(u64::from(options.seconds)) + TO_END;
        for (target, found, corpus, log, mut group) in running {
            let status = group.wait(limit)?;
            let status = status.with_context(|| format!("{target} does not end"))?;
            let log = std::fs::read_to_string(log)?;
            if !status.success() {
                // The temporary folder stays, so that what broke it can be looked at.
                let kept = scratch.keep();
                bail!(
                    "{target} found something; the input is in {}, the log in {target}.log \
                     there:\n{}",
                    kept.display(),
                    finding(&log)
                );
            }
            println!("{target}: clean, {}", summary(&log));
            if options.keep {
                merge(&programs.join(target), &corpus, &found)?;
            }
        }
    }
    Ok(())
}

/// The names of the targets, which are those of the files.
fn targets(folder: &std::path::Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for file in std::fs::read_dir(folder.join("targets"))? {
        if let Some(name) = file?.path().file_stem() {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Builds all targets; the folder of the programs.
fn build(folder: &std::path::Path) -> Result<PathBuf> {
    // With a target named, the flags reach the programs and not the build scripts.
    let host = workspace::rustc(&["--print", "host-tuple"])?;
    let output = folder.join("target");
    // The versions are those of the product; what only the targets need is pinned by them.
    std::fs::copy(
        workspace::root().join("Cargo.lock"),
        folder.join("Cargo.lock"),
    )?;
    let status = workspace::cargo()
        .args(["build", "--release", "--target", &host])
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&output)
        .env("RUSTFLAGS", FLAGS)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()?;
    ensure!(
        status.success(),
        "the targets cannot be built, as cargo says above; they need a C++ compiler besides Rust"
    );
    Ok(output.join(host).join("release"))
}

/// The target's message, and the input as libFuzzer prints it if it is short. The backtrace is left
/// out: it is nearly the same each time.
fn finding(log: &str) -> String {
    let said = log
        .lines()
        .skip_while(|line| !line.contains("panicked at") && !line.starts_with("=="))
        .filter(|line| !line.starts_with("stat::") && !line.starts_with("NOTE:"));
    let mut lines = Vec::new();
    let mut in_backtrace = false;
    for line in said {
        in_backtrace |= line == "stack backtrace:";
        in_backtrace &= !line.starts_with("==");
        if !in_backtrace {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// Counts the inputs that were tried, and the places of the code that they reached.
fn summary(log: &str) -> String {
    let tried = log
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))
        .map_or("?", str::trim);
    let reached = log
        .lines()
        .filter_map(|line| line.split_once(" cov: ")?.1.split_whitespace().next())
        .next_back()
        .unwrap_or("?");
    format!("{tried} inputs, {reached} places reached")
}

/// Replaces the corpus by a small one that reaches all the places that it and the new inputs
/// reach. How often each is reached does not count: that would keep ten times as many.
fn merge(
    program: &std::path::Path,
    corpus: &std::path::Path,
    found: &std::path::Path,
) -> Result<()> {
    let merged = tempfile::tempdir_in(found)?;
    let status = Command::new(program)
        .args(["-set_cover_merge=1", "-use_counters=0", "-max_len=4096"])
        .args([merged.path(), corpus, found])
        .stderr(std::process::Stdio::null())
        .status()?;
    ensure!(status.success(), "the corpus cannot be merged");
    for file in std::fs::read_dir(corpus)? {
        std::fs::remove_file(file?.path())?;
    }
    for file in std::fs::read_dir(merged.path())? {
        let file = file?;
        std::fs::copy(file.path(), corpus.join(file.file_name()))?;
    }
    Ok(())
}
