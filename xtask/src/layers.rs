//! `cargo xtask layers`: checks which modules import which.
//!
//! The modules of a crate form a ladder: a module imports only from rungs below its own, and
//! modules never import each other in a circle. Some words are allowed in some modules only. The
//! check reads sources as rustfmt writes them, without comments and items for tests.

mod rules;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::Path,
};

use anyhow::{Result, bail};

use self::rules::{LADDERS, Ladder, ONLY, PURE};
use crate::workspace;

/// A source file: its path from the root of the workspace and its text.
struct Source {
    path: String,
    text: String,
}

/// Checks everything; the error shows how many places break a rule.
pub(crate) fn run() -> Result<()> {
    let root = workspace::root();
    let crates = crates(&std::fs::read_to_string(root.join("Cargo.toml"))?);
    let mut files = Vec::new();
    for path in workspace::files(&root)? {
        let is_source = Path::new(&path)
            .extension()
            .is_some_and(|extension| extension == "rs");
        if is_source && LADDERS.iter().any(|ladder| path.starts_with(ladder.within)) {
            let text = std::fs::read_to_string(root.join(&path))?;
            files.push(Source { path, text });
        }
    }
    let found: Vec<String> = LADDERS
        .iter()
        .flat_map(|ladder| check(ladder, &crates, &files))
        .collect();
    for violation in &found {
        eprintln!("{violation}");
    }
    if !found.is_empty() {
        bail!("layers: {} places break a rule", found.len());
    }
    println!("layers: {} files keep the rules", files.len());
    Ok(())
}

/// The names of the dependencies of a workspace, as code writes them.
fn crates(manifest: &str) -> BTreeSet<String> {
    let (_, table) = manifest
        .split_once("[workspace.dependencies]")
        .unwrap_or_default();
    let lines = table.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| Some(line.split_once(" = ")?.0.replace('-', "_")))
        .collect()
}

/// An import of another file of the crate.
struct Import {
    from: String,
    line: usize,
    to: String,
}

type Paths = Vec<(usize, Vec<String>)>;

/// Every place of a crate that breaks a rule, as `file:line: what; why`.
fn check(ladder: &Ladder, crates: &BTreeSet<String>, files: &[Source]) -> Vec<String> {
    let within = ladder.within;
    let sources: BTreeMap<String, Vec<(usize, &str)>> = files
        .iter()
        .filter(|file| !file.path.ends_with("/tests.rs") && !file.path.contains("/tests/"))
        .filter_map(|file| {
            let module = file.path.strip_prefix(within)?.strip_suffix(".rs")?;
            Some((module[1..].replace('/', "::"), code(&file.text)))
        })
        .collect();
    let named: BTreeMap<String, Paths> = sources
        .iter()
        .map(|(module, code)| (module.clone(), paths(code)))
        .collect();
    let place = |module: &str, line: usize| {
        let path = module.replace("::", "/");
        format!("{within}/{path}.rs:{line}")
    };
    let mut found = Vec::new();
    for name in ladder.rungs.concat() {
        if !sources.keys().any(|module| is_in(module, name)) {
            found.push(format!("{within}: `{name}` has a rung and does not exist"));
        }
    }
    let mut imports: Vec<Import> = Vec::new();
    for (module, code) in &sources {
        let Some((rung, entry)) = ladder.entry(module) else {
            found.push(format!("{}: this module has no rung", place(module, 1)));
            continue;
        };
        for (line, text) in code {
            for (_, texts, modules, why) in ONLY.iter().filter(|only| only.0 == within) {
                let allowed = modules.iter().any(|allowed| is_in(module, allowed));
                for word in texts.iter().filter(|word| !allowed && has(text, word)) {
                    found.push(format!("{}: {word}; {why}", place(module, *line)));
                }
            }
        }
        for (line, path) in &named[module] {
            let at = place(module, *line);
            let pure = PURE
                .iter()
                .find(|pure| pure.0 == within && is_in(module, pure.1));
            if let Some((_, _, allowed)) = pure
                && crates.contains(&path[0])
                && !allowed.split(' ').any(|name| name == path[0])
            {
                let name = &path[0];
                found.push(format!("{at}: {name}; `{entry}` may use only {allowed}"));
            }
            let Some(to) = target(module, path, &named).filter(|to| to != module) else {
                continue;
            };
            if let Some((other_rung, other)) = ladder.entry(&to)
                && other != entry
                && other_rung >= rung
            {
                let path = path.join("::");
                found.push(format!(
                    "{at}: {path}; `{other}` is not below `{entry}`: pass what it needs as a \
                     parameter, or move it to a lower module"
                ));
            }
            let family = is_in(&to, module) || is_in(module, &to);
            if !(ladder.families && family) {
                imports.push(Import {
                    from: module.clone(),
                    line: *line,
                    to,
                });
            }
        }
    }
    for circle in circles(&imports) {
        let steps = circle.iter().map(|import| place(&import.from, import.line));
        let steps: Vec<String> = steps.collect();
        found.push(format!(
            "{}; these files import each other: move what both need to a file of its own",
            steps.join(" -> ")
        ));
    }
    found
}

impl Ladder {
    /// The entry that a module belongs to, the longest that fits, and the number of its rung.
    fn entry(&self, module: &str) -> Option<(usize, &'static str)> {
        let entries = self.rungs.iter().enumerate();
        entries
            .flat_map(|(rung, names)| names.iter().map(move |name| (rung, *name)))
            .filter(|(_, name)| is_in(module, name))
            .max_by_key(|(_, name)| name.len())
    }
}

fn is_in(module: &str, entry: &str) -> bool {
    let rest = module.strip_prefix(entry);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// True if a text is in a line, and not in the middle of a name.
fn has(line: &str, text: &str) -> bool {
    let of_name = |c: char| c == '_' || c.is_alphanumeric();
    let inside = |c: Option<char>| c.is_some_and(of_name) && text.starts_with(of_name);
    line.match_indices(text).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + text.len()..]);
        !inside(before.chars().next_back()) && !inside(after.chars().next())
    })
}

/// The lines of a file with their numbers, without comments and without items for tests.
fn code(text: &str) -> Vec<(usize, &str)> {
    let mut kept = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let bare = line.trim_start();
        if bare == "#[cfg(test)]" {
            let indent = &line[..line.len() - bare.len()];
            let ends = |line: &str| {
                let item = line.strip_prefix(indent).unwrap_or(" ");
                !item.starts_with([' ', '#']) && item.ends_with(['}', ';'])
            };
            lines.by_ref().find(|(_, line)| ends(line));
        } else if !bare.starts_with("//") {
            kept.push((number, line.split(" // ").next().unwrap_or(line)));
        }
    }
    kept
}

/// All paths of a file with their lines, as segments.
fn paths(code: &[(usize, &str)]) -> Paths {
    let mut found = Vec::new();
    let mut lines = code.iter();
    while let Some((number, line)) = lines.next() {
        let import = line.trim_start().split_once("use ").filter(|(before, _)| {
            before.is_empty() || before.starts_with("pub") && before.ends_with(' ')
        });
        // Code that is written by code is in strings, with doubled braces.
        let import = import.filter(|(_, tree)| !tree.contains("{{"));
        let mut texts = Vec::new();
        if let Some((_, tree)) = import {
            let mut tree = tree.to_owned();
            while !tree.ends_with(';')
                && let Some((_, line)) = lines.next()
            {
                tree += line.trim();
            }
            expand("", tree.trim_end_matches(';'), &mut texts);
        } else {
            let unquoted: String = line.split('"').step_by(2).collect();
            let words = unquoted.split(|c: char| c != '_' && c != ':' && !c.is_alphanumeric());
            texts.extend(words.filter(|word| word.contains("::")).map(str::to_owned));
        }
        for text in texts {
            let segments = text.split("::").filter(|segment| !segment.is_empty());
            let segments: Vec<String> = segments.map(str::to_owned).collect();
            if !segments.is_empty() {
                found.push((*number, segments));
            }
        }
    }
    found
}

/// `a::{b, c::d as e}` as `a::b` and `a::c::d`.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree);
        let path = format!("{prefix}{path}");
        return paths.push(path.trim_end_matches("::self").to_owned());
    };
    let prefix = format!("{prefix}{head}");
    let (mut depth, mut start) = (0, 0);
    for (at, c) in rest.char_indices() {
        match c {
            ',' | '}' if depth == 0 => {
                let part = rest[start..at].trim();
                if !part.is_empty() {
                    expand(&prefix, part, paths);
                }
                start = at + 1;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
}

/// The module of this crate that a path reaches: the longest that it begins with.
fn target(module: &str, path: &[String], modules: &BTreeMap<String, Paths>) -> Option<String> {
    let mut own: Vec<&str> = module.split("::").collect();
    own.retain(|name| !["lib", "main"].contains(name));
    let mut rest = path.iter().map(String::as_str).peekable();
    match path[0].as_str() {
        "crate" => {
            own.clear();
            rest.next();
        }
        "self" => drop(rest.next()),
        "super" => {
            while rest.next_if(|name| *name == "super").is_some() {
                own.pop();
            }
        }
        // A child module is named without `self::` too.
        child if !modules.contains_key(&[own.as_slice(), &[child]].concat().join("::")) => {
            return None;
        }
        _ => {}
    }
    own.extend(rest);
    let known = |segments: &[&str]| {
        let longest = (1..=segments.len()).rev();
        let mut names = longest.map(|end| segments[..end].join("::"));
        names.find(|name| modules.contains_key(name))
    };
    known(&own).or_else(|| {
        // `crate::Item` is what the root re-exports from one of its modules, or its own.
        let mut roots = ["lib", "main"].into_iter();
        let root = roots.find(|root| modules.contains_key(*root))?;
        let item = own.first()?;
        let exports = modules[root].iter().map(|(_, export)| export);
        exports
            .filter(|export| module != root && export.last().is_some_and(|last| last == item))
            .find_map(|export| known(&export.iter().map(String::as_str).collect::<Vec<_>>()))
            .or(Some(root.to_owned()))
    })
}

/// The shortest circle of each group of files that import each other.
fn circles(imports: &[Import]) -> Vec<Vec<&Import>> {
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    let starts: BTreeSet<&str> = imports.iter().map(|import| import.from.as_str()).collect();
    for start in starts {
        // Each file that is reached, with the import that reached it first.
        let mut reached: BTreeMap<&str, &Import> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(file) = queue.pop_front() {
            for import in imports.iter().filter(|import| import.from == file) {
                if !reached.contains_key(import.to.as_str()) {
                    reached.insert(&import.to, import);
                    queue.push_back(&import.to);
                }
            }
        }
        let mut circle = Vec::new();
        let mut file = start;
        while let Some(import) = reached.get(file).filter(|_| !reported.contains(start)) {
            circle.insert(0, *import);
            file = &import.from;
            if file == start {
                reported.extend(circle.iter().map(|import| import.from.as_str()));
                found.push(circle);
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Ladder, Source, check, crates, expand};

    const LADDER: Ladder = Ladder {
        within: "mock-server/src",
        families: false,
        rungs: &[&["domain", "wire"], &["http"], &["http::inner"], &["lib"]],
    };

    /// Problems of a crate with these files, beside the files that every rung needs.
    fn found(ladder: &Ladder, files: &[(&str, &str)]) -> Vec<String> {
        let mut tree = vec![
            ("domain", ""),
            ("wire", ""),
            ("http", ""),
            ("http/inner", ""),
            ("lib", "pub use domain::Item;"),
        ];
        tree.retain(|(name, _)| !files.iter().any(|(given, _)| given == name));
        tree.extend(files);
        let files: Vec<Source> = tree
            .iter()
            .map(|(name, text)| Source {
                path: format!("mock-server/src/{name}.rs"),
                text: (*text).to_owned(),
            })
            .collect();
        let manifest = "[workspace.dependencies]\nserde-json = \"1\"\n[profile.dev]\na = 1\n";
        check(ladder, &crates(manifest), &files)
    }

    #[test]
    fn what_is_allowed() {
        for files in [
            &[("http", "use crate::{domain::X, wire};")][..],
            &[("http/inner", "use super::Y;\nfn f() { crate::wire::g() }")],
            &[("http", "use axum::http::StatusCode;\nuse crate::Item;")],
            &[
                ("domain/one", "use super::X;"),
                ("domain/two", "use super::one::Z;"),
            ],
            &[(
                "domain",
                "#[cfg(test)]\nmod tests {\n    use crate::http::X;\n}\nfn f() {}",
            )],
            &[(
                "domain",
                "/// [`crate::http::X`]\n// use axum;\nfn f(axum_like: u8) {}",
            )],
            &[("domain", "const A: &str = \"crate::http::X\";")],
            &[("domain/tests", "use crate::http::X;")],
        ] {
            assert_eq!(found(&LADDER, files), [""; 0], "{files:?}");
        }
    }

    #[test]
    fn what_is_refused_and_where() {
        for (files, expected) in [
            (
                &[("domain", "\nuse crate::http::X;")][..],
                "domain.rs:2: crate::http::X; `http` is not below `domain`",
            ),
            (
                &[("domain", "use crate::wire;")],
                "domain.rs:1: crate::wire; `wire` is not below",
            ),
            (
                &[("domain/one", "fn f() { super::super::http::g() }")],
                "domain/one.rs:1: super::super::http::g",
            ),
            (
                &[("http", "pub use inner::X;")],
                "http.rs:1: inner::X; `http::inner` is not below",
            ),
            (
                &[("http", "use crate::Top;")],
                "http.rs:1: crate::Top; `lib` is not below",
            ),
            (
                &[(
                    "domain",
                    "use crate::{\n    http::{\n        X,\n    },\n};",
                )],
                "domain.rs:1: crate::http::X",
            ),
            (
                &[("domain", "pub(crate) use axum::X;")],
                "domain.rs:1: axum; only what serves knows HTTP",
            ),
            (
                &[("domain", "const A: &str = \"guide\";")],
                "domain.rs:1: \"guide\"; behaviour differs",
            ),
            (
                &[("wire", "fn f() { serde_json::to_string() }")],
                "wire.rs:1: serde_json; `wire` may use only",
            ),
            (
                &[("new/part", "")],
                "new/part.rs:1: this module has no rung",
            ),
            (
                &[
                    ("http/one", "use super::two;"),
                    ("http/two", "\nuse super::one;"),
                ],
                "http/one.rs:1 -> mock-server/src/http/two.rs:2; these files import each other",
            ),
        ] {
            let found = found(&LADDER, files);
            let place = format!("mock-server/src/{expected}");
            assert!(
                found.len() == 1 && found[0].starts_with(&place),
                "{files:?}: {found:?}"
            );
        }
        let missing = Ladder {
            rungs: &[
                &["domain", "wire"],
                &["http", "gone"],
                &["http::inner"],
                &["lib"],
            ],
            ..LADDER
        };
        assert_eq!(
            found(&missing, &[]),
            ["mock-server/src: `gone` has a rung and does not exist"]
        );
    }

    #[test]
    fn a_module_and_its_submodule_are_a_circle_where_the_ladder_says_so() {
        let files = [
            ("domain", "use self::one::Y;"),
            ("domain/one", "use super::X;"),
        ];
        assert_eq!(found(&LADDER, &files).len(), 1);
        let families = Ladder {
            families: true,
            ..LADDER
        };
        assert_eq!(found(&families, &files), [""; 0]);
    }

    #[test]
    fn a_tree_of_imports_is_a_list_of_paths() {
        let mut paths = Vec::new();
        expand("", "a::{self, b::{C, d::*}, e as f}", &mut paths);
        assert_eq!(paths, ["a", "a::b::C", "a::b::d::*", "a::e"]);
    }
}
