//! The artifacts of mock-server/clients/java, in a folder that is a Maven repository.

use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::SERVER;
use crate::workspace;

const SOURCES: &str = "mock-server/clients/java/";

/// The placeholder for the version in the sources.
const VERSION: &str = "<version>0-checkout</version>";
const ARTIFACT: &str = "<artifactId>bandwidth-mock-linux-x86_64</artifactId>";

/// The folder in `target/dist`.
const REPOSITORY: &str = "maven";

/// Writes the repository with the program and the licences of a folder. Returns the paths of the jars.
pub(super) fn deploy(
    out: &Path,
    folder: &Path,
    triple: &str,
    modified: u64,
) -> Result<Vec<String>> {
    let platform = platform(triple)?;
    let work = tempfile::tempdir()?;
    stage(work.path(), folder, &platform).context("cannot copy the sources of the Java client")?;
    let repository = out.join(REPOSITORY);
    let status = workspace::without_mock_variables(&mut Command::new("mvn"))
        .args(["--quiet", "--batch-mode", "deploy"])
        // Nothing goes into the repository of the person who builds.
        .args(["-Dmaven.test.skip", "-Dmaven.install.skip"])
        .arg(format!("-Dproject.build.outputTimestamp={modified}"))
        .arg(format!(
            "-DaltDeploymentRepository=dist::file:{}",
            repository.display()
        ))
        .current_dir(work.path())
        .stdin(Stdio::null())
        .status()
        .context("cannot start mvn; --maven takes a JDK and Maven")?;
    ensure!(status.success(), "mvn deploy failed");
    let version = env!("CARGO_PKG_VERSION");
    let jars = [SERVER.to_owned(), format!("{SERVER}-{platform}")].map(|artifact| {
        format!("{REPOSITORY}/{SERVER}/{artifact}/{version}/{artifact}-{version}.jar")
    });
    Ok(jars.into())
}

/// Removes what an earlier run deployed.
pub(super) fn remove(out: &Path) -> io::Result<()> {
    let repository = out.join(REPOSITORY);
    if repository.exists() {
        fs::remove_dir_all(repository)?;
    }
    Ok(())
}

/// Copies the sources with version and platform, and puts program, checksum and licences into them.
fn stage(to: &Path, folder: &Path, platform: &str) -> Result<()> {
    let root = workspace::root();
    let version = format!("<version>{}</version>", env!("CARGO_PKG_VERSION"));
    let artifact = ARTIFACT.replace("linux-x86_64", platform);
    for path in workspace::files(&root)? {
        if let Some(relative) = path.strip_prefix(SOURCES) {
            let text = fs::read_to_string(root.join(&path))?;
            let text = text.replace(VERSION, &version).replace(ARTIFACT, &artifact);
            write(&to.join(relative), text.as_bytes())?;
        }
    }
    for found in fs::read_dir(folder)? {
        let found = found?;
        let bytes = fs::read(found.path())?;
        let name = found.file_name();
        if name.to_string_lossy().starts_with(SERVER) {
            let place = to.join("program/src/main/resources").join(SERVER);
            let place = place.join(platform);
            let checksum = HEXLOWER.encode(&Sha256::digest(&bytes));
            write(&place.join("sha256"), checksum.as_bytes())?;
            write(&place.join(name), &bytes)?;
        } else {
            for module in ["client", "program"] {
                let place = to.join(module).join("src/main/resources/META-INF");
                write(&place.join(&name), &bytes)?;
            }
        }
    }
    Ok(())
}

fn write(place: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(place, bytes)
}

/// The platform's name in the client's form, for example `linux-x86_64`.
fn platform(triple: &str) -> Result<String> {
    let machine = triple.split('-').next().unwrap_or(triple);
    for (part, system) in [
        ("-linux-", "linux"),
        ("-apple-", "macos"),
        ("-windows-", "windows"),
    ] {
        if triple.contains(part) {
            return Ok(format!("{system}-{machine}"));
        }
    }
    bail!("a jar for {triple} has no platform yet; add one to xtask/src/dist/maven.rs")
}

#[cfg(test)]
mod tests {
    use super::platform;

    #[test]
    fn a_target_has_the_name_that_the_client_looks_for() {
        for (triple, expected) in [
            ("x86_64-unknown-linux-musl", "linux-x86_64"),
            ("aarch64-apple-darwin", "macos-aarch64"),
            ("x86_64-pc-windows-msvc", "windows-x86_64"),
        ] {
            assert_eq!(platform(triple).unwrap(), expected);
        }
        assert!(platform("x86_64-unknown-freebsd").is_err());
    }
}
