//! Source text of generated Rust.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

/// The path of a file, the table that it is made from, and its code without a head.
pub(super) type Code = (String, &'static str, String);

/// A source file with its head, formatted.
pub(super) fn file(source: &str, code: &str) -> Result<String> {
    let text =
        format!("// Written by `cargo xtask gen` from {source}. Edit that file instead.\n\n{code}");
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start rustfmt")?;
    let mut input = rustfmt.stdin.take().context("rustfmt has no input")?;
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = rustfmt.wait_with_output()?;
    writer.join().ok().context("rustfmt got no input")??;
    ensure!(
        output.status.success(),
        "rustfmt refuses what {source} gives"
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// `list_users` as `ListUsers`.
pub(super) fn pascal(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .map(|word| word[..1].to_ascii_uppercase() + &word[1..])
        .collect()
}
