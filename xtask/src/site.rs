//! `cargo xtask site`: the documents as a site with search, built by mdBook from the same files.
//!
//! `docs/README.md` is the table of contents: each heading is a part, and each item of a list that
//! links to a page is a chapter. The site keeps the paths of the repository, so that a link works in
//! both. Pages need no network.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

use crate::{pages, pages::links, workspace};

/// The version of mdBook, which builds with the toolchain of this workspace.
const MDBOOK: &str = "0.5.4";

const CONTENTS: &str = "docs/README.md";

/// The start page.
const FRONT: &str = "README.md";

/// Output folder, from the root of the workspace.
const SITE: &str = "target/site";

/// Files copied beside the pages, with their destinations. The theme is below the folder of
/// mdBook's sources.
const SETTINGS: [(&str, &str); 2] = [
    ("docs/site/book.toml", "book.toml"),
    ("docs/site/site.css", "site.css"),
];

/// Builds the site, checks its links, and prints where it is.
pub(crate) fn run() -> Result<()> {
    let folder = build()?;
    println!("site: open {}", folder.join("index.html").display());
    Ok(())
}

/// Builds the site and returns its folder. A dead link in it is an error.
pub(crate) fn build() -> Result<PathBuf> {
    let root = workspace::root();
    let files = workspace::files(&root)?;
    let texts = pages::read(&root, &files)?;
    let contents = texts
        .get(CONTENTS)
        .with_context(|| format!("there is no {CONTENTS}"))?;
    let summary = Summary::of(contents);

    let sources = root.join("target/site-sources");
    if sources.exists() {
        fs::remove_dir_all(&sources)
            .with_context(|| format!("cannot remove {}", sources.display()))?;
    }
    write(&sources.join("src/SUMMARY.md"), &summary.text)?;
    for (from, to) in SETTINGS {
        copy(&root.join(from), &sources.join(to))?;
    }
    for page in &summary.chapters {
        let text = texts
            .get(page)
            .with_context(|| format!("{CONTENTS}: there is no {page}"))?;
        write(&sources.join("src").join(page), text)?;
        for file in links::files(page, text) {
            if files.contains(&file) && !texts.contains_key(&file) {
                copy(&root.join(&file), &sources.join("src").join(&file))?;
            }
        }
    }

    let folder = root.join(SITE);
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let mut command = Command::new(mdbook(&root)?);
    command.arg("build").arg("--dest-dir").arg(&folder);
    let built = command.arg(&sources).env("RUST_LOG", "warn").status();
    ensure!(
        built.context("cannot start mdBook")?.success(),
        "mdBook could not build the site"
    );
    let html = html_files(&folder)?;
    let problems = problems(&html, &folder);
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    println!("site: the links of {} pages lead somewhere", html.len());
    Ok(folder)
}

/// The files of the built site, by their paths in it.
pub(crate) fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries =
            fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = path.strip_prefix(folder)?.display().to_string();
            found.insert(name.replace('\\', "/"), bytes);
        }
    }
    Ok(found)
}

fn html_files(folder: &Path) -> Result<BTreeMap<String, String>> {
    let html = files(folder)?
        .into_iter()
        .filter(|(path, _)| Path::new(path).extension().is_some_and(|end| end == "html"));
    html.map(|(path, bytes)| Ok((path, String::from_utf8(bytes)?)))
        .collect()
}

/// The program, installed once below `target/ci`.
fn mdbook(root: &Path) -> Result<PathBuf> {
    let folder = root.join("target/ci");
    let program = folder
        .join("bin")
        .join(format!("mdbook{}", std::env::consts::EXE_SUFFIX));
    let version = Command::new(&program).arg("--version").output();
    let installed =
        version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(MDBOOK));
    if !installed {
        println!("site: installing mdBook {MDBOOK}");
        let mut cargo = workspace::cargo();
        cargo.args(["install", "--quiet", "--locked", "--force"]);
        cargo.args(["--no-default-features", "--features", "search", "--root"]);
        let status = cargo
            .arg(&folder)
            .arg(format!("mdbook@{MDBOOK}"))
            .status()
            .context("cannot start cargo")?;
        if !status.success() {
            bail!(
                "mdBook {MDBOOK} cannot be installed; the first build of the site needs crates.io"
            );
        }
    }
    Ok(program)
}

/// The table of contents as mdBook reads it.
struct Summary {
    text: String,
    /// The pages, by their paths in the repository.
    chapters: Vec<String>,
}

impl Summary {
    fn of(contents: &str) -> Self {
        let mut text = format!("# Summary\n\n[bandwidth-mock]({FRONT})\n[Contents]({CONTENTS})\n");
        let mut chapters = vec![FRONT.to_owned(), CONTENTS.to_owned()];
        let mut depth = 0_usize;
        let (mut words, mut link) = (None, None);
        for event in Parser::new(contents) {
            match event {
                Event::Start(Tag::List(_)) => depth += 1,
                Event::End(TagEnd::List(_)) => depth -= 1,
                Event::Start(Tag::Heading {
                    level: HeadingLevel::H2,
                    ..
                }) => words = Some(String::new()),
                Event::End(TagEnd::Heading(HeadingLevel::H2)) => {
                    let title = words.take().unwrap_or_default();
                    let _ = writeln!(text, "\n# {title}\n");
                }
                Event::Start(Tag::Link { dest_url, .. }) if depth > 0 => {
                    let page = links::resolve(CONTENTS, &dest_url);
                    link = page.filter(|page| pages::is_markdown(page));
                    words = link.is_some().then(String::new);
                }
                Event::End(TagEnd::Link) => {
                    if let (Some(page), Some(title)) = (link.take(), words.take()) {
                        let indent = "  ".repeat(depth - 1);
                        let _ = writeln!(text, "{indent}- [{title}]({page})");
                        chapters.push(page);
                    }
                }
                Event::Text(part) | Event::Code(part) => {
                    if let Some(words) = &mut words {
                        words.push_str(&part);
                    }
                }
                _ => {}
            }
        }
        Self { text, chapters }
    }
}

/// Links and resources of the built pages that lead nowhere, and resources from elsewhere.
fn problems(pages: &BTreeMap<String, String>, folder: &Path) -> Vec<String> {
    let ids: BTreeMap<&str, BTreeSet<String>> = pages
        .iter()
        .map(|(path, html)| (path.as_str(), links::attribute(html, "id").collect()))
        .collect();
    let mut found = Vec::new();
    for (path, html) in pages {
        let targets = ["href", "src"].map(|name| (name, links::attribute(html, name)));
        for (name, target) in targets
            .into_iter()
            .flat_map(|(name, targets)| targets.map(move |target| (name, target)))
        {
            if target.contains("://") || target.starts_with("mailto:") {
                if name == "src" {
                    found.push(format!("site, {path}: loads {target} from the network"));
                }
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let file = match file {
                "" => Some(path.clone()),
                file => links::resolve(path, file),
            };
            let exists =
                |file: &String| ids.contains_key(file.as_str()) || folder.join(file).is_file();
            let Some(file) = file.filter(exists) else {
                found.push(format!(
                    "site, {path}: {target}: not in the site; is the page in {CONTENTS}?"
                ));
                continue;
            };
            let known = ids.get(file.as_str());
            if !anchor.is_empty() && known.is_some_and(|ids| !ids.contains(anchor)) {
                found.push(format!("site, {path}: {target}: {file} has no #{anchor}"));
            }
        }
    }
    found
}

fn write(path: &Path, text: &str) -> Result<()> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let made = to.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::copy(from, to))
        .with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use super::{Summary, problems};

    #[test]
    fn the_contents_become_parts_and_chapters() {
        let contents = "# Documentation\n\n## Use *it*\n\n- [Test `a` sync](how-to/a.md): text, [more](b.md)\n  - [Inner](../c.md)\n- [Schema](d.json)\n\n[Not listed](e.md)\n";
        let summary = Summary::of(contents);
        assert!(
            summary.text.ends_with(
                "\n# Use it\n\n- [Test a sync](docs/how-to/a.md)\n- [more](docs/b.md)\n  - [Inner](c.md)\n"
            ),
            "{}",
            summary.text
        );
        assert_eq!(
            summary.chapters[2..],
            ["docs/how-to/a.md", "docs/b.md", "c.md"]
        );
    }

    #[test]
    fn dead_links_and_resources_of_others_are_reported() {
        let page = r##"<p id="here"> <a href="#here"> <a href="#gone"> <a href="b.html#x"> <a href="c.html"> <img src="https://x.test/i.png"> <a href="https://x.test/">"##;
        let pages: BTreeMap<String, String> =
            [("docs/a.html", page), ("docs/b.html", "<b id=\"x\">")]
                .map(|(path, html)| (path.to_owned(), html.to_owned()))
                .into();
        assert_eq!(
            problems(&pages, Path::new("/nonexistent")),
            [
                "site, docs/a.html: #gone: docs/a.html has no #gone",
                "site, docs/a.html: c.html: not in the site; is the page in docs/README.md?",
                "site, docs/a.html: loads https://x.test/i.png from the network",
            ]
        );
    }
}
