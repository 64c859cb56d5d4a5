//! The program: parses the command line and calls the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    bandwidth_mock::cli::run(std::env::args_os())
}
