//! The packages that go to AWS: one processor, from one commit, the same bytes wherever they are
//! built.

mod build;
pub(crate) mod checksums;
mod glibc;
mod parts;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use object::elf;
use serde_json::json;
use statut::ui;
use tokio::process::Command;

use crate::cli::{self as options, Architecture};
use crate::files::{self, Files};
use crate::packages::PROGRAMS;
use crate::process::{self, command};

pub(crate) use self::build::Package;

/// What is built: from which commit, for which processor.
#[derive(Debug)]
pub(crate) struct Release {
    architecture: Architecture,
    /// The commit, in full.
    commit: String,
    /// When it was made, seconds since 1970: the only time in a package (`SOURCE_DATE_EPOCH`).
    committed: String,
    /// Files differ from the commit: what is built can't be built again from it.
    changed: bool,
    rustc: String,
    /// The programs: every function and the operator's tool, or some of them.
    programs: Vec<String>,
}

impl Architecture {
    /// The word of Terraform's `architecture`.
    fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    /// The option of `cargo lambda build`.
    fn option(self) -> &'static str {
        match self {
            Self::X86_64 => "--x86-64",
            Self::Arm64 => "--arm64",
        }
    }

    fn machine(self) -> elf::Machine {
        match self {
            Self::X86_64 => elf::EM_X86_64,
            Self::Arm64 => elf::EM_AARCH64,
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commit = self.commit.get(..12).unwrap_or(&self.commit);
        let changed = if self.changed { " and what is not committed" } else { "" };
        write!(formatter, "{commit}{changed} for {}", self.architecture.name())
    }
}

impl Release {
    /// What can be built here and now; refuses a processor for which the toolchain has no standard
    /// library.
    pub(crate) async fn of(files: &Files, options: &options::Package) -> Result<Self> {
        let architecture = options.arch;
        let target = architecture.target();
        let libraries =
            said(files.root(), "rustc", &["--print", "target-libdir", "--target", target]).await?;
        if !Path::new(&libraries).is_dir() {
            bail!(
                "this toolchain has no standard library for {target}, which {} is built with: \
                 `rustup target add {target}` installs it",
                architecture.name()
            );
        }
        let root = files.root();
        Ok(Self {
            architecture,
            commit: said(root, "git", &["rev-parse", "HEAD"]).await?,
            committed: said(root, "git", &["show", "--no-patch", "--format=%ct", "HEAD"]).await?,
            changed: !said(root, "git", &["status", "--porcelain"]).await?.is_empty(),
            rustc: said(root, "rustc", &["--version"]).await?,
            programs: match options.only.as_slice() {
                [] => PROGRAMS.map(str::to_owned).to_vec(),
                some => some.to_vec(),
            },
        })
    }

    /// Where the packages go: Terraform's `packages_dir`.
    pub(crate) fn directory(&self, files: &Files) -> PathBuf {
        files.root().join("target/package").join(self.architecture.name())
    }

    /// Builds, packages and describes everything; what an earlier build left is replaced.
    pub(crate) async fn build(&self, files: &Files) -> Result<Vec<Package>> {
        let directory = self.directory(files);
        files::remove_directory(&directory)?;
        files::create_directory(&directory)?;
        let packages = build::packages(self, files, files.root(), &directory).await?;
        self.describe(files, files.root(), &directory, &packages).await?;
        Ok(packages)
    }

    /// What was built from what, and the digests of all of it.
    async fn describe(
        &self,
        files: &Files,
        root: &Path,
        directory: &Path,
        packages: &[Package],
    ) -> Result<()> {
        parts::write(self, files, root, directory).await?;
        let about = json!({
            "commit": self.commit,
            "uncommitted_changes": self.changed,
            "architecture": self.architecture.name(),
            "rustc": self.rustc,
            "packages": packages
                .iter()
                .map(|one| json!({ "name": one.name, "file": one.file, "bytes": one.bytes, "glibc": one.glibc.to_string() }))
                .collect::<Vec<_>>(),
        });
        files::write_private(&directory.join("release.json"), &format!("{about:#}\n"))?;
        let mut names: Vec<String> = packages.iter().map(|package| package.file.clone()).collect();
        names.extend(parts::NAMES.map(str::to_owned));
        names.push("release.json".to_owned());
        checksums::write(directory, &names)
    }

    /// Builds once more, from a copy of the commit in another folder and with another target
    /// directory, and fails if a byte differs.
    pub(crate) async fn verify(&self, files: &Files, packages: &[Package]) -> Result<()> {
        if self.changed {
            bail!("what is not committed can't be built elsewhere: commit it first");
        }
        let elsewhere = files.root().join("target/package/verification");
        files::remove_directory(&elsewhere)?;
        let checkout = elsewhere.join("checkout");
        let checkout_name = checkout.to_string_lossy().into_owned();
        said(files.root(), "git", &["clone", "--quiet", "--no-hardlinks", ".", &checkout_name])
            .await?;
        said(&checkout, "git", &["checkout", "--quiet", "--detach", &self.commit]).await?;
        let again = elsewhere.join("packages");
        files::create_directory(&again)?;
        let rebuilt = build::packages(self, files, &checkout, &again).await?;
        self.describe(files, &checkout, &again, &rebuilt).await?;
        let list = |directory: &Path| files::read(&directory.join(checksums::NAME));
        let differing = checksums::differing(&list(&self.directory(files))?, &list(&again)?);
        if !differing.is_empty() {
            bail!(
                "the same commit gave other bytes in another folder: {} (kept in {})",
                differing.join(", "),
                files.shown(&elsewhere)
            );
        }
        ui::line(&format!("{} packages are the same, byte for byte, built twice", packages.len()));
        files::remove_directory(&elsewhere)
    }
}

/// What a program prints, without its last line break; its own words if it fails.
async fn said(directory: &Path, program: &str, arguments: &[&str]) -> Result<String> {
    let mut command = command(program);
    command.args(arguments);
    let output = output(command, directory).await?;
    Ok(String::from_utf8_lossy(&output).trim_end().to_owned())
}

/// What a program writes; its own words if it fails.
async fn output(mut program: Command, directory: &Path) -> Result<Vec<u8>> {
    let name = program.as_std().get_program().to_string_lossy().into_owned();
    let output = program
        .current_dir(directory)
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("{name} can't be started"))?;
    if !output.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}
