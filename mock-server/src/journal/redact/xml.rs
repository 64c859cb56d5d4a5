//! Secrets in XML.

use quick_xml::{
    Reader,
    escape::unescape,
    events::{BytesStart, Event},
};

use super::{Found, REMOVED, is_secret_name, mentions_secret, names_secret};

/// The secrets of a text that is well-formed XML.
pub(super) fn read(text: &str) -> Option<Found> {
    // The reader skips one byte order mark, and does not count it.
    let xml = text.trim_start_matches('\u{FEFF}');
    let skipped = text.len() - xml.len();
    let mut found = read_document(xml)?;
    for place in &mut found.places {
        place.range.start += skipped;
        place.range.end += skipped;
    }
    Some(found)
}

/// An element whose end was not seen yet.
struct Open {
    name: String,
    /// Where its content starts, and how many places were found before.
    content: usize,
    places: usize,
}

fn read_document(text: &str) -> Option<Found> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut found = Found::default();
    let mut open: Vec<Open> = Vec::new();
    // Depth of the outermost secret element, and where its content starts.
    let mut secret: Option<(usize, usize)> = None;
    let mut content = String::new();
    let mut roots = 0;
    loop {
        let start = position(&reader);
        let event = reader.read_event().ok()?;
        let end = position(&reader);
        match event {
            Event::Start(element) => {
                roots += usize::from(open.is_empty());
                let hides = attributes(&element, start..end, text, secret.is_none(), &mut found)?;
                open.push(Open {
                    name: element.local_name().as_ref().to_owned(),
                    content: end,
                    places: found.places.len(),
                });
                if secret.is_none() && hides {
                    secret = Some((open.len(), end));
                }
            }
            Event::Empty(element) => {
                roots += usize::from(open.is_empty());
                attributes(&element, start..end, text, secret.is_none(), &mut found)?;
            }
            Event::End(_) => {
                if let Some((outermost, from)) = secret
                    && outermost == open.len()
                {
                    if from < start {
                        found.place(from..start, REMOVED);
                        found.values.push(std::mem::take(&mut content));
                    }
                    secret = None;
                }
                open.pop()?;
            }
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                let raw = &text[start..end];
                let cdata = raw
                    .strip_prefix("<![CDATA[")
                    .and_then(|rest| rest.strip_suffix("]]>"));
                if secret.is_some() {
                    match cdata {
                        Some(inner) => content.push_str(inner),
                        None => content.push_str(&unescape(raw).ok()?),
                    }
                } else if let [.., parent, own] = &open[..]
                    && names_secret(&own.name, cdata.unwrap_or(raw))
                {
                    // `<Name>password</Name>` beside what it names: the parent's whole content goes.
                    found.places.truncate(parent.places);
                    secret = Some((open.len() - 1, parent.content));
                } else if mentions_secret(raw) {
                    found.place(start..end, REMOVED);
                } else if cdata.is_none() {
                    unescape(raw).ok()?;
                }
            }
            Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {
                let raw = &text[start..end];
                let gone = matches!(event, Event::DocType(_)) || is_secret_name(raw);
                if gone && secret.is_none() {
                    found.place(start..end, "<!-- [removed] -->");
                }
            }
            Event::Decl(_) => {}
            Event::Eof => break,
        }
    }
    (open.is_empty() && roots == 1).then_some(found)
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn is_secret_element(element: &BytesStart<'_>) -> bool {
    is_secret_name(element.local_name().as_ref())
}

/// Replaces a tag whose attributes may hold a secret by one without attributes. Tells whether the
/// element's content is secret: by its own name, or by one that an attribute says.
fn attributes(
    element: &BytesStart<'_>,
    range: std::ops::Range<usize>,
    text: &str,
    outside: bool,
    found: &mut Found,
) -> Option<bool> {
    let name = element.name().as_ref().to_owned();
    let mut any = false;
    let mut hides = is_secret_element(element);
    let mut secret = hides;
    for attribute in element.attributes() {
        let attribute = attribute.ok()?;
        let key = attribute.key.as_ref();
        let value = &*attribute.value;
        any = true;
        hides |= names_secret(key, value);
        secret |= hides || is_secret_name(key) || mentions_secret(value);
        if is_secret_name(key) || is_secret_element(element) {
            found.values.push(unescape(value).ok()?.into_owned());
        }
    }
    if any && secret && outside {
        let end = if text[range.clone()].ends_with("/>") {
            "/>"
        } else {
            ">"
        };
        found.place(range, format!("<{name}{end}"));
    }
    Some(hides)
}
