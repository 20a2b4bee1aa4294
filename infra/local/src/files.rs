//! Where things are: the repository, and the local platform's own files under `target/local`.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The paths of one checkout.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    root: PathBuf,
}

impl Files {
    /// Finds the checkout that `cargo` runs this from.
    pub(crate) fn locate() -> Result<Self> {
        // Cargo sets it at run time too, so a checkout that has moved since the build is still
        // found.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .join("../..")
            .canonicalize()
            .context("the repository has moved: run this again with cargo")?;
        let files = Self { root };
        create_directory(&files.local(""))?;
        Ok(files)
    }

    /// The repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A file of the repository's `infra`.
    pub(crate) fn infra(&self, name: &str) -> PathBuf {
        self.root.join("infra").join(name)
    }

    /// A file of this crate.
    pub(crate) fn source(&self, name: &str) -> PathBuf {
        self.root.join("infra/local").join(name)
    }

    /// A file of the local platform.
    pub(crate) fn local(&self, name: &str) -> PathBuf {
        self.root.join("target/local").join(name)
    }

    /// A path as a person would write it from the repository.
    pub(crate) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

/// Creates a directory and its parents.
pub(crate) fn create_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("{} can't be created", path.display()))
}

/// Removes a directory and what it holds, if there is one.
pub(crate) fn remove_directory(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} can't be removed", path.display()))
        }
        _ => Ok(()),
    }
}

/// Reads a text file.
pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))
}

/// Writes a file that only its owner may read, whole or not at all: readers never see half of it.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let draft = path.with_extension("new");
    let write = || {
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&draft, path)
    };
    write().with_context(|| format!("{} can't be written", path.display()))
}

/// The last lines of a log, for an error message.
pub(crate) fn tail(path: &Path, lines: usize) -> String {
    let text = fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Copies a directory, without the entries that `keep` refuses (given their name).
pub(crate) fn copy_directory(from: &Path, to: &Path, keep: &dyn Fn(&str) -> bool) -> Result<()> {
    create_directory(to)?;
    let entries =
        fs::read_dir(from).with_context(|| format!("{} can't be read", from.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("{} can't be read", from.display()))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| keep(name))
        else {
            continue;
        };
        let target = to.join(name);
        if path.is_dir() {
            copy_directory(&path, &target, keep)?;
        } else {
            fs::copy(&path, &target)
                .with_context(|| format!("{} can't be copied", path.display()))?;
        }
    }
    Ok(())
}
