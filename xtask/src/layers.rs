//! `cargo xtask layers`: which part of the sources may mention what.
//!
//! The rules are data. They are asked of the code as the compiler sees it: comments, doc comments
//! and tests do not count, and a path counts however it is written (`use crate::{codec, wire}`,
//! `super::super::codec`, a path in the middle of an expression).

mod ladder;
mod paths;
mod token;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::workspace;
use token::{Kind, Token};

/// What some sources must not mention.
struct Rule {
    /// What the rule wants, in words.
    says: &'static str,
    /// Where it holds: `a/b` means the file `a/b.rs`, the file `a/b`, and everything below `a/b/`.
    within: &'static [&'static str],
    /// Where it does not hold, written the same way.
    except: &'static [&'static str],
    /// What must not be mentioned there.
    forbids: Forbidden,
}

enum Forbidden {
    /// Crates (`axum`) and modules (`crate::codec`), and all below them.
    Paths(&'static [&'static str]),
    /// A name, in whatever path it stands.
    Name(&'static str),
    /// String literals that are exactly this.
    Strings(&'static [&'static str]),
    /// Tokens in a row.
    Tokens(&'static [&'static [&'static str]]),
}

/// The files of the conformance suite that may know the emulator: the one that starts it.
const EMBEDDED: &[&str] = &["conformance/src/target/embedded.rs"];

const RULES: &[Rule] = &[
    Rule {
        says: "domain is pure: it knows no HTTP, no format, no runtime and nothing that serves",
        within: &["mock-server/src/domain"],
        except: &[],
        forbids: Forbidden::Paths(&[
            "axum",
            "hyper",
            "http",
            "serde",
            "serde_json",
            "quick_xml",
            "tokio",
            "crate::admin",
            "crate::app",
            "crate::cli",
            "crate::codec",
            "crate::config",
            "crate::fault",
            "crate::http",
            "crate::server",
            "crate::store",
        ]),
    },
    Rule {
        says: "codec turns bytes into wire values and back: it knows no HTTP and no domain",
        within: &["mock-server/src/codec"],
        except: &[],
        forbids: Forbidden::Paths(&[
            "axum",
            "hyper",
            "http",
            "tokio",
            "crate::admin",
            "crate::app",
            "crate::cli",
            "crate::config",
            "crate::domain",
            "crate::fault",
            "crate::http",
            "crate::server",
            "crate::store",
        ]),
    },
    Rule {
        says: "wire values are plain data: they know no module of their crate",
        within: &["mock-server/src/wire"],
        except: &[],
        forbids: Forbidden::Paths(&["crate"]),
    },
    Rule {
        says: "a status is chosen in http, and for the control API in admin, nowhere else",
        within: &["mock-server/src"],
        except: &["mock-server/src/http", "mock-server/src/admin"],
        forbids: Forbidden::Name("StatusCode"),
    },
    Rule {
        says: "behaviour differs through the options of a profile, never by its name; \
               only the default of the configuration names one",
        within: &["mock-server/src"],
        except: &["mock-server/src/config"],
        forbids: Forbidden::Strings(&["guide", "published"]),
    },
    Rule {
        says: "behaviour differs through the options of a profile: names are not compared",
        within: &["mock-server/src"],
        except: &[],
        forbids: Forbidden::Tokens(&[
            &[".", "name", "(", ")", "=="],
            &[".", "name", "(", ")", "!="],
        ]),
    },
    Rule {
        says: "the conformance suite is a black box: only the file that starts the emulator knows it",
        within: &["conformance/src"],
        except: EMBEDDED,
        forbids: Forbidden::Name("bandwidth_mock"),
    },
    Rule {
        says: "suites and fuzz never use the emulator",
        within: &["conformance/src/suites", "conformance/src/fuzz"],
        except: &[],
        forbids: Forbidden::Paths(&["bandwidth_mock"]),
    },
    Rule {
        says: "fixtures stand below all other packages of the workspace",
        within: &["fixtures/src"],
        except: &[],
        forbids: Forbidden::Paths(&["bandwidth_conformance", "bandwidth_mock", "xtask"]),
    },
];

/// Where sources are.
const SOURCES: &[&str] = &["fixtures/src", "mock-server/src", "conformance/src"];

/// Checks all rules; the error tells how many places break one.
pub(crate) fn run() -> Result<()> {
    let root = workspace::root();
    let mut files = Vec::new();
    for folder in SOURCES {
        read_sources(&root, &root.join(folder), &mut files)?;
    }
    let mut found = unused_places(RULES, &files);
    found.extend(ladder::CONFORMANCE.check(&files));
    for file in &files {
        found.extend(check(RULES, file));
    }
    for violation in &found {
        eprintln!("{violation}");
    }
    match found.len() {
        0 => {
            let rules = RULES.len();
            println!("layers: {} files keep {rules} rules", files.len());
            Ok(())
        }
        1 => bail!("layers: 1 place breaks a rule"),
        count => bail!("layers: {count} places break a rule"),
    }
}

/// A source file: its path from the root of the workspace, with `/`, and its text.
struct Source {
    path: String,
    text: String,
}

fn read_sources(root: &Path, folder: &Path, files: &mut Vec<Source>) -> Result<()> {
    let list = || format!("cannot list {}", folder.display());
    let mut entries = fs::read_dir(folder)
        .with_context(list)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<PathBuf>>>()
        .with_context(list)?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read_sources(root, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let path = path.strip_prefix(root).unwrap_or(&path);
            let path = path.to_string_lossy().replace('\\', "/");
            files.push(Source { path, text });
        }
    }
    Ok(())
}

/// A rule whose places do not exist checks nothing, and an exception that does not exist hides
/// that something was renamed.
fn unused_places(rules: &[Rule], files: &[Source]) -> Vec<String> {
    rules
        .iter()
        .flat_map(|rule| rule.within.iter().chain(rule.except))
        .filter(|place| !files.iter().any(|file| stands_in(&file.path, place)))
        .map(|place| format!("{place}: named by a rule of xtask/src/layers.rs, but not there"))
        .collect()
}

fn stands_in(path: &str, place: &str) -> bool {
    path.strip_prefix(place)
        .is_some_and(|rest| matches!(rest, "" | ".rs") || rest.starts_with('/'))
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The code of a file that is not there for tests alone.
fn code(file: &Source) -> Vec<Token> {
    token::without_tests(&token::read(&file.text))
}

/// The places of one file that break a rule, as `file:line: what; the rule`.
fn check(rules: &[Rule], file: &Source) -> Vec<String> {
    if is_test(&file.path) {
        return Vec::new();
    }
    let tokens = code(file);
    let paths = paths::paths(&file.path, &tokens);
    let applies = |rule: &&Rule| {
        let stands = |place: &&str| stands_in(&file.path, place);
        rule.within.iter().any(stands) && !rule.except.iter().any(stands)
    };
    let mut found = Vec::new();
    for rule in rules.iter().filter(applies) {
        let mut report = |line: usize, what: &str| {
            found.push((line, format!("{}:{line}: {what}; {}", file.path, rule.says)));
        };
        match rule.forbids {
            Forbidden::Paths(forbidden) => {
                for path in &paths {
                    if forbidden.iter().any(|forbidden| path.reaches(forbidden)) {
                        report(path.line, &path.to_string());
                    }
                }
            }
            Forbidden::Name(name) => {
                for token in &tokens {
                    if token.kind == Kind::Name && token.text == name {
                        report(token.line, name);
                    }
                }
            }
            Forbidden::Strings(forbidden) => {
                for token in &tokens {
                    if token.kind == Kind::String && forbidden.contains(&token.text.as_str()) {
                        report(token.line, &format!("\"{}\"", token.text));
                    }
                }
            }
            Forbidden::Tokens(rows) => {
                for forbidden in rows {
                    let same = |row: &&[Token]| {
                        let mut pairs = row.iter().zip(*forbidden);
                        pairs.all(|(token, text)| token.is(text))
                    };
                    for row in tokens.windows(forbidden.len()).filter(same) {
                        report(row[0].line, &forbidden.concat());
                    }
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found.into_iter().map(|(_, text)| text).collect()
}

#[cfg(test)]
mod tests {
    use super::{RULES, Source, check, stands_in, unused_places};

    fn found(path: &str, text: &str) -> Vec<String> {
        let (path, text) = (path.to_owned(), text.to_owned());
        check(RULES, &Source { path, text })
    }

    fn assert_found(path: &str, text: &str, what: &str) {
        let found = found(path, text);
        assert!(
            found.len() == 1 && found[0].starts_with(&format!("{path}:{what}; ")),
            "{path}: {text}\nexpected {what}, found {found:?}"
        );
    }

    fn assert_clean(path: &str, text: &str) {
        assert_eq!(found(path, text), Vec::<String>::new(), "{path}: {text}");
    }

    const DOMAIN: &str = "mock-server/src/domain/user.rs";
    const CODEC: &str = "mock-server/src/codec/xml.rs";

    #[test]
    fn domain_is_pure_however_the_path_is_written() {
        for (text, what) in [
            ("use axum::Router;", "1: axum::Router"),
            ("use ::serde::Serialize;", "1: serde::Serialize"),
            ("\nuse crate::codec::Format;", "2: crate::codec::Format"),
            (
                "use crate::{\n wire,\n store::Store};",
                "3: crate::store::Store",
            ),
            ("use crate::{wire::{A, B}, http};", "1: crate::http"),
            ("use super::super::config;", "1: crate::config"),
            ("use crate::*;", "1: crate::*"),
            ("fn f() { let x = tokio::spawn(g()); }", "1: tokio::spawn"),
            (
                "#[derive(serde::Deserialize)] struct A;",
                "1: serde::Deserialize",
            ),
            ("extern crate hyper;", "1: hyper"),
            ("use http as status;", "1: http"),
            ("pub(crate) use quick_xml::Reader;", "1: quick_xml::Reader"),
            (
                "fn f() -> Option<crate::fault::Rule> {}",
                "1: crate::fault::Rule",
            ),
            ("use r#serde_json::Value;", "1: serde_json::Value"),
        ] {
            assert_found(DOMAIN, text, what);
            assert_found(
                "mock-server/src/domain.rs",
                &text.replace("super::super", "super"),
                what,
            );
        }
    }

    #[test]
    fn what_is_allowed_there() {
        for text in [
            "use crate::wire::UserBody;",
            "use crate::{random::mix, wire};",
            "use super::error::DomainError;",
            "use bandwidth_fixtures::profile::PutSemantics;",
            "fn f(http: u8) -> u8 { http + 1 }",
            "use super::axum_like; use my::axum::X;",
        ] {
            assert_clean(DOMAIN, text);
        }
        assert_clean("mock-server/src/domainish.rs", "use axum::Router;");
        assert_clean(
            "mock-server/src/http/route.rs",
            "use axum::http::StatusCode;",
        );
    }

    #[test]
    fn comments_strings_and_tests_do_not_count() {
        for text in [
            "// use axum::Router;",
            "/// See [`crate::codec::encode`].\nfn f() {}",
            "//! use serde::Serialize;",
            "/* use tokio; /* nested */ use hyper::X; */",
            "fn f() -> &'static str { \"use axum::Router;\" }",
            "fn f() -> &'static str { r##\"crate::store\"# axum::X\"## }",
            "fn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' } // axum::X",
            "#[cfg(test)]\nmod tests { use axum::Router; fn f() { let _ = \"}\"; } }",
            "#[cfg(test)]\nmod tests;",
            "#[cfg(test)]\n#[expect(unused)]\nuse crate::{codec, store};",
        ] {
            assert_clean(DOMAIN, text);
        }
        assert_clean("mock-server/src/domain/tests.rs", "use axum::Router;");
        assert_found(
            DOMAIN,
            "#[cfg(test)]\nmod tests { use super::X; fn f() {} }\nuse axum::Router;",
            "3: axum::Router",
        );
        assert_found(
            DOMAIN,
            "#[cfg(not(test))]\nuse axum::Router;",
            "2: axum::Router",
        );
    }

    #[test]
    fn codec_and_wire() {
        assert_found(CODEC, "use crate::domain::User;", "1: crate::domain::User");
        assert_clean(
            CODEC,
            "use serde_json::Value; use quick_xml::Reader; use crate::wire::X;",
        );
        let wire = "mock-server/src/wire.rs";
        assert_found(wire, "use crate::clock::Clock;", "1: crate::clock::Clock");
        assert_found(wire, "use super::clock;", "1: crate::clock");
        assert_clean(wire, "use bandwidth_fixtures::Secret; pub(crate) struct A;");
    }

    #[test]
    fn statuses_are_chosen_in_http() {
        let text = "fn f() -> axum::http::StatusCode { axum::http::StatusCode::OK }";
        assert_found("mock-server/src/store.rs", text, "1: StatusCode");
        assert_clean("mock-server/src/http.rs", text);
        assert_clean("mock-server/src/admin/faults.rs", text);
    }

    #[test]
    fn no_profile_is_asked_for_its_name() {
        let route = "mock-server/src/http/route.rs";
        assert_found(
            route,
            "fn f(n: &str) -> bool { n == \"guide\" }",
            "1: \"guide\"",
        );
        assert_found(
            route,
            "fn f() { match n { r\"published\" => 1 } }",
            "1: \"published\"",
        );
        assert_found(route, "if app.profile.name() == other {}", "1: .name()==");
        assert_found(route, "if app.profile.name() != other {}", "1: .name()!=");
        assert_clean(
            route,
            "/// the profile \"guide\"\nfn f() { let a = \"the guide\"; }",
        );
        assert_clean(
            "mock-server/src/config.rs",
            "NamedProfile::built_in(\"guide\")",
        );
    }

    #[test]
    fn the_suite_is_a_black_box() {
        let case = "conformance/src/suites/users.rs";
        let report = "conformance/src/report.rs";
        assert_found(
            report,
            "use bandwidth_mock::MockServer;",
            "1: bandwidth_mock",
        );
        assert_clean(
            case,
            "use bandwidth_fixtures::Golden; // not bandwidth_mock",
        );
        let embedded = super::EMBEDDED[0];
        assert_clean(embedded, "use bandwidth_mock::MockServer;");
        assert_found(
            "fixtures/src/lib.rs",
            "use bandwidth_mock::X;",
            "1: bandwidth_mock::X",
        );
    }

    #[test]
    fn places() {
        assert!(stands_in("a/b.rs", "a/b"));
        assert!(stands_in("a/b/c.rs", "a/b"));
        assert!(stands_in("a/b.rs", "a/b.rs"));
        assert!(!stands_in("a/bc.rs", "a/b"));
        let file = Source {
            path: "fixtures/src/lib.rs".to_owned(),
            text: String::new(),
        };
        let unused = unused_places(RULES, &[file]);
        assert!(
            unused
                .iter()
                .any(|text| text.starts_with("mock-server/src/domain: "))
        );
        assert!(!unused.iter().any(|text| text.starts_with("fixtures/src: ")));
    }
}
