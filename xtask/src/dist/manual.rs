//! The manual pages, from the same description of the command line as `--help`.

use anyhow::Result;
use clap::Command;
use clap_mangen::Man;
use roff::{Roff, roman};

/// The pages of both programs and of all their commands, by the names of their files.
pub(super) fn pages() -> Result<Vec<(String, Vec<u8>)>> {
    let mut pages = Vec::new();
    for command in [
        bandwidth_mock::cli::command(),
        bandwidth_conformance::cli::command(),
    ] {
        // Its names would be pages that say nothing.
        let mut command = command.disable_help_subcommand(true);
        command.build();
        add(command, &mut pages)?;
    }
    Ok(pages)
}

fn add(command: Command, pages: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    for command in command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
    {
        add(command.clone(), pages)?;
    }
    let has_subcommands = command.has_subcommands();
    let notes = command.get_after_help().map(ToString::to_string);
    let page = Man::new(command).source(concat!("bandwidth-mock ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    // Neither a flag nor a name is to be torn apart.
    text.extend_from_slice(b".nh\n.ad l\n");
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if has_subcommands {
        page.render_subcommands_section(&mut text)?;
    }
    if let Some(notes) = notes {
        verbatim(&notes).to_writer(&mut text)?;
    }
    pages.push((page.get_filename(), text));
    Ok(())
}

/// Examples, whose lines must stay as they are; `Man` would fill them.
fn verbatim(text: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["NOTES"]).control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff
}

#[cfg(test)]
mod tests {
    use super::pages;

    #[test]
    fn there_is_a_page_for_each_program_and_command() {
        let pages = pages().unwrap();
        let text = |name: &str| {
            let (_, text) = pages.iter().find(|(page, _)| page == name).unwrap();
            String::from_utf8(text.clone()).unwrap()
        };
        for name in [
            "bandwidth-mock.1",
            "bandwidth-mock-ready.1",
            "bandwidth-conformance-probe.1",
        ] {
            assert!(text(name).starts_with(".ie"), "{name}");
        }
        assert!(text("bandwidth-mock.1").contains("\\-\\-rate\\-limit"));
        // The lines of examples stay lines.
        let examples = "bandwidth\\-mock profiles\n  bandwidth\\-mock profiles published\n";
        assert!(text("bandwidth-mock-profiles.1").contains(examples));
    }
}
