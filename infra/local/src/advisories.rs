//! Advisories about what we depend on, from a copy of `RustSec`'s database: CI may have no way out
//! to fetch one.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::environment::ADVISORIES;
use crate::files::Files;
use crate::process::command;
use crate::tools::Python;

/// The variable that names the directory of the copy.
const COPY: &str = "ADVISORY_DB";
/// What is checked: the program's dependencies, and those of the fuzzer, which is a workspace of
/// its own.
const LOCKS: [&str; 2] = ["Cargo.lock", "fuzz/Cargo.lock"];
/// What is said where there is no copy.
pub(crate) const NOT_CHECKED: &str = "Advisories about dependencies are not checked: ADVISORY_DB names no copy of \
                                      https://github.com/rustsec/advisory-db";

/// The commands that check, or none where there is no copy to check with. A directory that holds no
/// advisory is refused: it would find nothing in anything.
pub(crate) async fn checks(files: &Files, python: &Python) -> Result<Vec<tokio::process::Command>> {
    let Some(copy) = copy(std::env::var_os(COPY))? else { return Ok(Vec::new()) };
    ADVISORIES.install(files, python).await?;
    let check = |lock: &str| {
        let mut audit = command(ADVISORIES.program(files, "cargo-audit"));
        // Yanked versions are asked of the registry, which may be out of reach as well.
        audit
            .args(["audit", "--no-fetch", "--stale", "--no-yanked", "--db"])
            .arg(&copy)
            .args(["--file", lock]);
        audit
    };
    Ok(LOCKS.map(check).into())
}

fn copy(named: Option<OsString>) -> Result<Option<PathBuf>> {
    let Some(copy) = named.filter(|name| !name.is_empty()).map(PathBuf::from) else {
        return Ok(None);
    };
    let crates = std::fs::read_dir(copy.join("crates")).into_iter().flatten().next();
    if crates.is_none() {
        bail!(
            "{COPY} names {}, which holds no advisory: a copy of the database has them under crates/",
            copy.display()
        );
    }
    // The checks run elsewhere.
    Ok(Some(std::fs::canonicalize(copy)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_advisories_is_no_copy() {
        assert_eq!(copy(None).unwrap(), None);
        assert_eq!(copy(Some(OsString::new())).unwrap(), None);
        let directory = std::env::temp_dir().join(format!("advisories-{}", std::process::id()));
        std::fs::create_dir_all(directory.join("crates")).unwrap();
        let named = || Some(directory.clone().into_os_string());
        assert!(copy(named()).unwrap_err().to_string().contains("holds no advisory"));
        std::fs::create_dir_all(directory.join("crates/memchr")).unwrap();
        assert!(copy(named()).unwrap().is_some());
        std::fs::remove_dir_all(&directory).unwrap();
        assert!(copy(named()).is_err());
    }
}
