//! What the programs are built for, and how.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

use crate::workspace;

/// What linked code comes from, beside the crates and Rust's own library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    /// The musl that Rust brings along.
    Musl,
    /// The machine's glibc.
    Glibc,
    /// Nothing: what the system has is used as it is there.
    Dynamic,
}

/// A kind of machine, and the C library for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    triple: String,
    library: Library,
    why: String,
}

impl Target {
    /// The one for programs that run on any machine of this one's kind.
    pub(super) fn choose() -> Result<Self> {
        let host = workspace::rustc(&["--print", "host-tuple"])?;
        let sysroot = workspace::rustc(&["--print", "sysroot"])?;
        let has_target = |triple: &str| {
            Path::new(&sysroot)
                .join("lib/rustlib")
                .join(triple)
                .exists()
        };
        Ok(Self::of(&host, has_target, runs("musl-gcc")))
    }

    fn of(host: &str, has_target: impl Fn(&str) -> bool, has_compiler: bool) -> Self {
        let Some(machine) = host.strip_suffix("-unknown-linux-gnu") else {
            return Self {
                triple: host.to_owned(),
                library: Library::Dynamic,
                why: "linked as the system has it".to_owned(),
            };
        };
        let musl = format!("{machine}-unknown-linux-musl");
        let missing = match (has_target(&musl), has_compiler) {
            (true, true) => {
                return Self {
                    triple: musl,
                    library: Library::Musl,
                    why: "static, with musl".to_owned(),
                };
            }
            (false, _) => format!("Rust's target {musl} is not installed"),
            (true, false) => "there is no musl-gcc".to_owned(),
        };
        Self {
            triple: host.to_owned(),
            library: Library::Glibc,
            why: format!("static, with glibc: {missing}"),
        }
    }

    pub(super) fn triple(&self) -> &str {
        &self.triple
    }

    pub(super) fn library(&self) -> Library {
        self.library
    }

    /// Builds these packages' programs, which are named like them, and tells where each is.
    pub(super) fn build(&self, packages: &[&str]) -> Result<Vec<PathBuf>> {
        let mut cargo = workspace::cargo();
        cargo
            .args(["build", "--locked", "--release", "--bins"])
            .args(["--target", &self.triple])
            .args(packages.iter().flat_map(|package| ["--package", package]))
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags()?.join("\u{1f}"));
        let built = workspace::built(&mut cargo)?;
        let executable = |name: &&str| workspace::executable(&built, name);
        packages.iter().map(executable).collect()
    }

    /// No path of this machine is to be in a program, and no library outside of it.
    fn flags(&self) -> Result<Vec<String>> {
        let root = workspace::root();
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
        let output = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let output = output.map_or_else(|| root.join("target"), |output| root.join(output));
        // The last one that fits counts.
        let paths = [
            (
                home.context("nobody says where Cargo's folder is; set CARGO_HOME")?,
                "/cargo",
            ),
            (root, "/bandwidth-mock"),
            (output, "/target"),
        ];
        let mut flags: Vec<String> = paths
            .into_iter()
            .map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display()))
            .collect();
        if self.library == Library::Glibc {
            flags.push("-Ctarget-feature=+crt-static".to_owned());
            // By itself `getrandom` looks for the C library's function while it runs, finds none in
            // a static program, and needs /dev/urandom.
            flags.push("--cfg=getrandom_backend=\"linux_getrandom\"".to_owned());
        }
        Ok(flags)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.triple, self.why)
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
    use super::{Library, Target};

    #[test]
    fn musl_where_it_can_be_built_and_else_it_says_what_is_missing() {
        let of = |host: &str, target: bool, compiler: bool| {
            Target::of(
                host,
                |triple| target && triple == "x86_64-unknown-linux-musl",
                compiler,
            )
        };
        let host = "x86_64-unknown-linux-gnu";
        let musl = of(host, true, true);
        assert_eq!(
            musl.to_string(),
            "x86_64-unknown-linux-musl: static, with musl"
        );
        for (target, compiler, missing) in [
            (
                false,
                true,
                "Rust's target x86_64-unknown-linux-musl is not installed",
            ),
            (true, false, "there is no musl-gcc"),
        ] {
            let glibc = of(host, target, compiler);
            assert_eq!(glibc.library(), Library::Glibc);
            assert_eq!(
                glibc.to_string(),
                format!("{host}: static, with glibc: {missing}")
            );
        }
        let other = of("aarch64-apple-darwin", true, true);
        assert_eq!(other.library(), Library::Dynamic);
        assert_eq!(other.triple(), "aarch64-apple-darwin");
    }
}
