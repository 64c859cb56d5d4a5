//! The text of headers: names, credentials, media types.

/// A header's name as HTTP/1.1 servers write it: `Content-Type`.
pub fn title_case(name: &str) -> String {
    let mut start = true;
    name.chars()
        .map(|c| {
            let shown = if start { c.to_ascii_uppercase() } else { c };
            start = c == '-';
            shown
        })
        .collect()
}

/// The scheme and the credentials of an `Authorization` header (RFC 9110, section 11.4).
pub fn credentials(value: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = value.split_once(' ')?;
    Some((scheme, rest.trim()))
}

/// The type of a `Content-Type` header without its parameters. Its case does not count (RFC 9110,
/// section 8.3.1).
pub fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or("").trim()
}

/// The charset parameter of a `Content-Type` header, without quotes.
pub fn charset(value: &str) -> Option<&str> {
    let parameters = value.split(';').skip(1);
    let mut parameters = parameters.filter_map(|parameter| parameter.split_once('='));
    let (_, charset) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(charset.trim().trim_matches('"'))
}
