//! `cargo xtask docs`: the commands of the Markdown files work, and their links lead somewhere, in
//! the repository and in the site.
//!
//! Each fenced `sh` block is run in order, with `bash -euo pipefail`, from the root of a copy of
//! the workspace that is as a fresh clone for every file. An HTML comment on a line of its own
//! steers it:
//! - `<!-- server -->` before a block: run it in the background, and continue when it is ready
//! - `<!-- stop -->`: stop the servers started until now
//! - `<!-- not run: REASON -->` before a block: do not run it, and say why

mod blocks;
mod copy;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{pages, pages::links, process, process::Group, site, workspace};
use blocks::{Block, How, Step};
use copy::Copy;

/// The address that a page's server listens on.
const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const READY: &str = "/__admin/ready";

/// Time limit of a block. A block that starts a server may have to build it first.
const BLOCK_LIMIT: Duration = Duration::from_mins(15);

/// Pages and blocks to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Skip blocks that contain this text (repeatable)
    #[arg(long, value_name = "TEXT")]
    skip_containing: Vec<String>,
    /// Run the blocks of this file only (repeatable); links are checked in all
    #[arg(long, value_name = "FILE")]
    file: Vec<String>,
}

/// Checks the links and runs the blocks. The error has the line, the exit status and the output of
/// the block that failed.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace::root();
    let files = workspace::files(&root)?;
    let pages = pages::read(&root, &files)?;
    for file in &options.file {
        ensure!(
            pages.contains_key(file),
            "--file {file}: the project has no such Markdown file; one of {}",
            pages.keys().cloned().collect::<Vec<_>>().join(", ")
        );
    }
    let problems = links::problems(&pages, &files);
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    println!("docs: the links of {} files lead somewhere", pages.len());
    if options.file.is_empty() {
        site::build()?;
    }

    // All are read before the first is run: a wrong comment fails at once.
    let mut chosen = Vec::new();
    for (path, text) in &pages {
        if options.file.is_empty() || options.file.contains(path) {
            let steps = blocks::steps(text).with_context(|| path.clone())?;
            chosen.push((path, steps));
        }
    }
    let copy = Copy::of(&root)?;
    let (mut ran, mut skipped) = (0, 0);
    for (path, steps) in &chosen {
        let page = run_page(&copy, path, steps, options)?;
        ran += page.ran;
        skipped += page.skipped;
    }
    // Leaves nothing behind.
    copy.refresh()?;
    ensure!(ran > 0, "no block was run");
    println!("docs: {ran} blocks work, {skipped} skipped");
    Ok(())
}

/// Runs the blocks of one page in a fresh copy.
fn run_page(copy: &Copy, name: &str, steps: &[Step], options: &Options) -> Result<Counts> {
    if steps.is_empty() {
        return Ok(Counts::default());
    }
    copy.refresh()?;
    let state = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut run = Run {
        name,
        root: copy.root(),
        state: state.path(),
        server: SERVER,
        limit: BLOCK_LIMIT,
        servers: Vec::new(),
        counts: Counts::default(),
    };
    for step in steps {
        run.step(step, &options.skip_containing)?;
    }
    run.stop_servers()?;
    Ok(run.counts)
}

#[derive(Debug, Default)]
struct Counts {
    ran: usize,
    skipped: usize,
}

struct Run<'r> {
    name: &'r str,
    /// The working directory of the blocks.
    root: &'r Path,
    /// Temporary files of the blocks, and what they print.
    state: &'r Path,
    server: SocketAddr,
    limit: Duration,
    servers: Vec<Running<'r>>,
    counts: Counts,
}

struct Running<'r> {
    block: &'r Block,
    group: Group,
    output: PathBuf,
}

impl<'r> Run<'r> {
    fn step(&mut self, step: &'r Step, skip_containing: &[String]) -> Result<()> {
        let block = match step {
            Step::Stop => return self.stop_servers(),
            Step::Block(block) => block,
        };
        let skipped = match &block.how {
            How::NotRun(reason) => Some(reason.clone()),
            _ => skip_containing
                .iter()
                .find(|text| block.script.contains(text.as_str()))
                .map(|text| format!("contains `{text}`")),
        };
        let place = format!("{}:{}", self.name, block.line);
        let first = block.script.lines().next().unwrap_or_default();
        if let Some(reason) = skipped {
            println!("{place}: skipped ({reason}): {first}");
            self.counts.skipped += 1;
            return Ok(());
        }
        let started = Instant::now();
        if block.how == How::Server {
            self.start_server(block)?;
        } else {
            self.run_block(block)?;
        }
        let seconds = started.elapsed().as_secs_f64();
        println!("{place}: works ({seconds:.1} s): {first}");
        self.counts.ran += 1;
        Ok(())
    }

    fn run_block(&self, block: &'r Block) -> Result<()> {
        let mut running = self.start(block)?;
        let status = running.group.wait(self.limit)?;
        running.group.stop();
        match status {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!(self.failure(&running, &status.to_string())),
            None => bail!(self.failure(&running, "did not end in time")),
        }
    }

    fn start_server(&mut self, block: &'r Block) -> Result<()> {
        let (name, line, server) = (self.name, block.line, self.server);
        ensure!(
            !process::listens(server),
            "{name}:{line}: something listens on {server} already; stop it, or write \
             `<!-- stop -->` before this block"
        );
        let mut running = self.start(block)?;
        let end = Instant::now() + self.limit;
        while !process::answers_ok(server, READY) {
            if let Some(status) = running.group.ended()? {
                bail!(self.failure(&running, &format!("ended before it was ready: {status}")));
            }
            if Instant::now() >= end {
                running.group.stop();
                bail!(self.failure(&running, &format!("http://{server}{READY} did not answer")));
            }
            sleep(Duration::from_millis(50));
        }
        self.servers.push(running);
        Ok(())
    }

    /// Stops the servers; one that ended by itself is an error.
    fn stop_servers(&mut self) -> Result<()> {
        for mut running in std::mem::take(&mut self.servers) {
            if let Some(status) = running.group.ended()? {
                bail!(self.failure(&running, &format!("ended before it was stopped: {status}")));
            }
            running.group.stop();
        }
        Ok(())
    }

    fn start(&self, block: &'r Block) -> Result<Running<'r>> {
        let path = self.state.join(format!("line-{}.out", block.line));
        let output = fs::File::create(&path)?;
        let mut command = Command::new("bash");
        workspace::without_mock_variables(&mut command);
        workspace::without_package_variables(&mut command)
            .args(["-euo", "pipefail", "-c", &block.script])
            .current_dir(self.root)
            .env("TMPDIR", self.state)
            // The pages say `target/debug`, and mean a mock without variables.
            .env_remove("CARGO_TARGET_DIR")
            .stdout(output.try_clone()?)
            .stderr(output);
        Ok(Running {
            block,
            group: Group::start(&mut command)?,
            output: path,
        })
    }

    fn failure(&self, running: &Running<'_>, ending: &str) -> String {
        let Block { line, script, .. } = running.block;
        let output = fs::read(&running.output).unwrap_or_default();
        format!(
            "{}:{line}: {ending}\n--- block\n{script}\n--- output\n{}---",
            self.name,
            String::from_utf8_lossy(&output)
        )
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, time::Duration};

    use super::{Counts, Run, blocks};
    use crate::workspace;

    /// Runs a page; returns its result, and how many blocks ran and were skipped.
    fn run(text: &str, skip: &[String]) -> (Result<(), String>, usize, usize) {
        let steps = blocks::steps(text).unwrap();
        let state = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let root = workspace::root();
        let mut run = Run {
            name: "R.md",
            root: &root,
            state: state.path(),
            server: free,
            limit: Duration::from_secs(20),
            servers: Vec::new(),
            counts: Counts::default(),
        };
        let result = steps
            .iter()
            .try_for_each(|step| run.step(step, skip))
            .and_then(|()| run.stop_servers())
            .map_err(|error| error.to_string());
        (result, run.counts.ran, run.counts.skipped)
    }

    #[test]
    fn blocks_run_in_order_and_share_temporary_files() {
        let text = "```sh\necho one > \"$TMPDIR/a\"\n```\n```sh\ngrep one \"$TMPDIR/a\"\ntest -f Cargo.toml\n```\n";
        assert_eq!(run(text, &[]), (Ok(()), 2, 0));
    }

    #[test]
    fn a_failure_has_line_status_and_output() {
        let text = "text\n\n```sh\necho shown\nfalse | true\necho not shown\n```\n";
        let error = run(text, &[]).0.unwrap_err();
        assert!(error.starts_with("R.md:3: exit status: 1\n"), "{error}");
        assert!(error.contains("--- output\nshown\n---"), "{error}");
        let error = run("```sh\necho \"$nowhere\"\n```\n", &[]).0.unwrap_err();
        assert!(error.contains("unbound"), "{error}");
    }

    #[test]
    fn what_is_not_run() {
        let text = "<!-- not run: needs an account -->\n```sh\nfalse\n```\n```sh\ncargo test # false\nfalse\n```\n";
        assert_eq!(run(text, &["cargo test".to_owned()]), (Ok(()), 0, 2));
    }

    #[test]
    fn a_server_that_ends_early_is_a_failure() {
        let text = "<!-- server -->\n```sh\necho cannot >&2; exit 2\n```\n";
        let error = run(text, &[]).0.unwrap_err();
        assert!(
            error.contains("R.md:2: ended before it was ready: exit status: 2"),
            "{error}"
        );
        assert!(error.contains("cannot"), "{error}");
    }
}
