//! A ledger's file: a line of JSON with its run, then one line for each event. Only its owner can
//! read it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use bandwidth_fixtures::{describe, text_file};
use serde::{Deserialize, Serialize};

use crate::error::ConformanceError;

const FORMAT: u32 = 2;

/// The first line of a ledger: the run that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    format: u32,
    /// The target's URL.
    pub target: String,
    pub account_id: String,
    /// A part of the username or the email of each user of the run.
    pub prefix: String,
    /// The identity domain of the users, if they are removed below it and not below the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

impl Header {
    /// The header of a run.
    pub fn new(target: String, account_id: String, prefix: String) -> Self {
        Self {
            format: FORMAT,
            target,
            account_id,
            prefix,
            domain: None,
        }
    }

    /// The header of a run whose users are removed below that domain.
    #[must_use]
    pub fn in_domain(self, domain: String) -> Self {
        Self {
            domain: Some(domain),
            ..self
        }
    }
}

/// The command that removes what the ledger in that file has.
pub fn cleanup_command(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let path = if path.bytes().all(plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    };
    format!("bandwidth-conformance cleanup --ledger {path}")
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event", deny_unknown_fields)]
pub enum Event {
    /// A request that may create a user is about to be sent.
    Sent {
        /// Counts such requests.
        create: u64,
        /// The username that it asks for, or other words for people.
        username: String,
    },
    /// The result of that request is known.
    Settled { create: u64 },
    /// The client gave up on that request, which may still take effect.
    GivenUp { create: u64 },
    /// A user of the run was read under that key.
    Seen {
        /// The key, as bodies write it.
        key: String,
        /// Its username at that time.
        username: String,
    },
    /// The target refused that request, and no earlier try of it may have taken effect.
    Refused { create: u64 },
    /// That request succeeded, and its response names this key.
    Named { create: u64, key: String },
    /// The user with that key was removed.
    Gone { key: String },
    /// Result of a search for users of the run in the list.
    Listed {
        /// True if the list showed one that can be read.
        shows: bool,
    },
    /// A prepared user is about to be updated. This request puts it back.
    Prepared {
        key: String,
        /// The media type of `body`.
        content_type: String,
        /// The body of a PUT with all fields that it showed.
        body: String,
    },
}

/// A ledger's file, open for appending.
#[derive(Debug)]
pub struct LedgerFile {
    path: PathBuf,
    file: File,
    /// A write failed. The last line may be incomplete, so nothing may follow it.
    torn: bool,
}

impl LedgerFile {
    /// Makes the file; one that is there already belongs to another run and is not touched.
    pub fn create(path: &Path, header: &Header) -> Result<Self, ConformanceError> {
        let error = |error: io::Error| {
            let name = path.display();
            let why = match error.kind() {
                io::ErrorKind::AlreadyExists => match Self::read_header(path) {
                    Ok(_) => format!(
                        "an earlier run left it; `bandwidth-conformance cleanup --ledger {name}` removes what that run created, and the file"
                    ),
                    Err(_) => "the file exists and is not a ledger; it is unchanged; name a file that does not exist yet".to_owned(),
                },
                io::ErrorKind::NotFound => {
                    "the folder does not exist; create it first; no user was created".to_owned()
                }
                _ => format!("{}; no user was created", describe::io(&error)),
            };
            ConformanceError::Usage(format!("--ledger {name}: {why}"))
        };
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path);
        let mut ledger = Self {
            path: path.to_owned(),
            file: file.map_err(error)?,
            torn: false,
        };
        ledger.write(header).map_err(error)?;
        ledger.sync().map_err(error)?;
        sync_folder(path).map_err(error)?;
        Ok(ledger)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds what happened.
    pub fn append(&mut self, event: &Event) -> io::Result<()> {
        self.write(event)
    }

    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        if self.torn {
            return Err(io::Error::other("an earlier write failed"));
        }
        let written = self.file.write_all(text.as_bytes());
        self.torn = written.is_err();
        written
    }

    /// Waits until all events so far are on the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Deletes the file.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    /// Reads a file. A last line that is not whole was being written when the process ended; what it
    /// announces was not begun.
    pub fn read(path: &Path) -> Result<(Header, Vec<Event>), ConformanceError> {
        let (header, text) = Self::read_header(path)?;
        let name = path.display();
        let usage = |what: String| ConformanceError::Usage(format!("--ledger {name}: {what}"));
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let lines = whole.lines().skip(1);
        let events = lines
            .enumerate()
            .map(|(index, line)| {
                serde_json::from_str(line).map_err(|_| {
                    usage(format!(
                        "line {} is not a valid ledger entry; the file was modified",
                        index + 2
                    ))
                })
            })
            .collect::<Result<_, _>>()?;
        Ok((header, events))
    }

    /// Returns the header of a file, and all of its text.
    fn read_header(path: &Path) -> Result<(Header, String), ConformanceError> {
        let name = path.display();
        let usage = |what: String| ConformanceError::Usage(format!("--ledger {name}: {what}"));
        let text = text_file::read(path, text_file::LARGE).map_err(usage)?;
        let header = text.split_once('\n').map(|(line, _)| line);
        let header = header.and_then(|line| serde_json::from_str::<Header>(line).ok());
        match header {
            Some(header) if header.format == FORMAT => Ok((header, text)),
            Some(header) => Err(usage(format!(
                "it is a ledger of format {}, and this version reads format {FORMAT}; clean up with the version that wrote it",
                header.format
            ))),
            None => Err(usage(
                "it is not a ledger; name the .ledger file of an earlier run".to_owned(),
            )),
        }
    }
}

/// A new file survives a crash only when its folder was written too.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|parent| *parent != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{Event, Header, LedgerFile};

    fn header() -> Header {
        Header::new("http://127.0.0.1:1/api".into(), "1".into(), "cf-0-".into())
    }

    #[test]
    fn what_was_written_is_read_back_and_a_torn_line_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let mut file = LedgerFile::create(&path, &header()).unwrap();
        let seen = Event::Seen {
            key: "u7".into(),
            username: "cf-0-a".into(),
        };
        for event in [&seen, &Event::Listed { shows: true }] {
            file.append(event).unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 4]).unwrap();
        assert_eq!(LedgerFile::read(&path).unwrap(), (header(), vec![seen]));
        file.remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    #[cfg(unix)]
    fn only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        LedgerFile::create(&path, &header()).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_ledger_of_another_format_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let line = "{\"format\":1,\"target\":\"x\",\"accountId\":\"1\",\"prefix\":\"cf-0-\"}\n";
        fs::write(&path, line).unwrap();
        let error = LedgerFile::read(&path).unwrap_err().to_string();
        assert!(
            error.contains("format 1") && error.contains("format 2"),
            "{error}"
        );
    }

    #[test]
    fn a_file_of_another_run_or_kind_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        fs::write(&path, "precious\n").unwrap();
        for error in [
            LedgerFile::create(&path, &header()).map(drop).unwrap_err(),
            LedgerFile::read(&path).map(drop).unwrap_err(),
        ] {
            assert_eq!(error.code(), 2);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious\n");
        let message = |path: &Path| {
            let error = LedgerFile::create(path, &header()).map(drop).unwrap_err();
            error.to_string()
        };
        for (text, offered) in [
            ("precious\n", false),
            ("", false),
            ("\n", false),
            ("{}\n", false),
            (
                "{\"format\":2,\"target\":\"http://127.0.0.1:1/api\",\"accountId\":\"1\",\"prefix\":\"cf-0-\"}\n",
                true,
            ),
        ] {
            fs::write(&path, text).unwrap();
            let message = message(&path);
            assert_eq!(message.contains("cleanup --ledger"), offered, "{message}");
            assert_eq!(message.contains("not a ledger"), !offered, "{message}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert!(message(folder.path()).contains("not a ledger"));
        // A run asks whether its login is right before it makes the file.
        let nowhere = message(&folder.path().join("no/such/ledger"));
        assert!(nowhere.ends_with("no user was created"), "{nowhere}");
    }
}
