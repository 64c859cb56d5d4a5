//! A report for readers, as Markdown or as one HTML page.

use std::fmt::Write as _;

use super::table::Table;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left}\
pre{background:#f4f4f4;padding:.6rem;overflow:auto}";

/// A page from its title on.
#[derive(Debug)]
pub struct Page(Vec<Block>);

#[derive(Debug)]
enum Block {
    Title(String),
    Heading(String),
    Text(String),
    Table(Table),
    Lines(Vec<String>),
}

fn in_html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// Text that Markdown shows as it is.
fn in_markdown(text: &str) -> String {
    let special = |c: char| "\\`*_{}[]<>|#~&".contains(c);
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if special(c) {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}

impl Page {
    pub(super) fn new(title: &str) -> Self {
        Self(vec![Block::Title(title.to_owned())])
    }

    pub(super) fn heading(&mut self, text: String) {
        self.0.push(Block::Heading(text));
    }

    pub(super) fn text(&mut self, text: String) {
        self.0.push(Block::Text(text));
    }

    pub(super) fn table(&mut self, table: Table) {
        self.0.push(Block::Table(table));
    }

    /// Lines as they are.
    pub(super) fn lines(&mut self, lines: Vec<String>) {
        self.0.push(Block::Lines(lines));
    }

    pub(super) fn markdown(&self) -> String {
        let row = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| in_markdown(cell)).collect();
            format!("| {} |", cells.join(" | "))
        };
        let blocks = self.0.iter().map(|block| match block {
            Block::Title(text) => format!("# {}", in_markdown(text)),
            Block::Heading(text) => format!("## {}", in_markdown(text)),
            Block::Text(text) => in_markdown(text),
            Block::Table(table) => {
                let rule = format!("|{}", " --- |".repeat(table.head.len()));
                let rows = table.rows.iter().map(|cells| row(cells));
                let lines: Vec<String> = [row(&table.head), rule].into_iter().chain(rows).collect();
                lines.join("\n")
            }
            // Indented, so that no line of theirs can end the block.
            Block::Lines(lines) => {
                let lines: Vec<String> = lines.iter().map(|line| format!("    {line}")).collect();
                lines.join("\n")
            }
        });
        blocks.collect::<Vec<_>>().join("\n\n") + "\n"
    }

    pub(super) fn html(&self) -> String {
        let row = |cells: &[String], tag: &str| {
            let cells = cells.iter();
            let cells = cells.map(|cell| format!("<{tag}>{}</{tag}>", in_html(cell)));
            format!("<tr>{}</tr>\n", cells.collect::<String>())
        };
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<style>{STYLE}</style>\n"
        );
        for block in &self.0 {
            let _ = match block {
                Block::Title(text) => {
                    let text = in_html(text);
                    writeln!(page, "<title>{text}</title>\n<h1>{text}</h1>")
                }
                Block::Heading(text) => writeln!(page, "<h2>{}</h2>", in_html(text)),
                Block::Text(text) => writeln!(page, "<p>{}</p>", in_html(text)),
                Block::Table(table) => {
                    let rows = table.rows.iter().map(|cells| row(cells, "td"));
                    let rows: String = rows.collect();
                    writeln!(page, "<table>\n{}{rows}</table>", row(&table.head, "th"))
                }
                Block::Lines(lines) => writeln!(page, "<pre>{}</pre>", in_html(&lines.join("\n"))),
            };
        }
        page + "</html>\n"
    }
}
