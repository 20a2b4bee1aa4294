//! The Python programs' virtual environment, under `target/local`: the AWS emulator, and the test double of identity
//! providers.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use sha2::{Digest as _, Sha256};

use crate::files::{self, Files};
use crate::process::{self, command};
use crate::tools::Python;
use crate::ui::Step;

/// What is installed, pinned by digest.
const REQUIREMENTS: [&str; 2] = ["emulator-requirements.txt", "doubles/requirements.txt"];

/// Installs what is pinned, once for each version of the requirements and of Python.
pub(crate) async fn install(files: &Files, python: &Python) -> Result<()> {
    let requirements = REQUIREMENTS.map(|name| files.source(name));
    let mut pinned = Sha256::new();
    for path in &requirements {
        pinned.update(files::read(path)?);
    }
    let stamp = format!("{}, python {}\n", hex::encode(pinned.finalize()), python.version);
    let environment = directory(files);
    let stamp_path = environment.join("installed");
    if fs::read_to_string(&stamp_path).is_ok_and(|installed| installed == stamp) {
        return Ok(());
    }
    let step = Step::start("installing the AWS emulator and the test double");
    let log = files.local("install.log");
    files::write_private(&log, "")?;
    files::remove_directory(&environment)?;
    let mut create = command(python.program);
    create.args(["-m", "venv"]).arg(&environment);
    if !process::logged(&mut create, &log).await?.success() {
        bail!("{} could not make a virtual environment: see {}", python.program, files.shown(&log));
    }
    let temporary = clean_temporary(files)?;
    let mut install = command(interpreter(files));
    // The digests decide what is installed, whichever index it comes from; nothing goes to the home directory.
    install
        .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir"])
        .args(["--require-hashes", "--only-binary", ":all:"])
        .env("TMPDIR", temporary);
    for path in &requirements {
        install.arg("--requirement").arg(path);
    }
    if !process::logged(&mut install, &log).await?.success() {
        return Err(install_error(files, &log));
    }
    files::write_private(&stamp_path, &stamp)?;
    step.done("");
    Ok(())
}

/// The Python that has it all.
pub(crate) fn interpreter(files: &Files) -> PathBuf {
    directory(files).join("bin/python")
}

/// An empty directory for temporary files, so that none is left elsewhere.
pub(crate) fn clean_temporary(files: &Files) -> Result<PathBuf> {
    let temporary = files.local("tmp");
    files::remove_directory(&temporary)?;
    files::create_directory(&temporary)?;
    Ok(temporary)
}

fn directory(files: &Files) -> PathBuf {
    files.local("emulator")
}

/// What pip says when the index is out of reach; anything else is in its log.
fn install_error(files: &Files, log: &Path) -> anyhow::Error {
    let said = files::tail(log, 50);
    let offline =
        ["No matching distribution", "NewConnectionError", "NameResolutionError", "ConnectTimeout", "ProxyError"];
    let log = files.shown(log);
    if offline.iter().any(|sign| said.contains(sign)) {
        anyhow::anyhow!(
            "the AWS emulator can't be installed: the Python package index is out of reach (pip's words are in {log})"
        )
    } else {
        anyhow::anyhow!("the AWS emulator can't be installed: pip's words are in {log}")
    }
}
