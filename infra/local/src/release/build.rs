//! cargo-lambda builds the programs, and we zip them: its own zips carry the time.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use object::elf;

use super::{Release, glibc, process};
use crate::environment::PACKAGING;
use crate::files::{self, Files};
use crate::packages::{Compression, ENTRY, TOOL, write_zip};
use crate::process::command;

/// A zip that was made.
#[derive(Debug)]
pub(crate) struct Package {
    /// The function, or the operator's tool.
    pub(crate) name: String,
    /// The zip, in the directory of the packages.
    pub(crate) file: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// The newest C library that the program needs.
    pub(crate) glibc: glibc::Version,
}

/// Builds the checkout at `root` and zips each program into `directory`.
pub(crate) async fn packages(
    release: &Release,
    files: &Files,
    root: &Path,
    directory: &Path,
) -> Result<Vec<Package>> {
    let programs = directory.join("programs");
    let mut build = cargo_lambda(release, files, root)?;
    build.arg("--lambda-dir").arg(&programs);
    if !process::shown(&mut build).await?.success() {
        bail!("the packages don't build: see what cargo-lambda says above");
    }
    let mut packages = Vec::new();
    for name in &release.programs {
        let program = programs.join(name).join(ENTRY);
        let machine = release.architecture.machine();
        let (name, directory) = (name.clone(), directory.to_owned());
        let package =
            tokio::task::spawn_blocking(move || zip(&name, &program, machine, &directory))
                .await
                .context("packaging was cut short")??;
        packages.push(package);
    }
    files::remove_directory(&programs)?;
    Ok(packages)
}

/// `cargo lambda build` of every program, in an environment that leaves no trace of this machine:
/// paths are those of nowhere, and the only time is the commit's.
fn cargo_lambda(release: &Release, files: &Files, root: &Path) -> Result<tokio::process::Command> {
    let tools = PACKAGING.program(files, "");
    let own = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([tools].into_iter().chain(std::env::split_paths(&own)))
        .context("the PATH can't be written")?;
    let remapped = [(root.to_owned(), "/statut-etudiant"), (cargo_home()?, "/cargo")];
    let remapped = remapped.map(|(from, to)| format!("{}={to}", from.display()));

    let mut build = command(PACKAGING.program(files, "cargo-lambda"));
    // Its own optimisations would take unwinding away, which the profile keeps.
    build.args(["lambda", "build", "--release", "--locked", "--disable-optimizations"]);
    build.arg(release.architecture.option());
    for name in &release.programs {
        build.args(["--bin", name]);
    }
    build
        .current_dir(root)
        .env("PATH", path)
        .env("SOURCE_DATE_EPOCH", &release.committed)
        .env("CARGO_TARGET_DIR", root.join("target"))
        .env(
            "RUSTFLAGS",
            remapped.each_ref().map(|map| format!("--remap-path-prefix={map}")).join(" "),
        )
        .env("CFLAGS", remapped.each_ref().map(|map| format!("-ffile-prefix-map={map}")).join(" "));
    Ok(build)
}

/// Where cargo keeps the sources of dependencies.
fn cargo_home() -> Result<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    named
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .context("neither CARGO_HOME nor a home directory is set")
}

fn zip(name: &str, program: &Path, machine: elf::Machine, directory: &Path) -> Result<Package> {
    let glibc = glibc::needed(program, machine)?;
    let (file, entry) = if name == TOOL {
        (format!("{name}.zip"), TOOL)
    } else {
        (format!("{name}/bootstrap.zip"), ENTRY)
    };
    let zip = directory.join(&file);
    files::create_directory(zip.parent().unwrap_or(directory))?;
    let unreadable = || format!("{} can't be read", program.display());
    let mut source = File::open(program).with_context(unreadable)?;
    write_zip(&mut source, &zip, entry, Compression::Small)?;
    let bytes = zip.metadata().with_context(|| format!("{} can't be read", zip.display()))?.len();
    Ok(Package { name: name.to_owned(), file, bytes, glibc })
}
