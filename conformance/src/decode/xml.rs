//! XML to [`Tree`], strictly: one root and nothing after it, no DOCTYPE, no control characters, no
//! text between elements, no attributes but namespace declarations.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::tree::Tree;

/// No answer of this API nests deeper than 8.
const MAX_DEPTH: usize = 64;

/// A document: the name of its root and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Name of the root element.
    pub root: String,
    pub content: Tree,
}

struct Open {
    name: String,
    text: String,
    children: Vec<(String, Tree)>,
}

impl Open {
    fn close(self) -> Result<(String, Tree), String> {
        if self.children.is_empty() {
            return Ok((self.name, Tree::Text(self.text)));
        }
        if !self.text.trim().is_empty() {
            return Err(format!(
                "there is text between the children of <{}>",
                self.name
            ));
        }
        Ok((self.name, Tree::Object(self.children)))
    }
}

/// Reads a whole body.
pub fn read(body: &[u8]) -> Result<Document, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
    if let Some(character) = text.chars().find(|character| !is_xml(*character)) {
        return Err(format!("U+{:04X} is not allowed in XML", character as u32));
    }
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_comments = true;
    config.expand_empty_elements = true;
    let mut open: Vec<Open> = Vec::new();
    let mut root: Option<(String, Tree)> = None;
    let mut first = true;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Decl(_) if first => {}
            Event::Decl(_) => return Err("there is an XML declaration inside".to_owned()),
            Event::DocType(_) => return Err("there is a DOCTYPE".to_owned()),
            Event::PI(_) => return Err("there is a processing instruction".to_owned()),
            Event::Comment(_) => {}
            Event::Start(start) => {
                if root.is_some() {
                    return Err("an element follows the root".to_owned());
                }
                if open.len() == MAX_DEPTH {
                    return Err(format!("elements nest deeper than {MAX_DEPTH}"));
                }
                open.push(start_of(&start)?);
            }
            Event::End(_) => {
                let (name, tree) = open.pop().ok_or("an end without a start")?.close()?;
                match open.last_mut() {
                    Some(parent) => parent.children.push((name, tree)),
                    None => root = Some((name, tree)),
                }
            }
            Event::Text(text) => push_text(&mut open, &text.xml10_content())?,
            Event::CData(data) => push_cdata(&mut open, &data.xml10_content())?,
            Event::GeneralRef(reference) => {
                let character = resolve(&reference)?;
                push_cdata(&mut open, character.encode_utf8(&mut [0; 4]))?;
            }
            Event::Empty(_) => return Err("an empty element was not expanded".to_owned()),
            Event::Eof => break,
        }
        first = false;
    }
    if let Some(unclosed) = open.last() {
        return Err(format!("<{}> is not closed", unclosed.name));
    }
    let (root, content) = root.ok_or("there is no root element")?;
    Ok(Document { root, content })
}

fn start_of(start: &BytesStart<'_>) -> Result<Open, String> {
    let name: &str = start.name().into_inner();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key: &str = attribute.key.into_inner();
        if key != "xmlns" && !key.starts_with("xmlns:") {
            return Err(format!("<{name}> has the attribute `{key}`"));
        }
    }
    Ok(Open {
        name: name.to_owned(),
        text: String::new(),
        children: Vec::new(),
    })
}

/// Text outside the root may only be white space.
fn push_text(open: &mut [Open], text: &str) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err("there is text outside the root element".to_owned()),
    }
    Ok(())
}

fn push_cdata(open: &mut [Open], text: &str) -> Result<(), String> {
    let element = open
        .last_mut()
        .ok_or("there is CDATA or a reference outside the root element")?;
    element.text.push_str(text);
    Ok(())
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<char, String> {
    let name: &str = reference;
    if reference.is_char_ref() {
        return reference
            .resolve_char_ref()
            .ok()
            .flatten()
            .filter(|character| is_xml(*character))
            .ok_or_else(|| format!("&{name}; is not a character of XML"));
    }
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(format!("the entity &{name}; is not defined")),
    }
}

/// The `Char` production of XML 1.0.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::{Tree, read};

    fn text(text: &str) -> Tree {
        Tree::Text(text.to_owned())
    }

    #[test]
    fn joins_text_references_and_cdata() {
        let document = read(
            b"<?xml version=\"1.0\"?>\n<A xmlns=\"urn:a\">\n <B>x &amp; &#x41;<![CDATA[<y>]]><!-- c -->z</B>\n <C/>\n <B> </B></A>\n",
        )
        .unwrap();
        assert_eq!(document.root, "A");
        assert_eq!(
            document.content,
            Tree::Object(vec![
                ("B".into(), text("x & A<y>z")),
                ("C".into(), text("")),
                ("B".into(), text(" ")),
            ])
        );
    }

    #[test]
    fn refuses_what_is_not_one_clean_document() {
        let deep = "<a>".repeat(70) + &"</a>".repeat(70);
        for body in [
            &b""[..],
            b"  ",
            b"<a>",
            b"<a><b></a>",
            b"<a/><b/>",
            b"<a/>x",
            b"x<a/>",
            b"<a/>&amp;",
            b"<a>x<b/></a>",
            b"<a>&nbsp;</a>",
            b"<a>&#1;</a>",
            b"<a>\x01</a>",
            b"<a>\xff</a>",
            b"<a>x & y</a>",
            b"<a b=\"c\"/>",
            b"<!DOCTYPE a><a/>",
            b"<a/><?xml version=\"1.0\"?>",
            b"<a/><?pi?>",
            b"<a><!-- -- --></a>",
            deep.as_bytes(),
        ] {
            assert!(read(body).is_err(), "{}", String::from_utf8_lossy(body));
        }
    }
}
