//! The Python package of mock-server/clients/python as a wheel with both programs inside.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{PROGRAMS, archive::Entry, file_of};
use crate::workspace;

const LICENCES: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY.txt"];

/// True if a file in `target/dist` is a wheel.
pub(super) fn is_wheel(name: &str) -> bool {
    let wheel = Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "whl");
    wheel && name.starts_with("bandwidth_mock-")
}

/// Writes the wheel into a folder that has none, and returns its name.
pub(super) fn write(out: &Path, entries: &[Entry], triple: &str, modified: u64) -> Result<String> {
    let platform = platform(triple)?;
    let work = out.join("wheel");
    let programs = work.join("programs");
    fs::create_dir_all(&programs).with_context(|| format!("cannot make {}", programs.display()))?;
    let files = PROGRAMS.map(file_of);
    for entry in entries {
        if files.iter().any(|file| file == entry.path()) || LICENCES.contains(&entry.path()) {
            entry.write(&programs)?;
        }
    }
    // A Python of the system may have no pip, or reject to install with it.
    let (system, inside) = if cfg!(windows) {
        ("python", "Scripts/python.exe")
    } else {
        ("python3", "bin/python")
    };
    let python = work.join("venv");
    run(Command::new(system).args(["-m", "venv"]).arg(&python))?;
    run(Command::new(python.join(inside))
        .args(["-m", "pip", "wheel", "--quiet", "--no-deps"])
        .args(["--disable-pip-version-check", "--wheel-dir"])
        .arg(out)
        .arg(workspace::root().join("mock-server/clients/python"))
        .env("WHEEL_PROGRAMS", &programs)
        .env("WHEEL_PLATFORM", platform)
        .env("SOURCE_DATE_EPOCH", modified.to_string()))?;
    fs::remove_dir_all(&work).with_context(|| format!("cannot remove {}", work.display()))?;
    fs::read_dir(out)
        .with_context(|| format!("cannot read {}", out.display()))?
        .filter_map(|found| found.ok()?.file_name().into_string().ok())
        .find(|name| is_wheel(name))
        .context("pip wrote no wheel")
}

/// The platforms on which programs for this target run, as the name of a wheel has them. Static
/// programs run with either C library, from the oldest version that pip knows a tag for.
fn platform(triple: &str) -> Result<&'static str> {
    Ok(match triple {
        "x86_64-unknown-linux-musl" => "manylinux_2_17_x86_64.musllinux_1_1_x86_64",
        "aarch64-unknown-linux-musl" => "manylinux_2_17_aarch64.musllinux_1_1_aarch64",
        // A development build: the tag means the machine that built it.
        "x86_64-unknown-linux-gnu" => "linux_x86_64",
        "aarch64-unknown-linux-gnu" => "linux_aarch64",
        "x86_64-apple-darwin" => "macosx_10_12_x86_64",
        "aarch64-apple-darwin" => "macosx_11_0_arm64",
        "x86_64-pc-windows-msvc" => "win_amd64",
        _ => bail!(
            "a wheel for {triple} has no platform tag yet; add one to xtask/src/dist/wheel.rs"
        ),
    })
}

fn run(command: &mut Command) -> Result<()> {
    let program = PathBuf::from(command.get_program());
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {}; a wheel needs Python", program.display()))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}
