//! `cargo xtask dist`: an archive of both programs without other dependencies, with licences,
//! completions and manual pages, and the build context of the container image.
//!
//! The archive depends on the programs and documents only, not on the day, the user or the folder.

mod archive;
mod manual;
mod maven;
mod npm;
mod sbom;
mod target;
mod third_party;
mod wheel;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::{site, workspace};
use archive::Entry;
use target::Target;

/// The programs of an archive, which are named as their packages are.
const PROGRAMS: [&str; 2] = ["bandwidth-mock", "bandwidth-conformance"];

/// The one that is in the image.
const SERVER: &str = PROGRAMS[0];

/// The file of a program.
fn file_of(program: &str) -> String {
    format!("{program}{}", std::env::consts::EXE_SUFFIX)
}

/// The shells that have completions, and what is before and after the program's name in a file's.
const SHELLS: [(&str, &str, &str); 3] = [
    ("bash", "", ".bash"),
    ("zsh", "_", ""),
    ("fish", "", ".fish"),
];

/// Documents of the project in an archive. They link to each other by these paths.
const DOCUMENTS: [&str; 6] = [
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "docs",
];

/// The packages to write, and their folder
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[command(after_help = "It writes, for this platform:
  NAME.tar.gz    both programs, completions for bash, zsh and fish, a manual page for each command,
                 the documents, and the licences of all linked crates
  NAME.cdx.json  the linked crates, as CycloneDX 1.6 (SBOM)
  SHA256SUMS     for `sha256sum --check`
  image/         the context of mock-server/Containerfile
  *.whl          with --wheel: the Python package with both programs; needs Python 3.9 and PyPI
  *.tgz          with --npm: the packages for npm
  maven/         with --maven: a repository with the Java client and the program as jars
  *-site.tar.gz  with --site: the documents as a site with search, without network

On Linux the programs are static, linked with musl. That needs:
  rustup target add x86_64-unknown-linux-musl
  apt-get install musl-tools

The same programs and documents give the same archive. Its files have the time of SOURCE_DATE_EPOCH,
or a fixed time.

Example:
  cargo xtask dist && (cd target/dist && sha256sum --check SHA256SUMS)")]
pub(crate) struct Options {
    /// Write to this folder, in place of what an earlier run packed
    #[arg(long, value_name = "FOLDER", default_value = "target/dist")]
    out: PathBuf,
    /// Build the Python package too
    #[arg(long)]
    wheel: bool,
    /// Pack the npm packages too (requires Node.js and npm)
    #[arg(long)]
    npm: bool,
    /// Build the Java artifacts too (requires a JDK and Maven with its registry)
    #[arg(long)]
    maven: bool,
    /// Pack the development build, for checks on this machine: quick, large, and not static
    #[arg(long)]
    dev: bool,
    /// Pack the documents as a site too (the first build installs mdBook from crates.io)
    #[arg(long)]
    site: bool,
}

/// Builds, collects, packs, and prints what was written.
pub(crate) fn run(options: &Options) -> Result<()> {
    let (target, programs) = if options.dev {
        (Target::host()?, Target::development(&PROGRAMS)?)
    } else {
        let target = Target::choose()?;
        println!("{}", target.triple());
        let programs = target.build(&PROGRAMS)?;
        (target, programs)
    };
    let crates = third_party::crates(&PROGRAMS, &target)?;

    let out = workspace::root().join(&options.out);
    let name = format!(
        "bandwidth-mock-{}-{}",
        env!("CARGO_PKG_VERSION"),
        target.triple()
    );
    let entries = entries(&programs, &third_party::text(&crates, target.musl))?;
    let modified = archive::modified()?;
    let packed = archive::pack(&name, &entries, modified)?;
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    remove_packages(&out).with_context(|| format!("cannot tidy {}", out.display()))?;
    let file = format!("{name}.tar.gz");
    write(&out.join(&file), &packed)?;
    let image_folder = out.join("image");
    image(&image_folder, &entries)?;
    let bom = format!("{name}.cdx.json");
    write(&out.join(&bom), sbom::text(&crates)?.as_bytes())?;
    let mut files = vec![file.clone(), bom];
    if options.wheel {
        files.push(wheel::write(&out, &entries, target.triple(), modified)?);
    }
    if options.npm {
        files.extend(npm::pack(&out, &image_folder)?);
    }
    if options.maven {
        files.extend(maven::deploy(
            &out,
            &image_folder,
            target.triple(),
            modified,
        )?);
    }
    if options.site {
        let pages = site::files(&site::build()?)?.into_iter();
        let pages: Vec<Entry> = pages
            .map(|(path, bytes)| Entry::file(path, bytes))
            .collect();
        let name = format!("bandwidth-mock-{}-site", env!("CARGO_PKG_VERSION"));
        files.push(format!("{name}.tar.gz"));
        write(
            &out.join(format!("{name}.tar.gz")),
            &archive::pack(&name, &pages, modified)?,
        )?;
    }
    write(&out.join("SHA256SUMS"), sums(&out, &files)?.as_bytes())?;

    let shown = options.out.display();
    println!(
        "{shown}/{file}: {} bytes, {} files",
        packed.len(),
        entries.len()
    );
    for further in &files[1..] {
        println!("{shown}/{further}");
    }
    println!("{shown}/SHA256SUMS");
    println!("{shown}/image/");
    Ok(())
}

/// A line for each file, as `sha256sum --check` reads it.
fn sums(folder: &Path, files: &[String]) -> Result<String> {
    let line = |file: &String| {
        let path = folder.join(file);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let sum = HEXLOWER.encode(&Sha256::digest(bytes));
        Ok(format!("{sum}  {file}\n"))
    };
    files.iter().map(line).collect()
}

/// Removes what an earlier run packed: `SHA256SUMS` will not name it.
fn remove_packages(folder: &Path) -> io::Result<()> {
    maven::remove(folder)?;
    for found in fs::read_dir(folder)? {
        let found = found?;
        let name = found.file_name();
        let name = name.to_string_lossy();
        let archive = name.starts_with("bandwidth-mock-")
            && [".tar.gz", ".cdx.json", ".tgz"]
                .iter()
                .any(|ending| name.ends_with(ending));
        if archive || wheel::is_wheel(&name) {
            fs::remove_file(found.path())?;
        }
    }
    Ok(())
}

/// The files of an archive.
fn entries(programs: &[PathBuf], third_party: &str) -> Result<Vec<Entry>> {
    let mut entries = vec![Entry::file("THIRD-PARTY.txt", third_party)];
    for (name, program) in PROGRAMS.into_iter().zip(programs) {
        let bytes =
            fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
        entries.push(Entry::program(file_of(name), bytes));
        for (shell, before, after) in SHELLS {
            let script = completions(program, shell)?;
            entries.push(Entry::file(
                format!("completions/{shell}/{before}{name}{after}"),
                script,
            ));
        }
    }
    for (page, text) in manual::pages()? {
        entries.push(Entry::file(format!("man/man1/{page}"), text));
    }
    let root = workspace::root();
    for path in workspace::files(&root)?
        .into_iter()
        .filter(|path| is_document(path))
    {
        let from = root.join(&path);
        let bytes = fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
        entries.push(Entry::file(path, bytes));
    }
    entries.sort();
    Ok(entries)
}

/// True if a file of the project is one of its documents, or below a folder of them.
fn is_document(path: &str) -> bool {
    DOCUMENTS.iter().any(|document| {
        let rest = path.strip_prefix(document);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Runs a program for its shell completions: the archive has what its user would get.
fn completions(program: &Path, shell: &str) -> Result<Vec<u8>> {
    let output = workspace::without_mock_variables(&mut Command::new(program))
        .args(["completions", shell])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    ensure!(
        output.status.success(),
        "{} has no completions for {shell}",
        program.display()
    );
    Ok(output.stdout)
}

/// Writes the build context of an image: the server, and the licences.
fn image(folder: &Path, entries: &[Entry]) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let server = file_of(SERVER);
    let wanted = [&server, "LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY.txt"];
    for entry in entries
        .iter()
        .filter(|entry| wanted.contains(&entry.path()))
    {
        entry.write(folder)?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
