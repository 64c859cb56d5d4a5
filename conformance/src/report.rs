//! Reports of a run: on the console as it goes, and in files at its end.

pub mod console;
pub mod groups;
mod html;
mod junit;
mod markdown;

use std::{io, path::PathBuf, str::FromStr};

use bandwidth_fixtures::describe;

use crate::{
    error::ConformanceError,
    files::{self, Readers},
    outcome::RunReport,
};

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All there is, for programs.
    Json,
    /// For CI servers.
    Junit,
    /// A page for people.
    Html,
    /// For a comment on a pull request.
    Markdown,
}

impl Kind {
    const ALL: [(&'static str, Self); 4] = [
        ("json", Self::Json),
        ("junit", Self::Junit),
        ("html", Self::Html),
        ("markdown", Self::Markdown),
    ];
}

/// A report to write: `KIND=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportTo {
    pub kind: Kind,
    pub path: PathBuf,
}

impl FromStr for ReportTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "write json=FILE, junit=FILE, html=FILE or markdown=FILE";
        let (kind, path) = text.split_once('=').ok_or(form)?;
        let kind = Kind::ALL.iter().find(|(name, _)| *name == kind);
        match kind {
            Some((_, kind)) if !path.is_empty() => Ok(Self {
                kind: *kind,
                path: path.into(),
            }),
            _ => Err(form.to_owned()),
        }
    }
}

impl ReportTo {
    fn wrong(&self, what: &str) -> ConformanceError {
        ConformanceError::Usage(format!("--report {}: {what}", self.path.display()))
    }
}

/// The text of a report.
pub fn render(kind: Kind, report: &RunReport) -> io::Result<String> {
    match kind {
        Kind::Json => report.to_json(),
        Kind::Junit => junit::render(report),
        Kind::Html => Ok(html::render(report)),
        Kind::Markdown => Ok(markdown::render(report)),
    }
}

/// A report that cannot be written, or would replace another, is refused before anything is sent,
/// not after an hour.
pub fn check(reports: &[ReportTo]) -> Result<(), ConformanceError> {
    let mut places: Vec<PathBuf> = Vec::new();
    for to in reports {
        let place = files::replaceable(&to.path);
        if place.as_ref().is_some_and(|place| places.contains(place)) {
            return Err(to.wrong("another report goes to the same file; name two"));
        }
        files::check(&to.path).map_err(|what| to.wrong(&what))?;
        places.extend(place);
    }
    Ok(())
}

/// Writes every report that can be written. What keeps the others from it becomes a trouble of the
/// run and changes its exit code, so files that were written before are written again with it.
/// Devices and pipes come last: what went there cannot be taken back.
pub fn write_all(reports: &[ReportTo], report: &mut RunReport) {
    let (files, streams): (Vec<&ReportTo>, Vec<&ReportTo>) = reports
        .iter()
        .partition(|to| files::replaceable(&to.path).is_some());
    let mut files = write_settled(files, report);
    for stream in streams {
        if !write(stream, report) {
            files = write_settled(files, report);
        }
    }
}

/// Writes files until all of them say the same exit code. Returns those that could be written.
fn write_settled<'a>(mut files: Vec<&'a ReportTo>, report: &mut RunReport) -> Vec<&'a ReportTo> {
    loop {
        let count = files.len();
        files.retain(|to| write(to, report));
        if files.len() == count {
            return files;
        }
    }
}

/// Writes a report. A failure becomes a trouble of the run.
fn write(to: &ReportTo, report: &mut RunReport) -> bool {
    let text = render(to.kind, report);
    let written = text.and_then(|text| files::write(&to.path, &text, Readers::Owner));
    if let Err(error) = &written {
        let error = to.wrong(&describe::io(error));
        report.troubles.push(error.to_string());
        report.decide();
    }
    written.is_ok()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::{Kind, ReportTo, write_all};
    use crate::{
        outcome::{RunReport, tests::report},
        verdict::Verdict,
    };

    #[test]
    fn every_report_says_the_exit_code_of_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        let to = |kind, path: &std::path::Path| ReportTo {
            kind,
            path: path.to_owned(),
        };
        // No space is left on it.
        let full = std::path::Path::new("/dev/full");
        let gone = folder.path().join("gone/r.html");
        for broken in [full, &gone] {
            let reports = [to(Kind::Json, &path), to(Kind::Html, broken)];
            let mut report = report(&[Verdict::Pass]);
            write_all(&reports, &mut report);
            assert_eq!((report.exit_code, report.troubles.len()), (2, 1));
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(RunReport::from_json(&text).unwrap(), report);
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
