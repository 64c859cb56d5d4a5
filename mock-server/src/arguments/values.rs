//! Values of flags that are more than a word or a number.

use bandwidth_fixtures::Distinct;
use serde::{Deserialize as _, Deserializer};
use serde_json::Value;
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::{address::Listen, config::ConfigError};

/// `set` of a configuration file: text as `--set` takes it, a list of texts, or a table, flat or by area.
pub(super) fn options<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<String>, D::Error> {
    fn texts(key: &str, value: Value) -> Vec<String> {
        match value {
            Value::Object(options) => options
                .into_iter()
                .flat_map(|(name, option)| match key {
                    "" => texts(&name, option),
                    area => texts(&format!("{area}.{name}"), option),
                })
                .collect(),
            Value::Array(values) => values.into_iter().flat_map(|one| texts(key, one)).collect(),
            Value::String(text) if key.is_empty() => vec![text],
            Value::String(option) => vec![format!("{key}={option}")],
            other => vec![format!("{key}={other}")],
        }
    }
    Distinct::deserialize(value).map(|Distinct(value)| texts("", value))
}

/// `fault` of a configuration file: one or a list, each text or a table, as `--fault` takes them.
pub(super) fn faults<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<String>, D::Error> {
    let text = |fault| match fault {
        Value::String(text) => text,
        table => table.to_string(),
    };
    Ok(match Distinct::deserialize(value)?.0 {
        Value::Array(faults) => faults.into_iter().map(text).collect(),
        one => vec![text(one)],
    })
}

/// A level, or one for a part of the program. `Targets` takes any word for a part of some program,
/// and then logs nothing.
pub(super) fn log_filter(place: &str, text: &str) -> Result<Targets, ConfigError> {
    let is_level = |word: &str| word.parse::<LevelFilter>().is_ok();
    let mut parts = text.split(',').map(str::trim);
    if parts.all(|part| part.contains('=') || is_level(part))
        && let Ok(filter) = text.parse()
    {
        return Ok(filter);
    }
    Err(ConfigError::Value(format!(
        "{place} `{text}`: write error, warn, info, debug or trace, or one of them for a part of \
         the program, for example warn,bandwidth_mock=debug"
    )))
}

/// `16777216`, `16MiB`, `512KiB`; also `0`.
pub(super) fn parse_bytes(place: &str, text: &str) -> Result<usize, ConfigError> {
    let units = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("", 1),
    ];
    let read = |(unit, factor): (&str, usize)| {
        let digits = text.trim().strip_suffix(unit)?.trim_end();
        digits.parse::<usize>().ok()?.checked_mul(factor)
    };
    units.into_iter().find_map(read).ok_or_else(|| {
        ConfigError::Value(format!(
            "{place} `{text}`: write a number of bytes, for example 16777216 or 16MiB"
        ))
    })
}

/// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` and `8080`, where 0 is a free port. A
/// port without an address is one of both loopbacks, as `localhost` is.
pub(crate) fn parse_address(place: &str, text: &str) -> Result<Listen, ConfigError> {
    let wrong = || {
        ConfigError::Value(format!(
            "{place} `{text}`: write ADDRESS:PORT, for example 127.0.0.1:8080; port 0 chooses a free one"
        ))
    };
    let port = |digits: &str| digits.parse::<u16>().map_err(|_| wrong());
    if let Ok(address) = text.parse() {
        return Ok(Listen::At(address));
    }
    match text.rsplit_once(':') {
        None => port(text).map(Listen::Loopback),
        Some(("" | "localhost", digits)) => port(digits).map(Listen::Loopback),
        Some(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_address, parse_bytes};

    #[test]
    fn sizes_people_write() {
        for (text, expected) in [
            ("0", 0),
            ("16777216", 16_777_216),
            ("16MiB", 16_777_216),
            ("512 KiB", 524_288),
        ] {
            assert_eq!(parse_bytes("--journal-bytes", text).unwrap(), expected);
        }
        for text in ["", "MiB", "-1", "16MB", "99999999999GiB", "1.5MiB"] {
            let error = parse_bytes("--journal-bytes", text)
                .unwrap_err()
                .to_string();
            assert!(error.contains("16MiB"), "{error}");
        }
    }

    #[test]
    fn addresses_people_write() {
        for (text, expected) in [
            ("127.0.0.1:0", "127.0.0.1:0"),
            (":0", "localhost:0"),
            ("9000", "localhost:9000"),
            ("localhost:9000", "localhost:9000"),
            ("[::1]:9000", "[::1]:9000"),
            ("0.0.0.0:80", "0.0.0.0:80"),
        ] {
            assert_eq!(
                parse_address("--listen", text).unwrap().to_string(),
                expected
            );
        }
        for text in [
            "",
            "127.0.0.1",
            "127.0.0.1:x",
            "example.com:80",
            "1.2.3.4:70000",
            "-1",
        ] {
            let error = parse_address("--listen", text).unwrap_err().to_string();
            assert!(error.contains("127.0.0.1:8080"), "{error}");
        }
    }

    #[test]
    fn a_file_has_options_and_faults_as_text_or_as_tables() {
        #[derive(serde::Deserialize)]
        struct File {
            #[serde(deserialize_with = "super::options")]
            set: Vec<String>,
            #[serde(deserialize_with = "super::faults")]
            fault: Vec<String>,
        }
        for (text, fault) in [
            (
                "set = 'put.semantics=merge'\nfault = 'status=503'",
                "status=503",
            ),
            (
                "set = ['put.semantics=merge']\nfault = ['status=503']",
                "status=503",
            ),
            (
                "set = { 'put.semantics' = 'merge' }\n[[fault]]\nstatus = 503",
                r#"{"status":503}"#,
            ),
            (
                "[set]\nput.semantics = 'merge'\n[fault]\nstatus = 503",
                r#"{"status":503}"#,
            ),
        ] {
            let file: File = toml::from_str(text).unwrap();
            assert_eq!(
                (file.set, file.fault),
                (
                    vec!["put.semantics=merge".to_owned()],
                    vec![fault.to_owned()]
                )
            );
        }
    }
}
