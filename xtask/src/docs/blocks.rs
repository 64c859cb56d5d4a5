//! Reads the `sh` blocks of a Markdown file, and the comments that steer them.

use anyhow::{Result, bail, ensure};

/// A thing to do, in the order of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A fenced block.
    Block(Block),
    /// `<!-- stop -->`
    Stop,
}

/// A fenced `sh` block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The line of its fence, from 1.
    pub(super) line: usize,
    /// Its lines, without the fence's indentation.
    pub(super) script: String,
    pub(super) how: How,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum How {
    /// Wait for its end.
    Run,
    /// Keep it running.
    Server,
    /// For this reason.
    NotRun(String),
}

/// Names of languages that a shell would read too. A block with one of these would never be run.
const OTHER_SHELLS: [&str; 6] = [
    "bash",
    "console",
    "shell",
    "shell-session",
    "terminal",
    "zsh",
];

/// The `sh` blocks and the stops of a Markdown text.
pub(super) fn steps(text: &str) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    // A comment waits for its block; only empty lines may be between them.
    let mut waiting: Option<(usize, &str)> = None;
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let trimmed = line.trim();
        if let Some(fence) = Fence::open(line) {
            let comment = waiting.take();
            let mut script = Vec::new();
            loop {
                let Some((_, line)) = lines.next() else {
                    bail!("line {number}: this block has no end");
                };
                if fence.is_closed_by(line) {
                    break;
                }
                script.push(fence.without_indentation(line));
            }
            if let Some(block) = block(number, fence.language, &script, comment)? {
                steps.push(Step::Block(block));
            }
        } else if let Some(comment) = comment(trimmed) {
            no_block(waiting)?;
            if comment == "stop" {
                steps.push(Step::Stop);
            } else {
                waiting = Some((number, comment));
            }
        } else if !trimmed.is_empty() {
            no_block(waiting.take())?;
        }
    }
    no_block(waiting)?;
    Ok(steps)
}

/// The text of a comment that is alone on its line.
fn comment(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("<!--")?.strip_suffix("-->")?;
    (!inner.contains("-->")).then(|| inner.trim())
}

/// A comment that controls a block must have one. Other comments are allowed anywhere.
fn no_block(waiting: Option<(usize, &str)>) -> Result<()> {
    match waiting {
        Some((line, comment)) if comment == "server" || comment.starts_with("not run") => {
            bail!("line {line}: `<!-- {comment} -->` must stand before a block")
        }
        _ => Ok(()),
    }
}

fn block(
    line: usize,
    language: &str,
    script: &[&str],
    comment: Option<(usize, &str)>,
) -> Result<Option<Block>> {
    ensure!(
        !OTHER_SHELLS.contains(&language),
        "line {line}: a `{language}` block is not run; write `sh`, with \
         `<!-- not run: REASON -->` before it if it cannot be"
    );
    if language != "sh" {
        no_block(comment)?;
        return Ok(None);
    }
    let how = match comment {
        None | Some((_, "test command")) => How::Run,
        Some((_, "server")) => How::Server,
        Some((at, text)) => match text.strip_prefix("not run:").map(str::trim) {
            Some("") => bail!("line {at}: say why: `<!-- not run: REASON -->`"),
            Some(reason) => How::NotRun(reason.to_owned()),
            None => bail!(
                "line {at}: `<!-- {text} -->` before a block means nothing; write server, \
                 `not run: REASON` or test command"
            ),
        },
    };
    let script = script.join("\n");
    ensure!(
        !script.trim().is_empty(),
        "line {line}: this block is empty"
    );
    Ok(Some(Block { line, script, how }))
}

struct Fence<'t> {
    indentation: usize,
    mark: char,
    length: usize,
    language: &'t str,
}

impl<'t> Fence<'t> {
    fn open(line: &'t str) -> Option<Self> {
        let rest = line.trim_start_matches(' ');
        let mark = rest
            .chars()
            .next()
            .filter(|mark| matches!(mark, '`' | '~'))?;
        let info = rest.trim_start_matches(mark);
        let length = rest.len() - info.len();
        // `` ```not a fence``` `` is code in a sentence.
        (length >= 3 && !(mark == '`' && info.contains('`'))).then(|| Self {
            indentation: line.len() - rest.len(),
            mark,
            length,
            language: info.split_whitespace().next().unwrap_or_default(),
        })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.length && line.chars().all(|c| c == self.mark)
    }

    fn without_indentation<'l>(&self, line: &'l str) -> &'l str {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        &line[spaces.min(self.indentation)..]
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, How, Step, steps};

    fn block(line: usize, script: &str, how: How) -> Step {
        let script = script.to_owned();
        Step::Block(Block { line, script, how })
    }

    #[test]
    fn blocks_in_order_with_their_lines_and_comments() {
        let text = "\
# Title
```sh
one
  two
```
Text with `<!-- stop -->` in it.

<!-- server -->

```sh
serve
```
<!-- a note -->
<!-- stop -->
- in a list
  ~~~ sh extra
  three
    four
  ~~~

<!-- not run: needs an account -->
````sh
```
````
<!-- test command -->
```sh
cargo test
```
```json
{}
```
";
        assert_eq!(
            steps(text).unwrap(),
            [
                block(2, "one\n  two", How::Run),
                block(10, "serve", How::Server),
                Step::Stop,
                block(16, "three\n  four", How::Run),
                block(22, "```", How::NotRun("needs an account".to_owned())),
                block(26, "cargo test", How::Run),
            ]
        );
    }

    #[test]
    fn comments_inside_other_blocks_do_not_count() {
        let text = "```md\n<!-- stop -->\n```\n~~~\n```sh\nfalse\n```\n~~~\n";
        assert_eq!(steps(text).unwrap(), []);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, expected) in [
            ("a\n```sh\nb\n", "line 2: this block has no end"),
            ("```sh\n\n```\n", "line 1: this block is empty"),
            ("```bash\na\n```\n", "line 1: a `bash` block is not run"),
            (
                "\n<!-- server -->\ntext\n```sh\na\n```\n",
                "line 2: `<!-- server -->` must stand",
            ),
            ("<!-- server -->\n", "line 1: `<!-- server -->` must stand"),
            (
                "<!-- server -->\n```json\n{}\n```\n",
                "line 1: `<!-- server -->` must stand",
            ),
            (
                "<!-- server -->\n<!-- stop -->\n",
                "line 1: `<!-- server -->` must stand",
            ),
            (
                "<!-- sever -->\n```sh\na\n```\n",
                "line 1: `<!-- sever -->` before a block means",
            ),
            ("<!-- not run: -->\n```sh\na\n```\n", "line 1: say why"),
            (
                "<!-- not run -->\n```sh\na\n```\n",
                "line 1: `<!-- not run -->` before a block",
            ),
        ] {
            let error = steps(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }
}
