//! Secrets in XML.

use quick_xml::{
    Reader,
    escape::unescape,
    events::{BytesStart, Event},
};

use super::{Found, REMOVED, is_secret_name};

/// The secrets of a text that is well-formed XML. The names of elements down to the depth `shown`
/// make no secret of what is in them.
pub(super) fn read(text: &str, shown: usize) -> Option<Found> {
    // The reader skips one byte order mark, and does not count it.
    let xml = text.trim_start_matches('\u{FEFF}');
    let skipped = text.len() - xml.len();
    let mut found = read_document(xml, shown)?;
    for place in &mut found.places {
        place.range.start += skipped;
        place.range.end += skipped;
    }
    Some(found)
}

fn read_document(text: &str, shown: usize) -> Option<Found> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut found = Found::default();
    let mut open = 0;
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
                roots += usize::from(open == 0);
                attributes(&element, start..end, text, secret.is_none(), &mut found)?;
                open += 1;
                if secret.is_none() && open > shown && is_secret_element(&element) {
                    secret = Some((open, end));
                }
            }
            Event::Empty(element) => {
                roots += usize::from(open == 0);
                attributes(&element, start..end, text, secret.is_none(), &mut found)?;
            }
            Event::End(_) => {
                if let Some((outermost, from)) = secret
                    && outermost == open
                {
                    if from < start {
                        found.place(from..start, REMOVED);
                        found.values.push(std::mem::take(&mut content));
                    }
                    secret = None;
                }
                open = usize::checked_sub(open, 1)?;
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
    (open == 0 && roots == 1).then_some(found)
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn is_secret_element(element: &BytesStart<'_>) -> bool {
    is_secret_name(element.local_name().as_ref())
}

/// Replaces a tag whose attributes hold a secret by one without attributes.
fn attributes(
    element: &BytesStart<'_>,
    range: std::ops::Range<usize>,
    text: &str,
    outside: bool,
    found: &mut Found,
) -> Option<()> {
    let mut any = false;
    for attribute in element.attributes() {
        let attribute = attribute.ok()?;
        if is_secret_name(attribute.key.as_ref()) || is_secret_element(element) {
            any = true;
            found
                .values
                .push(unescape(&attribute.value).ok()?.into_owned());
        }
    }
    if any && outside {
        let end = if text[range.clone()].ends_with("/>") {
            "/>"
        } else {
            ">"
        };
        found.place(range, format!("<{}{end}", element.name().as_ref()));
    }
    Some(())
}
