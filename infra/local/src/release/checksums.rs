//! `SHA256SUMS`, as `sha256sum --check` reads it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::files;

/// Its name, beside what it is about.
pub(crate) const NAME: &str = "SHA256SUMS";

/// Writes the digests of files of a directory, by their names in it.
pub(crate) fn write(directory: &Path, names: &[String]) -> Result<()> {
    let mut text = String::new();
    for name in names {
        let path = directory.join(name);
        let bytes = fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?;
        let digest = hex::encode(Sha256::digest(bytes));
        text.extend([&digest, "  ", name, "\n"]);
    }
    files::write_private(&directory.join(NAME), &text)
}

/// The names whose digests differ between two lists, or that only one of them has.
pub(crate) fn differing(left: &str, right: &str) -> Vec<String> {
    let only_in = |one: &str, other: &str| -> Vec<String> {
        let missing = one.lines().filter(|line| !other.lines().any(|known| known == *line));
        missing.filter_map(|line| line.split_once("  ")).map(|(_, name)| name.to_owned()).collect()
    };
    let mut names = only_in(left, right);
    names.extend(only_in(right, left));
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_differ_by_name() {
        let left = "aa  status.zip\nbb  ines.zip\n";
        assert!(differing(left, left).is_empty());
        assert_eq!(differing(left, "aa  status.zip\ncc  ines.zip\n"), ["ines.zip"]);
        assert_eq!(differing(left, "aa  status.zip\n"), ["ines.zip"]);
        assert_eq!(differing("", "aa  status.zip\n"), ["status.zip"]);
    }
}
