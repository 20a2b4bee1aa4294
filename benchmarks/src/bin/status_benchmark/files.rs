//! Where things are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The repository, and the directory of everything that the benchmark leaves.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    root: PathBuf,
    target: PathBuf,
}

impl Files {
    /// Those of this checkout.
    pub(crate) fn locate() -> Result<Self> {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root =
            sources.parent().context("the benchmark has no repository around it")?.to_owned();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(target) => std::path::absolute(target)?,
            None => root.join("target"),
        };
        let files = Self { root, target };
        fs::create_dir_all(files.scratch("")).context("target/benchmarks can't be made")?;
        Ok(files)
    }

    /// The repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A file of `benchmarks/`.
    pub(crate) fn source(&self, name: &str) -> PathBuf {
        self.root.join("benchmarks").join(name)
    }

    /// A file of `target/benchmarks/`.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.target.join("benchmarks").join(name)
    }

    /// A binary that cargo built for release.
    pub(crate) fn released(&self, name: &str) -> PathBuf {
        self.target.join("release").join(name)
    }
}

/// Copies files from one directory to another.
pub(crate) fn copy(from: &Path, to: &Path, names: &[&str]) -> Result<()> {
    for name in names {
        fs::copy(from.join(name), to.join(name))
            .with_context(|| format!("{name} can't be copied"))?;
    }
    Ok(())
}
