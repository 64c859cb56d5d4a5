//! Hands arguments, environment and streams to the library, and its exit code to the shell.

use std::{
    io::{IsTerminal as _, stderr, stdout},
    process::ExitCode,
};

use bandwidth_conformance::{Surroundings, main as perform, report::console::Colour};

fn main() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok();
    let plain = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = if stdout().is_terminal() && !plain {
        Colour::On
    } else {
        Colour::Off
    };
    let code = perform(
        std::env::args_os(),
        &mut Surroundings {
            variable: &variable,
            out: &mut stdout(),
            err: &mut stderr(),
            colour,
            watched: stderr().is_terminal() && variable("CI").is_none(),
            adjust: |_| (),
        },
    );
    ExitCode::from(code)
}
