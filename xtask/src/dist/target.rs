//! Target platforms of the programs.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// A kind of machine.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    triple: String,
    /// True if programs are linked statically with the musl that Rust provides.
    pub(super) musl: bool,
}

impl Target {
    /// The one for programs that run on any machine of this one's kind.
    pub(super) fn choose() -> Result<Self> {
        let host = workspace::rustc(&["--print", "host-tuple"])?;
        let libraries = Path::new(&workspace::rustc(&["--print", "sysroot"])?).join("lib/rustlib");
        let has_target = |triple: &str| libraries.join(triple).exists();
        Self::of(&host, has_target, runs("musl-gcc"))
    }

    fn of(host: &str, has_target: impl Fn(&str) -> bool, has_compiler: bool) -> Result<Self> {
        let Some(machine) = host.strip_suffix("-unknown-linux-gnu") else {
            return Ok(Self {
                triple: host.to_owned(),
                musl: host.ends_with("-musl"),
            });
        };
        let triple = format!("{machine}-unknown-linux-musl");
        ensure!(
            has_target(&triple),
            "Rust's target for static programs is missing; run rustup target add {triple}"
        );
        ensure!(
            has_compiler,
            "there is no musl-gcc; run apt-get install musl-tools"
        );
        Ok(Self { triple, musl: true })
    }

    pub(super) fn triple(&self) -> &str {
        &self.triple
    }

    /// This machine's own.
    pub(super) fn host() -> Result<Self> {
        let triple = workspace::rustc(&["--print", "host-tuple"])?;
        Ok(Self {
            musl: triple.ends_with("-musl"),
            triple,
        })
    }

    /// The programs of the build that all checks share, that of `cargo test`. Returns the path of
    /// each.
    pub(super) fn development(packages: &[&str]) -> Result<Vec<PathBuf>> {
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--locked", "--profile", "test"]);
        cargo.args(["--workspace", "--bins", "--tests"]);
        Self::programs(&mut cargo, packages)
    }

    /// Builds the programs of these packages for release. Returns the path of each.
    pub(super) fn build(&self, packages: &[&str]) -> Result<Vec<PathBuf>> {
        let mut cargo = workspace::cargo();
        cargo
            .args(["build", "--locked", "--release", "--bins"])
            .args(["--target", &self.triple])
            .args(packages.iter().flat_map(|package| ["--package", package]))
            .env("CARGO_ENCODED_RUSTFLAGS", Self::flags()?.join("\u{1f}"));
        Self::programs(&mut cargo, packages)
    }

    /// Each program has the name of its package.
    fn programs(build: &mut Command, packages: &[&str]) -> Result<Vec<PathBuf>> {
        let built = workspace::built(build)?;
        let executable = |name: &&str| workspace::executable(&built, name);
        packages.iter().map(executable).collect()
    }

    /// No path of this machine is to be in a program, and no library outside of it.
    fn flags() -> Result<Vec<String>> {
        let root = workspace::root();
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
        let output = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let output = output.map_or_else(|| root.join("target"), |output| root.join(output));
        // The last one that fits counts.
        let paths = [
            (
                home.context("Cargo's folder is unknown; set CARGO_HOME")?,
                "/cargo",
            ),
            (root, "/bandwidth-mock"),
            (output, "/target"),
        ];
        Ok(paths
            .into_iter()
            .map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display()))
            .collect())
    }
}

fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn musl_on_linux_and_an_error_says_what_is_missing() {
        let of = |host: &str, target: bool, compiler: bool| {
            Target::of(
                host,
                |triple| target && triple == "x86_64-unknown-linux-musl",
                compiler,
            )
        };
        let host = "x86_64-unknown-linux-gnu";
        let musl = of(host, true, true).unwrap();
        assert!(musl.musl && musl.triple() == "x86_64-unknown-linux-musl");
        for (target, compiler, fix) in [
            (false, true, "rustup target add x86_64-unknown-linux-musl"),
            (true, false, "apt-get install musl-tools"),
        ] {
            let error = of(host, target, compiler).unwrap_err().to_string();
            assert!(error.ends_with(fix), "{error}");
        }
        let other = of("aarch64-apple-darwin", false, false).unwrap();
        assert!(!other.musl && other.triple() == "aarch64-apple-darwin");
    }
}
