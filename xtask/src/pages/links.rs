//! Links, anchors and images of the Markdown files: what is named is there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// Lists problems as `file:line: what`. `pages` are the texts of the Markdown files, `files` all
/// files of the project; both by their paths from its root.
pub(crate) fn problems(pages: &BTreeMap<String, String>, files: &BTreeSet<String>) -> Vec<String> {
    let read: BTreeMap<&str, Page> = pages
        .iter()
        .map(|(path, text)| (path.as_str(), Page::read(text)))
        .collect();
    let mut problems = Vec::new();
    for (path, page) in &read {
        let mut found = page.unnamed.clone();
        for (line, target) in &page.references {
            let problem = problem(path, target, &read, files);
            found.extend(problem.map(|problem| (*line, format!("{target}: {problem}"))));
        }
        found.sort();
        let found = found.iter();
        problems.extend(found.map(|(line, what)| format!("{path}:{line}: {what}")));
    }
    problems
}

/// The files that the page `from` links to, without anchors.
pub(crate) fn files(from: &str, text: &str) -> Vec<String> {
    let targets = Page::read(text).references.into_iter();
    targets
        .filter(|(_, target)| !is_elsewhere(target))
        .filter_map(|(_, target)| resolve(from, target.split('#').next()?))
        .collect()
}

fn is_elsewhere(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// Anchors and links of a page.
#[derive(Default)]
struct Page {
    anchors: BTreeSet<String>,
    /// Targets of links and images, with their lines.
    references: Vec<(usize, String)>,
    /// Code blocks without a language.
    unnamed: Vec<(usize, String)>,
}

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut slugs: HashMap<String, usize> = HashMap::new();
        let mut heading: Option<String> = None;
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
        for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
            let line = text[..range.start].matches('\n').count() + 1;
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let slug = slug(&heading.take().unwrap_or_default());
                    let count = slugs.entry(slug.clone()).or_default();
                    // The second of the same name is distinguished by a number.
                    let anchor = match *count {
                        0 => slug,
                        more => format!("{slug}-{more}"),
                    };
                    *count += 1;
                    page.anchors.insert(anchor);
                }
                Event::Text(words) | Event::Code(words) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&words);
                    }
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.references.push((line, dest_url.into_string()));
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    for name in ["src", "srcset", "href"] {
                        let targets = attribute(&html, name);
                        page.references.extend(targets.map(|target| (line, target)));
                    }
                    page.anchors.extend(attribute(&html, "id"));
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let named = matches!(kind, CodeBlockKind::Fenced(name) if !name.is_empty());
                    if !named {
                        let what = "this code does not say what it is; write ```sh, ```text or another language";
                        page.unnamed.push((line, what.to_owned()));
                    }
                }
                _ => {}
            }
        }
        page
    }
}

/// The anchor that a heading gets on GitHub.
fn slug(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            other => other.is_alphanumeric().then_some(other),
        })
        .collect()
}

/// The values of an attribute in a piece of HTML.
pub(crate) fn attribute<'h>(html: &'h str, name: &str) -> impl Iterator<Item = String> + 'h {
    let start = format!(" {name}=\"");
    let parts: Vec<&str> = html.split(start.as_str()).skip(1).collect();
    parts
        .into_iter()
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
}

/// Describes the problem with a link from the file `from`.
fn problem(
    from: &str,
    target: &str,
    pages: &BTreeMap<&str, Page>,
    files: &BTreeSet<String>,
) -> Option<String> {
    if is_elsewhere(target) {
        return None;
    }
    let (path, anchor) = match target.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (target, None),
    };
    let file = if path.is_empty() {
        from.to_owned()
    } else {
        match resolve(from, path) {
            Some(file) => file,
            None => return Some("leads out of the project".to_owned()),
        }
    };
    let is_folder = || {
        let within = format!("{file}/");
        files.iter().any(|known| known.starts_with(&within))
    };
    if !files.contains(&file) && !is_folder() {
        return Some(format!("there is no {file}"));
    }
    let anchor = anchor?;
    let page = pages.get(file.as_str())?;
    (!page.anchors.contains(anchor)).then(|| format!("{file} has no heading for #{anchor}"))
}

/// The path that a relative link means; `None` above the root.
pub(crate) fn resolve(from: &str, path: &str) -> Option<String> {
    let mut steps: Vec<&str> = from.split('/').collect();
    steps.pop();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()?),
            step => steps.push(step),
        }
    }
    Some(steps.join("/"))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::problems;

    fn of(pages: &[(&str, &str)], others: &[&str]) -> Vec<String> {
        let pages: BTreeMap<String, String> = pages
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        let others = others.iter().map(|path| (*path).to_owned());
        let files: BTreeSet<String> = pages.keys().cloned().chain(others).collect();
        problems(&pages, &files)
    }

    #[test]
    fn what_is_there_is_found() {
        let page = "\
# A `put.semantics`, and more!
[b](docs/b.md) [b](docs/b.md#two-words-1) [self](#a-putsemantics-and-more) [folder](src)
[web](https://example.com/x#y) ![image](docs/i.svg) [r]
<img alt=\"\" src=\"docs/i.svg\">

[r]: docs/b.md#given
```sh
[not a link](nowhere.md)
```
";
        let other = "## Two words\n\n## Two words\n\n<a id=\"given\"></a>[up](../a.md)\n";
        let pages = [("a.md", page), ("docs/b.md", other)];
        assert_eq!(of(&pages, &["docs/i.svg", "src/lib.rs"]), [""; 0]);
    }

    #[test]
    fn a_missing_target_is_reported_with_its_place() {
        let page = "\
# A
[x](nowhere.md) and [y](b.md#no)

[z](../out.md) ![i](no.svg) <img src=\"no.png\"> [r]

[r]: #none
```
code
```

    more code
";
        assert_eq!(
            of(&[("docs/a.md", page), ("docs/b.md", "# B\n")], &[]),
            [
                "docs/a.md:2: b.md#no: docs/b.md has no heading for #no",
                "docs/a.md:2: nowhere.md: there is no docs/nowhere.md",
                "docs/a.md:4: #none: docs/a.md has no heading for #none",
                "docs/a.md:4: ../out.md: there is no out.md",
                "docs/a.md:4: no.png: there is no docs/no.png",
                "docs/a.md:4: no.svg: there is no docs/no.svg",
                "docs/a.md:7: this code does not say what it is; write ```sh, ```text or another language",
                "docs/a.md:11: this code does not say what it is; write ```sh, ```text or another language",
            ]
        );
        assert_eq!(
            of(&[("a.md", "[x](../../y.md)")], &[]),
            ["a.md:1: ../../y.md: leads out of the project"]
        );
    }
}
