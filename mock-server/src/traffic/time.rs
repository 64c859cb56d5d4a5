//! Times as recordings write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time of RFC 3339, with any offset.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    if let Ok(time) = humantime::parse_rfc3339(text) {
        return Some(time);
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub("+00:00".len())?)?;
    let (sign, rest) = offset.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':')?;
    let minutes = hours.parse::<u64>().ok()? * 60 + minutes.parse::<u64>().ok()?;
    let offset = Duration::from_mins(minutes);
    let local = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    match sign {
        "+" => local.checked_sub(offset),
        "-" => local.checked_add(offset),
        _ => None,
    }
}

/// A time as RFC 3339 in UTC; the Unix epoch if it is not known.
pub(super) fn written(at: Option<SystemTime>) -> String {
    humantime::format_rfc3339_millis(at.unwrap_or(UNIX_EPOCH)).to_string()
}

#[cfg(test)]
mod tests {
    use super::{parse, written};

    #[test]
    fn offsets_are_read_and_times_written_in_utc() {
        for (text, utc) in [
            ("2026-03-04T12:00:00Z", "2026-03-04T12:00:00.000Z"),
            ("2026-03-04T12:00:00.45+01:30", "2026-03-04T10:30:00.450Z"),
            ("2026-03-04T23:00:00.5-02:00", "2026-03-05T01:00:00.500Z"),
        ] {
            assert_eq!(written(parse(text)), utc, "{text}");
            assert!(parse(text).is_some(), "{text}");
        }
        for text in ["", "noon", "2026-03-04", "2026-03-04T12:00:00", "é+01:00"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
