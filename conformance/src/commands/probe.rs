//! `probe`: learns how a target behaves, and writes that as a profile.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use bandwidth_fixtures::BehaviourId;
use serde::{Deserialize, Serialize};

use super::{
    aim::{Aim, Place},
    block_on,
    clean::{remove_all, run_of_ledger},
    run::{begin, code_or, tell_of_leftovers},
    signals::{Signals, heed},
};
use crate::{
    Surroundings,
    cli::ProbeArgs,
    exchange::Exchange,
    exit::{self, ConformanceError},
    ledger::{Ledger, file::LedgerFile},
    outcome::today,
    probe::{
        Choice, Finding, Findings, Probe,
        learned::{Origin, fitting, to_toml},
    },
    redact::{Redactor, printable},
    report::{
        document::{ExchangeResult, exchange_result},
        write_whole,
    },
    run::Run,
    safety::{Limits, Writes},
};

/// What an interrupted probe leaves for another one to go on with.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Partial {
    format: u32,
    target: String,
    account_id: String,
    findings: Findings,
    exchanges: Vec<ExchangeResult>,
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

    /// A profile that cannot be written is told before anything is sent, not at the end.
    fn check(&self) -> Result<(), ConformanceError> {
        let folder = self.out.parent().filter(|parent| *parent != Path::new(""));
        let what = if self.out.is_dir() {
            "that is a folder; name a file in it"
        } else if !folder.unwrap_or(Path::new(".")).is_dir() {
            "there is no such folder; make it first"
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
    let mut choice = choice(arguments)?;
    let aim = Aim::take(&arguments.aim, arguments.read_only, surroundings.variable)?;
    // Users that stay on this machine are those of a mock.
    let away = !aim.setup.endpoint.target.is_loopback();
    choice.must_remove = away && !arguments.allow_leftovers;
    if arguments.plan {
        return plan(&choice, &aim, surroundings);
    }
    let files = Files::beside(&arguments.out);
    files.check()?;
    let place = aim.place;
    let run = Arc::new(Run::new(aim.setup)?);
    // What could not be written at the end is told before anything is sent.
    profile_of(&Findings::new(), &files, &run, &place)?;
    let earlier = earlier(arguments, &files, &place, &run, surroundings)?;
    let mut news = Findings::new();
    let mut probe = Probe::new(Arc::clone(&run)).after(earlier.exchanges.len());
    let learned = block_on(async {
        begin(&run, &place, Some(&files.ledger)).await?;
        let out = &mut surroundings.out;
        writeln!(
            out,
            "probing {}, account {}, from profile {}{}\n",
            place.description,
            run.credentials.account_id,
            run.expected.name(),
            place.note
        )?;
        let mut tell =
            |_: &str, probe: &Probe| keep(probe, &files, &place, &earlier, &mut news, *out);
        let known = earlier.findings.clone();
        let work = probe.learn(&choice, known, &mut tell);
        heed(&run, &Signals::listen(), surroundings.err, work).await
    })??;
    let mut told = learned.map_err(ConformanceError::from);
    if probe.leftovers().is_empty() {
        told = told.and(run.ledger().discard().map_err(ConformanceError::from));
    }
    let told = told.and_then(|()| {
        conclude(
            &files,
            &probe,
            &earlier,
            &run,
            &place,
            &mut news,
            surroundings.out,
        )
    });
    tell_of_leftovers(probe.leftovers(), &run, surroundings.err);
    let code = if !probe.leftovers().is_empty() {
        exit::LEFT_BEHIND
    } else if run.ended().is_some() {
        exit::INCONCLUSIVE
    } else {
        exit::PASSED
    };
    match told {
        Ok(()) => Ok(code),
        Err(error) => code_or(code, error, surroundings.err),
    }
}

/// Writes what was learned, unless somebody asked for an end before that, and says so.
fn conclude(
    files: &Files,
    probe: &Probe,
    earlier: &Partial,
    run: &Run,
    place: &Place,
    told: &mut Findings,
    out: &mut dyn Write,
) -> Result<(), ConformanceError> {
    if run.is_interrupted() {
        writeln!(out, "\ninterrupted; the same command with --resume goes on")?;
        return Ok(());
    }
    let findings = fitting(probe.findings(), &run.expected);
    tell_news(&findings, told, out)?;
    finish(files, &findings, probe, earlier, run, place)?;
    writeln!(
        out,
        "\n{} of {} behaviours observed with {} requests\nthe mock behaves so with: bandwidth-mock --profile {}",
        closed(&findings).len(),
        findings.len(),
        run.requests(),
        files.out.display()
    )?;
    if let Some(ended) = run.ended() {
        writeln!(out, "ended early: {ended}; --resume goes on from there")?;
    }
    Ok(())
}

/// What the probe tells as it goes, and keeps for another one to go on with.
fn keep(
    probe: &Probe,
    files: &Files,
    place: &Place,
    earlier: &Partial,
    told: &mut Findings,
    out: &mut dyn Write,
) -> io::Result<()> {
    tell_news(probe.findings(), told, out)?;
    let run = probe.run();
    // What an earlier part found is not found again, and comes to this one's findings only when
    // it is its turn.
    let mut findings = earlier.findings.clone();
    findings.extend(closed(probe.findings()));
    let partial = Partial {
        format: FORMAT,
        target: place.description.clone(),
        account_id: run.credentials.account_id.clone(),
        findings,
        exchanges: all(&earlier.exchanges, probe.exchanges(), &run.redactor),
    };
    write_private(&files.partial, &serde_json::to_string(&partial)?)
}

/// Tells of each finding that was not told before.
fn tell_news(findings: &Findings, told: &mut Findings, out: &mut dyn Write) -> io::Result<()> {
    for (id, finding) in findings {
        if told.get(id) != Some(finding) {
            writeln!(out, "{}", printable(&line(id, finding)))?;
            told.insert(id.clone(), finding.clone());
        }
    }
    Ok(())
}

/// Which behaviours, after a look at whether they exist.
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
        must_remove: false,
    })
}

/// What an interrupted probe found, and its users removed.
fn earlier(
    arguments: &ProbeArgs,
    files: &Files,
    place: &Place,
    run: &Run,
    surroundings: &mut Surroundings<'_>,
) -> Result<Partial, ConformanceError> {
    let none = Partial {
        format: FORMAT,
        target: String::new(),
        account_id: String::new(),
        findings: Findings::new(),
        exchanges: Vec::new(),
    };
    if !arguments.resume {
        if files.partial.exists() || files.ledger.exists() {
            return Err(ConformanceError::Usage(format!(
                "--out {}: an earlier probe was interrupted; --resume goes on with it, and another --out begins anew",
                files.out.display()
            )));
        }
        return Ok(none);
    }
    // Nothing is touched before it is known to be of this target.
    let partial = partial(files, place, run)?.unwrap_or(none);
    if files.ledger.exists() {
        remove_earlier(files, place, run, surroundings.out)?;
    }
    Ok(partial)
}

/// What an interrupted probe of this target kept, if it kept anything.
fn partial(files: &Files, place: &Place, run: &Run) -> Result<Option<Partial>, ConformanceError> {
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
                "--resume: {name} is not of this version; delete it to begin anew"
            ))
        })?;
    let account = run.credentials.account_id.as_str();
    if (partial.target.as_str(), partial.account_id.as_str()) != (&place.description, account) {
        return Err(ConformanceError::Usage(format!(
            "--resume: {name} is of {}, account {}; name that target and log in there, or begin anew with another --out",
            partial.target, partial.account_id
        )));
    }
    Ok(Some(partial))
}

/// Removes the users of an interrupted probe of this target, and then its ledger.
fn remove_earlier(
    files: &Files,
    place: &Place,
    run: &Run,
    out: &mut dyn Write,
) -> Result<(), ConformanceError> {
    let name = files.ledger.display();
    let (header, events) = LedgerFile::read(&files.ledger)?;
    if header.target != place.description {
        return Err(ConformanceError::Usage(format!(
            "--resume: {name} has users of {}; name that target, or remove them with `bandwidth-conformance cleanup --ledger {name}` and begin anew; nothing was sent",
            header.target
        )));
    }
    if let (Writes::Refused(_), false) = (
        &run.limits.writes,
        Ledger::replay(events).remaining().is_empty(),
    ) {
        return Err(ConformanceError::Refused(format!(
            "--resume: {name} has users of the interrupted probe, and to remove them is to write; allow that as the interrupted probe did, or remove them with `bandwidth-conformance cleanup --ledger {name}`; nothing was sent"
        )));
    }
    let old = run_of_ledger(&files.ledger, &run.credentials, run.endpoint.clone())?;
    let left = remove_all(&old, &files.ledger, out)?;
    if left > 0 {
        return Err(ConformanceError::Unreachable(format!(
            "--resume: {left} users of the earlier probe could not be removed; try once more"
        )));
    }
    fs::remove_file(&files.ledger)?;
    Ok(())
}

/// What need not be found again.
fn closed(findings: &Findings) -> Findings {
    let observed = findings
        .iter()
        .filter(|(_, finding)| matches!(finding, Finding::Observed(_)));
    observed
        .map(|(id, finding)| (id.clone(), finding.clone()))
        .collect()
}

fn all(
    earlier: &[ExchangeResult],
    exchanges: &[Exchange],
    redactor: &Redactor,
) -> Vec<ExchangeResult> {
    let now = exchanges.iter().map(|one| exchange_result(one, redactor));
    earlier.iter().cloned().chain(now).collect()
}

fn line(id: &str, finding: &Finding) -> String {
    match finding {
        Finding::Observed(seen) if seen.alternatives.is_empty() => {
            format!("observed  {id} = {}", seen.option)
        }
        Finding::Observed(seen) => format!(
            "observed  {id} = {} (not ruled out: {})",
            seen.option,
            seen.alternatives.join(", ")
        ),
        Finding::Open(why) => format!("open      {id}: {why}"),
    }
}

/// The profile and its exchanges; nothing else stays.
fn finish(
    files: &Files,
    findings: &Findings,
    probe: &Probe,
    earlier: &Partial,
    run: &Run,
    place: &Place,
) -> Result<(), ConformanceError> {
    let exchanges = all(&earlier.exchanges, probe.exchanges(), &run.redactor);
    write_private(
        &files.exchanges,
        &(serde_json::to_string_pretty(&exchanges).map_err(io::Error::from)? + "\n"),
    )?;
    write_whole(&files.out, &profile_of(findings, files, run, place)?)?;
    if run.ended().is_none() {
        fs::remove_file(&files.partial)?;
    }
    Ok(())
}

/// Writes a file of exchanges for its owner alone, as they show who is on the account. It is moved
/// to its place when it is whole.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    // One that a killed probe left may be for everybody.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&beside)?.write_all(text.as_bytes())?;
    fs::rename(&beside, path)
}

/// The text of the profile.
fn profile_of(
    findings: &Findings,
    files: &Files,
    run: &Run,
    place: &Place,
) -> Result<String, ConformanceError> {
    let date = today();
    let exchanges = files
        .exchanges
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let origin = Origin {
        host: &place.name,
        date: &date,
        exchanges: &exchanges,
    };
    Ok(to_toml(findings, &run.expected, origin)?)
}

/// What a probe would take, rehearsed against a mock inside this process.
fn plan(
    choice: &Choice,
    aim: &Aim,
    surroundings: &mut Surroundings<'_>,
) -> Result<u8, ConformanceError> {
    let mut stage = Aim::embedded(aim.setup.expected.clone())?;
    let limits = &aim.setup.limits;
    stage.setup.limits = Limits {
        writes: limits.writes.clone(),
        ..Limits::none()
    };
    let run = Arc::new(Run::new(stage.setup)?);
    let mut probe = Probe::new(Arc::clone(&run));
    let mut quiet = |_: &str, _: &Probe| Ok(());
    // The most that it could take: users that stay are no reason to stop.
    let whole = Choice {
        must_remove: false,
        ..choice.clone()
    };
    block_on(probe.learn(&whole, Findings::new(), &mut quiet))??;
    let removal = if choice.must_remove && limits.may_write() {
        "\nremoval     the first user is deleted at once; where it stays, no other is created, unless --allow-leftovers"
    } else {
        ""
    };
    let observed = closed(probe.findings()).len();
    let requests = run.requests() + 1;
    let count = u32::try_from(requests).unwrap_or(u32::MAX);
    writeln!(
        surroundings.out,
        "against {}, account {}, from profile {}\nbehaviours  about {observed} of {} would be observed\nrequests    about {requests}\nusers       about {} created and deleted{removal}\nseconds     about {}, and the target's own time\nCounted in a rehearsal against a mock inside this process that behaves as {}; another target may take up to twice as many. Nothing was sent to it.",
        aim.place.description,
        aim.setup.credentials.account_id,
        aim.setup.expected.name(),
        probe.findings().len(),
        run.users(),
        limits.interval.saturating_mul(count).as_secs(),
        aim.setup.expected.name(),
    )?;
    Ok(exit::PASSED)
}
