//! Rust sources as tokens: enough of the language to tell code from comments, strings and tests.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or an identifier, without `r#`; also a number.
    Name,
    /// A string literal of any form, without its quotes, as written.
    String,
    /// `::`, `==`, `!=`, or one other character.
    Mark,
}

/// A piece of code and the line it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) line: usize,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::String && self.text == text
    }
}

/// The tokens of a source file. Comments, character literals and lifetimes are left out.
pub(super) fn read(text: &str) -> Vec<Token> {
    let mut reader = Reader {
        rest: text,
        line: 1,
        tokens: Vec::new(),
    };
    while !reader.rest.is_empty() {
        reader.step();
    }
    reader.tokens
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
    tokens: Vec<Token>,
}

impl<'t> Reader<'t> {
    fn step(&mut self) {
        if self.rest.starts_with("//") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.take(end);
        } else if self.rest.starts_with("/*") {
            let end = block_comment(self.rest);
            self.take(end);
        } else if let Some((open, close)) = raw_string(self.rest) {
            self.string(open, &close, Escapes::No);
        } else if let Some(open) = quoted(self.rest) {
            self.string(open, "\"", Escapes::Yes);
        } else if self.rest.starts_with('\'') || self.rest.starts_with("b'") {
            self.character_or_lifetime();
        } else {
            self.name_or_mark();
        }
    }

    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn push(&mut self, kind: Kind, text: &str, line: usize) {
        let text = text.to_owned();
        self.tokens.push(Token { kind, text, line });
    }

    fn string(&mut self, open: usize, close: &str, escapes: Escapes) {
        let line = self.line;
        self.take(open);
        let mut end = 0;
        loop {
            let rest = &self.rest[end..];
            match rest.chars().next() {
                None => break,
                Some(_) if rest.starts_with(close) => break,
                Some('\\') if escapes == Escapes::Yes => {
                    end += 1 + rest.chars().nth(1).map_or(0, char::len_utf8);
                }
                Some(c) => end += c.len_utf8(),
            }
        }
        let content = self.take(end);
        self.take(close.len().min(self.rest.len()));
        self.push(Kind::String, content, line);
    }

    /// `'a'`, `b'a'` and `'\''` are characters, `'a` is a lifetime.
    fn character_or_lifetime(&mut self) {
        let quote = self.rest.find('\'').unwrap_or(0) + 1;
        self.take(quote);
        let mut next = self.rest.chars();
        let length = match (next.next(), next.next()) {
            (Some('\\'), Some(escaped)) => {
                let from = 1 + escaped.len_utf8();
                self.rest[from..]
                    .find('\'')
                    .map_or(self.rest.len(), |at| from + at + 1)
            }
            (Some(c), Some('\'')) => c.len_utf8() + 1,
            _ => name_length(self.rest),
        };
        self.take(length);
    }

    fn name_or_mark(&mut self) {
        let line = self.line;
        if let Some(raw) = self.rest.strip_prefix("r#")
            && name_length(raw) > 0
        {
            self.take(2);
        }
        let length = name_length(self.rest);
        if length > 0 {
            let name = self.take(length);
            return self.push(Kind::Name, name, line);
        }
        let length = ["::", "==", "!="]
            .iter()
            .find(|mark| self.rest.starts_with(**mark))
            .map_or_else(
                || self.rest.chars().next().map_or(0, char::len_utf8),
                |mark| mark.len(),
            );
        let mark = self.take(length);
        if !mark.trim().is_empty() {
            self.push(Kind::Mark, mark, line);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Yes,
    No,
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| c != '_' && !c.is_alphanumeric())
        .unwrap_or(text.len())
}

/// Where a block comment ends. They nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// How long the opening of a raw string is, and what closes it.
fn raw_string(text: &str) -> Option<(usize, String)> {
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| rest.trim_start_matches('#').starts_with('"'))
    })?;
    let rest = &text[prefix.len()..];
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    Some((
        prefix.len() + hashes + 1,
        format!("\"{}", "#".repeat(hashes)),
    ))
}

/// How long the opening of a string with escapes is.
fn quoted(text: &str) -> Option<usize> {
    ["\"", "b\"", "c\""]
        .into_iter()
        .find(|open| text.starts_with(open))
        .map(str::len)
}

/// Leaves out the items that are there only for tests.
pub(super) fn without_tests(tokens: &[Token]) -> Vec<Token> {
    const ATTRIBUTE: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut rest = tokens;
    while let Some((first, others)) = rest.split_first() {
        let is_test = rest.len() >= ATTRIBUTE.len()
            && rest
                .iter()
                .zip(ATTRIBUTE)
                .all(|(token, text)| token.is(text));
        if is_test {
            rest = &rest[item_length(rest)..];
        } else {
            kept.push(first.clone());
            rest = others;
        }
    }
    kept
}

/// How many tokens an item has, its attributes included.
fn item_length(tokens: &[Token]) -> usize {
    let mut at = 0;
    while tokens.get(at).is_some_and(|token| token.is("#")) {
        at += 1 + group_length(&tokens[at + 1..]);
    }
    // A brace ends a module or a function; in `use a::{b, c};` it does not.
    let ends_with_brace = !tokens[at..]
        .iter()
        .take_while(|token| !token.is("{"))
        .take(6)
        .any(|token| ["use", "static", "type"].iter().any(|word| token.is(word)));
    while let Some(token) = tokens.get(at) {
        if token.is("{") || token.is("(") || token.is("[") {
            at += group_length(&tokens[at..]);
            if ends_with_brace && token.is("{") {
                break;
            }
        } else {
            at += 1;
            if token.is(";") {
                break;
            }
        }
    }
    at
}

/// How many tokens a group in brackets of any kind has.
fn group_length(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if ["(", "[", "{"].iter().any(|open| token.is(open)) {
            depth += 1;
        } else if [")", "]", "}"].iter().any(|close| token.is(close)) {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at + 1;
            }
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::{read, without_tests};

    fn texts(source: &str) -> Vec<String> {
        read(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn literals_are_told_from_code() {
        assert_eq!(
            texts(r#"a("b\"c", r"d\", b"e", 'f', '\'', b'"', g)"#),
            [
                "a", "(", "b\\\"c", ",", "d\\", ",", "e", ",", ",", ",", ",", "g", ")"
            ]
        );
        assert_eq!(
            texts("fn f<'a>(x: &'a str)"),
            ["fn", "f", "<", ">", "(", "x", ":", "&", "str", ")"]
        );
        assert_eq!(
            texts("r#type r##\"a\"#b\"## '\\u{1F600}' 'é' x"),
            ["type", "a\"#b", "x"]
        );
        assert_eq!(texts("a::b==c!=d"), ["a", "::", "b", "==", "c", "!=", "d"]);
    }

    #[test]
    fn lines_are_counted_through_everything() {
        let tokens = read("/* a\n b */ \"c\nd\" // e\nf");
        assert_eq!(
            tokens.iter().map(|token| token.line).collect::<Vec<_>>(),
            [2, 4]
        );
    }

    #[test]
    fn broken_sources_end() {
        for source in [
            "\"a",
            "/* a",
            "'",
            "r#\"a\"",
            "#[cfg(test)]",
            "#[cfg(test)] mod t {",
            "b'",
            "'\\",
        ] {
            without_tests(&read(source));
        }
    }
}
