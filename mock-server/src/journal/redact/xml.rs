//! Secrets in XML.

use quick_xml::{
    Reader,
    escape::unescape,
    events::{BytesStart, Event},
};

use super::{Found, Written, is_secret_name};

/// The secrets of a text that is well-formed XML, added to `found`. The names of elements down to the
/// depth `shown` make no secret of the elements in them.
pub(super) fn read(text: &str, shown: usize, found: Found) -> Option<Found> {
    // The reader skips one byte order mark, and does not count it.
    let xml = text.trim_start_matches('\u{FEFF}');
    let skipped = text.len() - xml.len();
    let mut found = read_document(xml, shown, found)?;
    for (range, _) in &mut found.places {
        range.start += skipped;
        range.end += skipped;
    }
    Some(found)
}

/// An element that has had no other one in it until now.
struct Leaf {
    name: String,
    is_secret: bool,
    start: usize,
    content: String,
}

fn read_document(text: &str, shown: usize, mut found: Found) -> Option<Found> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut open = 0;
    // Depth of the outermost secret element, its name, and where its content starts.
    let mut secret: Option<(usize, String, usize)> = None;
    let mut content = String::new();
    let mut leaf: Option<Leaf> = None;
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
                let is_secret = is_secret_element(&element);
                let name = element.local_name().as_ref().to_owned();
                if secret.is_none() && open > shown && is_secret {
                    secret = Some((open, name.clone(), end));
                }
                leaf = Some(Leaf {
                    name,
                    is_secret,
                    start: end,
                    content: String::new(),
                });
            }
            Event::Empty(element) => {
                roots += usize::from(open == 0);
                attributes(&element, start..end, text, secret.is_none(), &mut found)?;
                leaf = None;
            }
            Event::End(_) => {
                let leaf = leaf.take();
                if let Some((_, name, from)) = secret.take_if(|(outermost, ..)| *outermost == open)
                {
                    if from < start {
                        found.secret(from..start, &name, &content, Written::Xml);
                        found.secrets.add(&name, std::mem::take(&mut content));
                    }
                } else if let Some(leaf) = leaf.filter(|_| secret.is_none()) {
                    let range = leaf.start..start;
                    if !leaf.is_secret {
                        found.other(range, &leaf.name, &leaf.content, Written::Xml);
                    } else if !leaf.content.trim().is_empty() {
                        found.secret(range, &leaf.name, &leaf.content, Written::Xml);
                        found.secrets.add(&leaf.name, leaf.content);
                    }
                }
                open = usize::checked_sub(open, 1)?;
            }
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                let raw = &text[start..end];
                let cdata = raw
                    .strip_prefix("<![CDATA[")
                    .and_then(|rest| rest.strip_suffix("]]>"));
                let meant = match cdata {
                    Some(inner) => inner.into(),
                    None => unescape(raw).ok()?,
                };
                if secret.is_some() {
                    content.push_str(&meant);
                } else if let Some(leaf) = &mut leaf {
                    leaf.content.push_str(&meant);
                }
            }
            Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {
                let raw = &text[start..end];
                let stand_in = match event {
                    Event::DocType(_) => "<!DOCTYPE removed>",
                    _ if is_secret_name(raw) => "<!-- [removed] -->",
                    _ => continue,
                };
                if secret.is_none() {
                    found.gone(start..end, stand_in);
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
    let mut others = Vec::new();
    let mut from = range.start;
    for attribute in element.attributes() {
        let attribute = attribute.ok()?;
        let name = attribute.key.as_ref();
        let value = unescape(&attribute.value).ok()?.into_owned();
        if is_secret_name(name) || is_secret_element(element) {
            any = true;
            found.secrets.add(name, value);
        } else {
            let raw = &*attribute.value;
            let quoted = ["\"", "'"]
                .map(|quote| text[from..range.end].find(&format!("{quote}{raw}{quote}")));
            let start = from + quoted.into_iter().flatten().min()? + 1;
            from = start + raw.len() + 1;
            others.push((start..start + raw.len(), name.to_owned(), value));
        }
    }
    if any && outside {
        let end = if text[range.clone()].ends_with("/>") {
            "/>"
        } else {
            ">"
        };
        found.gone(range, format!("<{}{end}", element.name().as_ref()));
    } else if outside {
        for (range, name, value) in others {
            found.other(range, &name, &value, Written::Xml);
        }
    }
    Some(())
}
