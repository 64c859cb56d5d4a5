//! `probe`: learns how a target behaves, and writes that as a profile.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use bandwidth_fixtures::BehaviourId;
use serde::{Deserialize, Serialize};

use super::{
    aim::{Aim, PLANNED, Place, without_har},
    clean::{remove_all, run_of_ledger},
    run::{begin, code_or, print_leftovers, print_prepared},
    runtime::block_on,
    signals::{Signals, run_until_signal},
};
use crate::{
    account::{file::LedgerFile, ledger::Ledger},
    cli::ProbeArgs,
    decode::users::listed,
    dialogue::{
        Context,
        run::{Run, Setup},
    },
    error::{self, ConformanceError},
    files::{self, Readers},
    leftover::are_excused,
    limits::{LimitArgs, Limits, Writes},
    probe::{
        Choice, Finding, Findings, Observation, Probe,
        learned::{BRIEF, Origin, fitting, to_toml},
    },
    redact::printable,
    surroundings::Surroundings,
    transcript::Transcript,
};

/// State that an interrupted probe leaves for `--resume`.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Partial {
    format: u32,
    target: String,
    account_id: String,
    findings: Findings,
    exchanges: Vec<Transcript>,
}

const FORMAT: u32 = 1;

/// The files of a probe, beside the profile that it writes.
struct Files {
    out: PathBuf,
    exchanges: PathBuf,
    partial: PathBuf,
    ledger: PathBuf,
}

impl Files {
    fn beside(out: &Path) -> Self {
        let with = |ending: &str| {
            let mut name = out.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        Self {
            out: out.to_owned(),
            exchanges: with(".exchanges.json"),
            partial: with(".partial"),
            ledger: with(".ledger"),
        }
    }

    /// A profile that cannot be written is reported before anything is sent, not at the end.
    fn check(&self) -> Result<(), ConformanceError> {
        let folder = self.out.parent().filter(|parent| *parent != Path::new(""));
        let what = if self.out.is_dir() {
            "is a folder; name a file in it"
        } else if !folder.unwrap_or(Path::new(".")).is_dir() {
            "the folder does not exist; create it first"
        } else {
            return Ok(());
        };
        let out = self.out.display();
        Err(ConformanceError::Usage(format!("--out {out}: {what}")))
    }
}

/// Probes the target.
pub fn probe(
    arguments: &ProbeArgs,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let choice = choice(arguments)?;
    let aim = Aim::read(&arguments.aim, arguments.read_only, surroundings)?;
    if arguments.plan {
        without_har(&arguments.aim, PLANNED)?;
        return plan(&choice, &aim, surroundings);
    }
    let files = Files::beside(&arguments.out);
    files.check()?;
    let run = Arc::new(Run::new(aim.setup)?);
    let mut session = Session {
        files,
        place: aim.place,
        run: Arc::clone(&run),
        earlier: Partial::default(),
        printed: Findings::new(),
    };
    // What could not be written at the end is reported before anything is sent.
    session.profile_of(&Findings::new())?;
    print_prepared(&run, surroundings.err);
    session.earlier = session.find_earlier(arguments.resume, surroundings.out)?;
    let known = session.earlier.findings.clone();
    let mut probe = Probe::new(Arc::clone(&run)).after(session.earlier.exchanges.len());
    let learned = block_on(async {
        let Session { files, place, .. } = &session;
        begin(&run, place, Some(&files.ledger)).await?;
        let out = &mut surroundings.out;
        writeln!(
            out,
            "probing {}, account {}, from profile {}{}\n",
            place.description,
            run.credentials().account_id,
            run.expected.name(),
            place.note
        )?;
        let mut report = |_: &str, probe: &Probe| session.keep(probe, *out);
        let work = probe.learn(&choice, known, &mut report);
        run_until_signal(&run, &Signals::listen(), surroundings.err, work).await
    })??;
    let mut result = learned.map_err(ConformanceError::from);
    if probe.leftovers().is_empty() {
        result = result.and(run.account.discard_ledger().map_err(ConformanceError::from));
    }
    let result = result.and_then(|()| session.conclude(&probe, surroundings.out));
    print_leftovers(probe.leftovers(), &run, surroundings.err);
    let code = if !are_excused(probe.leftovers(), run.limits().allow_leftovers) {
        error::LEFT_BEHIND
    } else if run.dispatch().ended().is_some() {
        error::INCONCLUSIVE
    } else {
        error::PASSED
    };
    match result {
        Ok(()) => Ok(code),
        Err(error) => code_or(code, error, surroundings.err),
    }
}

/// A probe of a target, with what it prints and writes.
struct Session {
    files: Files,
    place: Place,
    run: Arc<Run>,
    /// State of an interrupted probe.
    earlier: Partial,
    /// The findings that were printed.
    printed: Findings,
}

impl Session {
    /// Reads the state of an interrupted probe, and removes its users.
    fn find_earlier(&self, resume: bool, out: &mut dyn Write) -> Result<Partial, ConformanceError> {
        let files = &self.files;
        if !resume {
            let out = files.out.display();
            if files.partial.exists() {
                return Err(ConformanceError::Usage(format!(
                    "--out {out}: an earlier probe was interrupted; --resume continues it, and another --out starts a new one"
                )));
            }
            if files.ledger.exists() {
                let ledger = files.ledger.display();
                return Err(ConformanceError::Usage(format!(
                    "--out {out}: an earlier probe left users behind; `bandwidth-conformance cleanup --ledger {ledger}` removes them, and another --out starts a new probe"
                )));
            }
            return Ok(Partial::default());
        }
        if !files.partial.exists() && !files.ledger.exists() {
            return Err(ConformanceError::Usage(format!(
                "--resume: --out {} has no interrupted probe; leave out --resume to start one",
                files.out.display()
            )));
        }
        // Nothing is touched before it is known to be of this target.
        let partial = self.partial()?.unwrap_or_default();
        if files.ledger.exists() {
            self.remove_earlier(out)?;
        }
        Ok(partial)
    }

    /// Reads the state that an interrupted probe of this target kept, if there is one.
    fn partial(&self) -> Result<Option<Partial>, ConformanceError> {
        let Self { files, place, .. } = self;
        if !files.partial.exists() {
            return Ok(None);
        }
        let name = files.partial.display();
        let text = fs::read_to_string(&files.partial)?;
        let partial: Partial = serde_json::from_str(&text)
            .ok()
            .filter(|partial: &Partial| partial.format == FORMAT)
            .ok_or_else(|| {
                ConformanceError::Usage(format!(
                    "--resume: {name} is from another version; delete it to start again"
                ))
            })?;
        let account = self.run.credentials().account_id.as_str();
        if (partial.target.as_str(), partial.account_id.as_str()) != (&place.description, account) {
            return Err(ConformanceError::Usage(format!(
                "--resume: {name} is of {}, account {}; name that target and use its login, or start again with another --out",
                partial.target, partial.account_id
            )));
        }
        Ok(Some(partial))
    }

    /// Removes the users of an interrupted probe of this target, and then its ledger.
    fn remove_earlier(&self, out: &mut dyn Write) -> Result<(), ConformanceError> {
        let Self {
            files, place, run, ..
        } = self;
        let name = files.ledger.display();
        let (header, events) = LedgerFile::read(&files.ledger)?;
        if header.target != place.description {
            return Err(ConformanceError::Usage(format!(
                "--resume: {name} has users of {}; name that target, or remove them with `bandwidth-conformance cleanup --ledger {name}` and start again; nothing was sent",
                header.target
            )));
        }
        if let (Writes::Refused(_), false) =
            (&run.limits().writes, Ledger::replay(events).pending() == 0)
        {
            return Err(ConformanceError::Refused(format!(
                "--resume: {name} has users of the interrupted probe, which it may not remove without writes; pass the write flags of that probe, or remove them with `bandwidth-conformance cleanup --ledger {name}`; nothing was sent"
            )));
        }
        let endpoint = run.dispatch().endpoint.clone();
        let account = &run.credentials().account_id;
        let limits = Limits::of(&LimitArgs::default(), &endpoint.target, account)?;
        let old = run_of_ledger(&files.ledger, run.credentials(), endpoint, limits)?;
        let left = remove_all(&old, out)?;
        if !left.is_empty() {
            return Err(ConformanceError::Unreachable(format!(
                "--resume: {} users of the earlier probe could not be removed; `bandwidth-conformance cleanup --ledger {name}` names them",
                left.len()
            )));
        }
        fs::remove_file(&files.ledger)?;
        Ok(())
    }

    /// The text of the profile.
    fn profile_of(&self, findings: &Findings) -> Result<String, ConformanceError> {
        let date = bandwidth_fixtures::known::today();
        let exchanges = self.files.exchanges.file_name().unwrap_or_default();
        let exchanges = exchanges.to_string_lossy();
        let origin = Origin {
            host: &self.place.name,
            date: &date,
            exchanges: &exchanges,
        };
        Ok(to_toml(findings, &self.run.expected, origin)?)
    }

    /// Writes the findings and prints a summary, unless the user stopped the probe.
    fn conclude(&mut self, probe: &Probe, out: &mut dyn Write) -> Result<(), ConformanceError> {
        let run = Arc::clone(&self.run);
        if run.dispatch().is_interrupted() {
            writeln!(
                out,
                "\ninterrupted; the same command with --resume continues"
            )?;
            return Ok(());
        }
        let findings = fitting(probe.findings(), &run.expected);
        print_new(&findings, &mut self.printed, out)?;
        self.finish(&findings, probe)?;
        writeln!(
            out,
            "\n{} of {} behaviours observed with {} requests\nto serve it: bandwidth-mock --profile {}",
            closed(&findings).len(),
            findings.len(),
            run.dispatch().requests(),
            self.files.out.display()
        )?;
        let unmodelled = probe.unmodelled();
        if !unmodelled.is_empty() {
            let names = run.redactor().clean(&unmodelled.join(", "));
            writeln!(
                out,
                "not compared, because the mock has no such field: {}",
                printable(&names)
            )?;
        }
        let surprises = probe.surprises();
        if !surprises.is_empty() {
            let file = self.files.exchanges.display();
            let numbers = surprises.iter().map(usize::to_string);
            let numbers = numbers.collect::<Vec<_>>().join(", ");
            writeln!(
                out,
                "no profile of the mock explains the whole response of these exchanges of {file}: {numbers}"
            )?;
        }
        if let Some(ended) = run.dispatch().ended() {
            writeln!(out, "ended early: {ended}; --resume continues from there")?;
        }
        Ok(())
    }

    /// Prints what is new, and keeps it for another probe to continue with.
    fn keep(&mut self, probe: &Probe, out: &mut dyn Write) -> io::Result<()> {
        print_new(probe.findings(), &mut self.printed, out)?;
        // What an earlier part found is not found again, and comes to this one's findings only when
        // it is its turn.
        let mut findings = self.earlier.findings.clone();
        findings.extend(closed(probe.findings()));
        let partial = Partial {
            format: FORMAT,
            target: self.place.description.clone(),
            account_id: self.run.credentials().account_id.clone(),
            findings,
            exchanges: self.exchanges(probe),
        };
        let partial = serde_json::to_string(&partial)?;
        files::write(&self.files.partial, &partial, Readers::Owner)
    }

    /// Those of an earlier part, and those of this one.
    fn exchanges(&self, probe: &Probe) -> Vec<Transcript> {
        let now = probe.exchanges().iter();
        let now = now.map(|one| Transcript::of(one, self.run.redactor()));
        self.earlier.exchanges.iter().cloned().chain(now).collect()
    }

    /// Writes the profile and its exchanges; nothing else stays.
    fn finish(&self, findings: &Findings, probe: &Probe) -> Result<(), ConformanceError> {
        let files = &self.files;
        let exchanges = serde_json::to_string_pretty(&self.exchanges(probe));
        let exchanges = exchanges.map_err(io::Error::from)? + "\n";
        files::write(&files.exchanges, &exchanges, Readers::Owner)?;
        let profile = self.profile_of(findings)?;
        files::write(&files.out, &profile, Readers::Usual)?;
        if self.run.dispatch().ended().is_none() {
            fs::remove_file(&files.partial)?;
        }
        Ok(())
    }
}

/// Prints each finding that was not printed before. A reason that several share is printed once.
fn print_new(findings: &Findings, printed: &mut Findings, out: &mut dyn Write) -> io::Result<()> {
    let mut open: Vec<(&str, Vec<&str>)> = Vec::new();
    let earlier = printed.clone();
    for (id, finding) in findings {
        let before = printed.insert(id.clone(), finding.clone());
        match finding {
            // Evidence that is found again is not printed again.
            Finding::Observed(seen) => {
                let now = line(id, seen);
                if !matches!(before, Some(Finding::Observed(seen)) if line(id, &seen) == now) {
                    writeln!(out, "{}", printable(&now))?;
                }
            }
            Finding::Open(_) if before.as_ref() == Some(finding) => {}
            Finding::Open(why) => match open.iter_mut().find(|(known, _)| known == why) {
                Some((_, ids)) => ids.push(id),
                None => open.push((why, vec![id])),
            },
        }
    }
    for (why, ids) in open {
        let same = |finding: &Finding| matches!(finding, Finding::Open(known) if known == why);
        let first = earlier.iter().find(|(_, finding)| same(finding));
        let why = match first {
            Some((first, _)) if why.len() > BRIEF => format!("for the same reason as {first}"),
            _ => why.to_owned(),
        };
        let line = format!("open      {}: {why}", ids.join(", "));
        writeln!(out, "{}", printable(&line))?;
    }
    Ok(())
}

/// Selects behaviours, and checks that they exist.
fn choice(arguments: &ProbeArgs) -> Result<Choice, ConformanceError> {
    for (flag, names) in [("--only", &arguments.only), ("--skip", &arguments.skip)] {
        for name in names {
            if !BehaviourId::all().any(|id| id.area() == name.as_str()) {
                BehaviourId::find(flag, name)?;
            }
        }
    }
    Ok(Choice {
        only: arguments.only.clone(),
        skip: arguments.skip.clone(),
        rate_probe: arguments.rate_probe,
    })
}

/// Findings that need not be repeated.
fn closed(findings: &Findings) -> Findings {
    let mut observed = findings.clone();
    observed.retain(|_, finding| matches!(finding, Finding::Observed(_)));
    observed
}

fn line(id: &str, seen: &Observation) -> String {
    let option = format!("observed  {id} = {}", seen.option);
    if seen.alternatives.is_empty() {
        return option;
    }
    format!("{option} (not ruled out: {})", seen.alternatives.join(", "))
}

/// Rehearses a probe against a mock inside this process, and prints its cost.
fn plan(
    choice: &Choice,
    aim: &Aim,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let mut stage = Aim::embedded(aim.setup.expected.clone(), None)?;
    let limits = &aim.setup.limits;
    let prepared_user = match limits.prepared_user {
        Some(_) => Some(block_on(some_user(&stage.setup))??),
        None => None,
    };
    stage.setup.limits = Limits {
        writes: limits.writes.clone(),
        roles: limits.roles.rehearsed(),
        foreign_accounts: limits.foreign_accounts,
        failed_logins: limits.failed_logins,
        one_user_first: limits.one_user_first,
        allow_leftovers: limits.allow_leftovers,
        prepared_user,
        // The mock inside does not lag.
        settle: Limits::impatient().settle,
        ..Limits::none()
    };
    let run = Arc::new(Run::new(stage.setup)?);
    let mut probe = Probe::new(Arc::clone(&run));
    let mut quiet = |_: &str, _: &Probe| Ok(());
    block_on(probe.learn(choice, Findings::new(), &mut quiet))??;
    let removal = if limits.prepared_user.is_some() {
        "\nremoval     no user is created; the prepared one is updated, put back and never deleted"
    } else if limits.one_user_first && !limits.allow_leftovers && limits.may_write() {
        "\nremoval     the first user is deleted before a second one is created; if it stays, no other is created without --allow-leftovers"
    } else {
        ""
    };
    let observed = closed(probe.findings()).len();
    let requests = run.dispatch().requests() + 1;
    let count = u32::try_from(requests).unwrap_or(u32::MAX);
    writeln!(
        surroundings.out,
        "against {}, account {}, from profile {}\nbehaviours  about {observed} of {} would be observed\nrequests    about {requests}\nusers       about {} created; each is deleted again, if the target deletes{removal}\nseconds     about {}, and the target's own time\nCounted in a rehearsal against a mock inside this process that behaves as {}; another target may take up to twice as many. Nothing was sent to it.",
        aim.place.description,
        aim.setup.credentials.account_id,
        aim.setup.expected.name(),
        probe.findings().len(),
        run.account.users(),
        limits.interval.saturating_mul(count).as_secs(),
        aim.setup.expected.name(),
    )?;
    Ok(error::PASSED)
}

/// The key of a user of the rehearsal's mock, instead of the prepared one.
async fn some_user(stage: &Setup) -> Result<String, ConformanceError> {
    let setup = Setup {
        endpoint: stage.endpoint.clone(),
        credentials: stage.credentials.clone(),
        expected: stage.expected.clone(),
        emulators: None,
        limits: stage.limits.clone(),
    };
    let mut cx = Context::new(Arc::new(Run::new(setup)?));
    let reply = cx.list(cx.default_format()).await;
    let users = reply.ok().and_then(|reply| listed(&reply.response));
    let user = users.and_then(|users| users.into_iter().next());
    user.map(|user| user.key().to_owned()).ok_or_else(|| {
        ConformanceError::Unreachable("the rehearsal's mock has no user to prepare".to_owned())
    })
}
