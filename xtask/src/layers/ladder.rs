//! The ladder of a crate: a module imports only from rungs below its own, and files never import
//! each other in a circle.

use std::collections::{BTreeMap, VecDeque};

use super::{Source, code, is_test, paths};

/// The modules of a crate by rung, the lowest first. A submodule belongs to its module, unless it
/// has an entry of its own (`target::embedded`). Modules of one rung do not import each other.
pub(super) struct Ladder {
    /// The folder of the crate's sources.
    pub(super) within: &'static str,
    pub(super) rungs: &'static [&'static [&'static str]],
}

/// An import: the importing file, the line, the file that it reaches, and the path as resolved.
struct Import<'f> {
    from: &'f str,
    line: usize,
    to: &'f str,
    path: String,
}

impl Ladder {
    /// Every place that breaks the ladder, as `file:line: what; what to do`.
    pub(super) fn check(&self, files: &[Source]) -> Vec<String> {
        let files: Vec<&Source> = files
            .iter()
            .filter(|file| self.module(&file.path).is_some() && !is_test(&file.path))
            .collect();
        let imports = self.imports(&files);
        let mut found = self.unknown(&files);
        found.extend(imports.iter().filter_map(|import| self.climbs(import)));
        found.extend(circles(&imports));
        found
    }

    /// `target::embedded` for `within/target/embedded.rs`, `lib` and `main` for the roots.
    fn module(&self, path: &str) -> Option<String> {
        let below = path.strip_prefix(self.within)?.strip_prefix('/')?;
        Some(below.strip_suffix(".rs")?.replace('/', "::"))
    }

    /// The entry that a file belongs to, the longest that fits, and the number of its rung.
    fn entry(&self, path: &str) -> Option<(usize, &'static str)> {
        let module = self.module(path)?;
        let entries = self.rungs.iter().enumerate();
        entries
            .flat_map(|(rung, names)| names.iter().map(move |name| (rung, *name)))
            .filter(|(_, name)| {
                let rest = module.strip_prefix(name);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            })
            .max_by_key(|(_, name)| name.len())
    }

    /// Modules without an entry, and entries without a module.
    fn unknown(&self, files: &[&Source]) -> Vec<String> {
        let table = "xtask/src/layers/ladder.rs";
        let without = files.iter().filter(|file| self.entry(&file.path).is_none());
        let mut found: Vec<String> = without
            .map(|file| {
                format!(
                    "{}:1: this module has no rung; add it to {table}",
                    file.path
                )
            })
            .collect();
        for name in self.rungs.concat() {
            let place = format!("{}/{}", self.within, name.replace("::", "/"));
            if !files
                .iter()
                .any(|file| super::stands_in(&file.path, &place))
            {
                found.push(format!(
                    "{place}: has a rung in {table}, but does not exist"
                ));
            }
        }
        found
    }

    fn imports<'f>(&self, files: &[&'f Source]) -> Vec<Import<'f>> {
        let modules: BTreeMap<String, &str> = files
            .iter()
            .filter_map(|file| Some((self.module(&file.path)?, file.path.as_str())))
            .collect();
        // The file of a path is the longest module that it begins with; `crate::Item` is of `lib`.
        let file_of = |segments: &[String]| {
            let longest = (1..=segments.len()).rev();
            let mut named = longest.filter_map(|end| modules.get(&segments[..end].join("::")));
            named.next().or_else(|| modules.get("lib")).copied()
        };
        let mut imports = Vec::new();
        for file in files {
            let own = paths::module(&file.path);
            for path in paths::paths(&file.path, &code(file)) {
                let segments = match path.segments() {
                    [first, rest @ ..] if first == "crate" => rest.to_vec(),
                    // A child module is named without `self::` too.
                    relative => {
                        let child = [&own[1..], relative].concat();
                        let known = modules.contains_key(&child[..own.len()].join("::"));
                        if known { child } else { continue }
                    }
                };
                if let Some(to) = file_of(&segments).filter(|to| *to != file.path) {
                    imports.push(Import {
                        from: &file.path,
                        line: path.line,
                        to,
                        path: path.to_string(),
                    });
                }
            }
        }
        imports
    }

    fn climbs(&self, import: &Import<'_>) -> Option<String> {
        let (from, to) = (self.entry(import.from)?, self.entry(import.to)?);
        let Import {
            from: file,
            line,
            path,
            ..
        } = import;
        (from.1 != to.1 && to.0 >= from.0).then(|| {
            format!(
                "{file}:{line}: {path}; `{}` is on rung {}, and `{}` on rung {} imports only from rungs below: pass what it needs as a parameter, or move it to a lower module",
                to.1, to.0 + 1, from.1, from.0 + 1,
            )
        })
    }
}

/// The shortest circle of each group of files that import each other.
fn circles(imports: &[Import<'_>]) -> Vec<String> {
    let mut graph: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for import in imports {
        let targets = graph.entry(import.from).or_default();
        targets.entry(import.to).or_insert(import.line);
    }
    let mut reported: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for start in graph.keys().copied() {
        if reported.contains(&start) {
            continue;
        }
        // From each file the one that it was first reached from.
        let mut reached: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(file) = queue.pop_front() {
            for next in graph.get(file).into_iter().flat_map(BTreeMap::keys) {
                if !reached.contains_key(next) {
                    reached.insert(next, file);
                    queue.push_back(next);
                }
            }
        }
        let mut circle = Vec::new();
        let mut file = start;
        while let Some(before) = reached.get(file) {
            circle.insert(0, format!("{before}:{}", graph[before][file]));
            reported.push(before);
            file = before;
            if file == start {
                let files = circle.join(" -> ");
                found.push(format!(
                    "{files} -> {start}: these files import each other; move what both need to a file of its own"
                ));
                break;
            }
        }
    }
    found
}

/// The ladder of the conformance suite.
pub(super) const CONFORMANCE: Ladder = Ladder {
    within: "conformance/src",
    rungs: &[
        &["error", "verdict", "redact", "random", "leftover", "files"],
        &["claims", "password", "target"],
        &["login", "limits"],
        &["transport"],
        &["exchange", "challenges", "token", "decode"],
        &["wire", "transcript"],
        &["fit", "dispatch"],
        &["account"],
        &["dialogue"],
        &["target::embedded", "case"],
        &["suites", "probe", "fuzz", "describe"],
        &["registry", "outcome"],
        &["known", "runner", "report"],
        &["cli"],
        &["surroundings"],
        &["commands"],
        &["lib"],
        &["main"],
    ],
};

#[cfg(test)]
mod tests {
    use super::{Ladder, Source};

    const LADDER: Ladder = Ladder {
        within: "c/src",
        rungs: &[&["a", "b"], &["c"], &["c::inner"], &["lib"]],
    };

    /// What is wrong with a crate of these files beside those that every rung needs.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let mut tree = vec![
            ("a", ""),
            ("b", ""),
            ("c", ""),
            ("c/inner", ""),
            ("lib", ""),
        ];
        tree.retain(|(name, _)| !files.iter().any(|(given, _)| given == name));
        tree.extend(files);
        let files: Vec<Source> = tree
            .iter()
            .map(|(name, text)| Source {
                path: format!("c/src/{name}.rs"),
                text: (*text).to_owned(),
            })
            .collect();
        LADDER.check(&files)
    }

    #[test]
    fn imports_from_lower_rungs_and_within_a_module_are_allowed() {
        for files in [
            &[("c", "use crate::{a::X, b};")][..],
            &[("c/inner", "use super::Y; fn f() { crate::a::g() }")],
            &[("lib", "mod a; mod c; fn f() { c::g(a::X) }")],
            &[("a/one", "use super::X;"), ("a/two", "use super::one::Z;")],
            &[("a", "#[cfg(test)]\nmod tests { use crate::c::X; }")],
            &[("a", "/// [`crate::c::X`]\nfn f(c: u8) { c }")],
            &[("a/tests", "use crate::c::X;")],
        ] {
            assert_eq!(found(files), [""; 0], "{files:?}");
        }
    }

    #[test]
    fn an_import_that_climbs_is_named_with_both_rungs() {
        for (files, place) in [
            (
                &[("a", "\nuse crate::c::X;")][..],
                "c/src/a.rs:2: crate::c::X; `c` is on rung 2, and `a` on rung 1",
            ),
            (
                &[("a", "use crate::b;")],
                "c/src/a.rs:1: crate::b; `b` is on rung 1, and `a` on rung 1",
            ),
            (
                &[("a/one", "fn f() { super::super::c::g() }")],
                "c/src/a/one.rs:1: crate::c::g; `c` ",
            ),
            (
                &[("c", "mod inner; use inner::X;")],
                "c/src/c.rs:1: inner::X; `c::inner` is on rung 3",
            ),
            (
                &[("c", "use crate::Top;")],
                "c/src/c.rs:1: crate::Top; `lib` is on rung 4",
            ),
        ] {
            let found = found(files);
            assert!(found.len() == 1 && found[0].starts_with(place), "{found:?}");
        }
    }

    #[test]
    fn a_module_without_a_rung_and_a_rung_without_a_module_are_named() {
        let table = "xtask/src/layers/ladder.rs";
        assert_eq!(
            found(&[("new/part", "")]),
            [format!(
                "c/src/new/part.rs:1: this module has no rung; add it to {table}"
            )]
        );
        assert_eq!(
            LADDER.check(&[])[0],
            format!("c/src/a: has a rung in {table}, but does not exist")
        );
    }

    #[test]
    fn a_circle_of_files_is_printed_once() {
        let rule = "these files import each other; move what both need to a file of its own";
        assert_eq!(
            found(&[
                ("a/one", "use super::two::X;"),
                ("a/two", "\nuse super::three::X;"),
                ("a/three", "use crate::a::{one, two};"),
            ]),
            [format!(
                "c/src/a/one.rs:1 -> c/src/a/two.rs:2 -> c/src/a/three.rs:1 -> c/src/a/one.rs: {rule}"
            ),]
        );
        // A module and its submodule are files too.
        assert_eq!(
            found(&[
                ("a", "mod one; fn f() { one::g() }"),
                ("a/one", "use super::X;")
            ]),
            [format!(
                "c/src/a.rs:1 -> c/src/a/one.rs:1 -> c/src/a.rs: {rule}"
            )]
        );
    }
}
