//! Reports of a run: on the console as it goes, and in files at its end.

pub mod console;
pub mod curl;
pub mod document;
mod html;
mod junit;
mod markdown;
mod place;

use std::{io, path::PathBuf, str::FromStr};

pub use self::place::write_whole;
use self::{document::Document, place::Place};
use crate::exit::ConformanceError;

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
    /// What kind.
    pub kind: Kind,
    /// Where to.
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
pub fn render(kind: Kind, document: &Document) -> io::Result<String> {
    match kind {
        Kind::Json => document.to_json(),
        Kind::Junit => junit::render(document),
        Kind::Html => Ok(html::render(document)),
        Kind::Markdown => Ok(markdown::render(document)),
    }
}

/// A report that cannot be written, or would take the place of another, is told before anything
/// is sent, not after an hour.
pub fn check(reports: &[ReportTo]) -> Result<(), ConformanceError> {
    let mut places: Vec<Place> = Vec::new();
    for to in reports {
        let place = Place::of(&to.path);
        if places.contains(&place) && place.is_file() {
            return Err(to.wrong("another report goes to the same file; name two"));
        }
        place.check().map_err(|what| to.wrong(&what))?;
        places.push(place);
    }
    Ok(())
}

/// Writes a report.
pub fn write(to: &ReportTo, document: &Document) -> io::Result<()> {
    write_whole(&to.path, &render(to.kind, document)?)
}
