//! The paths that a source file mentions: what `use` imports, and what is written out in code.

use std::fmt;

use super::token::{Kind, Token};

/// A path with its `crate`, `self` and `super` resolved, and the line of its last segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SourcePath {
    segments: Vec<String>,
    pub(super) line: usize,
}

impl SourcePath {
    pub(super) fn segments(&self) -> &[String] {
        &self.segments
    }

    /// Whether it names `forbidden`, something below it, or everything beside it.
    pub(super) fn reaches(&self, forbidden: &str) -> bool {
        let mut forbidden = forbidden.split("::");
        let mut segments = self.segments.iter();
        loop {
            match (segments.next(), forbidden.next()) {
                (_, None) => return true,
                (Some(segment), Some(_)) if segment == "*" => return true,
                (Some(segment), Some(name)) if segment == name => {}
                _ => return false,
            }
        }
    }
}

impl fmt::Display for SourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segments.join("::"))
    }
}

/// All paths of a file. A single name counts only where it is imported: elsewhere it is as well a
/// variable.
pub(super) fn paths(file: &str, tokens: &[Token]) -> Vec<SourcePath> {
    let mut reader = Reader {
        module: module(file),
        tokens,
        at: 0,
        found: Vec::new(),
    };
    while reader.at < tokens.len() {
        reader.step();
    }
    reader.found
}

/// The module that a file is, as `["crate", "http", "route"]`.
pub(super) fn module(file: &str) -> Vec<String> {
    let below = file.split_once("/src/").map_or(file, |(_, below)| below);
    let below = below.strip_suffix(".rs").unwrap_or(below);
    let names = below
        .split('/')
        .filter(|name| !matches!(*name, "lib" | "main" | "mod"));
    std::iter::once("crate")
        .chain(names)
        .map(str::to_owned)
        .collect()
}

struct Reader<'t> {
    module: Vec<String>,
    tokens: &'t [Token],
    at: usize,
    found: Vec<SourcePath>,
}

impl Reader<'_> {
    fn next_is(&self, text: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.is(text))
    }

    fn step(&mut self) {
        let token = &self.tokens[self.at];
        let imports = token.is("use")
            || token.is("crate") && self.at > 0 && self.tokens[self.at - 1].is("extern");
        if imports {
            self.at += 1;
            self.tree(&[], Single::Counts);
        } else if token.kind == Kind::Name || token.is("::") {
            self.tree(&[], Single::IsAVariable);
        } else {
            self.at += 1;
        }
    }

    /// Reads `a`, `a::b`, `a::*` and `a::{b, c::d}`, each of them below `parent`.
    fn tree(&mut self, parent: &[String], single: Single) {
        let mut segments = parent.to_vec();
        loop {
            if self.next_is("::") {
                self.at += 1;
            }
            let Some(token) = self.tokens.get(self.at) else {
                return;
            };
            if token.is("{") && (!segments.is_empty() || single == Single::Counts) {
                return self.group(&segments);
            }
            let line = token.line;
            if token.kind != Kind::Name && !token.is("*") {
                // `<T as A>::b` and the turbofish `a::<T>` end here.
                if segments.len() > parent.len() {
                    self.found(&segments, line, single);
                } else if parent.is_empty() {
                    self.at += 1;
                }
                return;
            }
            segments.push(token.text.clone());
            self.at += 1;
            if !self.next_is("::") {
                return self.found(&segments, line, single);
            }
        }
    }

    fn group(&mut self, parent: &[String]) {
        self.at += 1;
        while self.at < self.tokens.len() && !self.next_is("}") {
            let before = self.at;
            self.tree(parent, Single::Counts);
            if self.next_is("as") {
                self.at += 2;
            }
            if self.next_is(",") || self.at == before {
                self.at += 1;
            }
        }
        self.at += 1;
    }

    fn found(&mut self, mut segments: &[String], line: usize, single: Single) {
        if segments.len() == 1 && single == Single::IsAVariable {
            return;
        }
        let mut resolved = Vec::new();
        if let [first, _, ..] = segments
            && (first == "self" || first == "super")
        {
            resolved.clone_from(&self.module);
        }
        while let [first, others @ ..] = segments
            && first == "super"
        {
            resolved.pop();
            segments = others;
        }
        // `use a::{self}` names `a`.
        resolved.extend(segments.iter().filter(|name| *name != "self").cloned());
        self.found.push(SourcePath {
            segments: resolved,
            line,
        });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Single {
    Counts,
    IsAVariable,
}

#[cfg(test)]
mod tests {
    use super::{super::token, paths};

    fn found(text: &str) -> Vec<String> {
        paths("mock-server/src/http/route.rs", &token::read(text))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn imports_and_expressions() {
        assert_eq!(
            found("use a::{self, b::{C, d::*}, e as f}; fn g(x: h::I<j::K>) { l::m::<N>(o) }"),
            ["a", "a::b::C", "a::b::d::*", "a::e", "h::I", "j::K", "l::m"]
        );
        assert_eq!(found("use {a::B, c};"), ["a::B", "c"]);
        assert_eq!(
            found("pub(in crate::http) fn f() { <A as b::C>::d() }"),
            ["crate::http", "b::C"]
        );
        assert_eq!(found("if a == b { c(d) } else { ::e::f() }"), ["e::f"]);
    }

    #[test]
    fn relative_paths_are_resolved() {
        assert_eq!(
            found(
                "use super::auth; use self::tests; use super::super::store::X; use super::{body, super::app};"
            ),
            [
                "crate::http::auth",
                "crate::http::route::tests",
                "crate::store::X",
                "crate::http::body",
                "crate::app",
            ]
        );
    }

    #[test]
    fn broken_sources_end() {
        for text in [
            "use",
            "use a::",
            "use a::{",
            "a::{b",
            "::",
            "use a::{b::",
            "extern crate",
        ] {
            found(text);
        }
    }
}
