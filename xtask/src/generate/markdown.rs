//! Markdown as the generated pages need it.

use std::fmt::Write as _;

/// The beginning of a page: a line with its source, and its title.
pub(super) fn head(title: &str, source: &str) -> String {
    format!("<!-- Generated from {source} by `cargo xtask gen`; do not edit. -->\n\n# {title}\n\n")
}

/// A table with these columns. A table without rows is nothing.
pub(super) fn table<const N: usize>(
    columns: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut text = String::new();
    for row in rows {
        let _ = writeln!(text, "| {} |", row.map(|cell| in_cell(&cell)).join(" | "));
    }
    if text.is_empty() {
        return text;
    }
    format!(
        "| {} |\n|{}\n{text}\n",
        columns.join(" | "),
        "---|".repeat(N)
    )
}

/// Code in a sentence.
pub(super) fn code(text: impl std::fmt::Display) -> String {
    format!("`{text}`")
}

/// Several of them.
pub(super) fn codes<T: std::fmt::Display>(texts: impl IntoIterator<Item = T>) -> String {
    let codes: Vec<String> = texts.into_iter().map(code).collect();
    codes.join(", ")
}

/// Text for people, in which a `<` is not a tag.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut inside_code = false;
    for character in text.chars() {
        match character {
            '`' => inside_code = !inside_code,
            '<' | '*' if !inside_code => escaped.push('\\'),
            _ => {}
        }
        escaped.push(character);
    }
    escaped
}

/// The same, with the full stop that help and descriptions leave out.
pub(super) fn sentence(text: &str) -> String {
    let text = plain(text.trim());
    if text.is_empty() || text.ends_with(['.', ':', '?', ']']) {
        text
    } else {
        text + "."
    }
}

/// A cell is one line, and a bar would end it, in code too.
fn in_cell(text: &str) -> String {
    text.trim().replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::{plain, table};

    #[test]
    fn what_would_break_a_table_is_escaped() {
        assert_eq!(
            table(["a", "b"], [["x|y\nz".to_owned(), "`<b>`".to_owned()]]),
            "| a | b |\n|---|---|\n| x\\|y z | `<b>` |\n\n"
        );
        assert_eq!(table(["a"], []), "");
        assert_eq!(plain("a <b> `<c> */*` *d*"), "a \\<b> `<c> */*` \\*d\\*");
    }
}
