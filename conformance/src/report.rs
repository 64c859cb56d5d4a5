//! Reports of a run: on the console as it goes, and in files at its end.

pub mod console;
pub mod curl;
pub mod document;
mod html;
mod junit;
mod markdown;

use std::{
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use self::document::Document;

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

/// The text of a report.
pub fn render(kind: Kind, document: &Document) -> io::Result<String> {
    match kind {
        Kind::Json => document.to_json(),
        Kind::Junit => junit::render(document),
        Kind::Html => Ok(html::render(document)),
        Kind::Markdown => Ok(markdown::render(document)),
    }
}

/// Writes a report.
pub fn write(to: &ReportTo, document: &Document) -> io::Result<()> {
    write_whole(&to.path, &render(to.kind, document)?)
}

/// Writes a file beside its place and then moves it there, so that nobody reads half of one.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}
