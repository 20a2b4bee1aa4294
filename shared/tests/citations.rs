//! What pages and comments cite is in the tree.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folders of the tree's root whose paths are cited.
const ROOTS: [&str; 8] = ["shared/", "functions/", "infra/", "docs/", "tests/", "benchmarks/", "fuzz/", "events/"];
/// Pages that are cited by their name alone, with the section after it.
const PAGES: [&str; 3] = ["domain.md", "engineering.md", "ARCHITECTURE.md"];

/// Every page, source and description below a folder.
fn texts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            texts(&path, found);
        } else if matches!(path.extension().and_then(|end| end.to_str()), Some("md" | "rs" | "tf" | "toml")) {
            found.push(path);
        }
    }
}

/// The paths in a text that begin at the tree's root: in backticks, or as the target of a link.
fn cited(text: &str) -> impl Iterator<Item = &str> {
    let is_path = |word: &&str| {
        let whole = word.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./".contains(letter));
        whole && ROOTS.iter().any(|root| word.starts_with(root))
    };
    text.split(['`', '\n']).map(str::trim).filter(is_path)
}

#[test]
fn what_is_cited_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    texts(root, &mut found);
    assert!(found.len() > 300, "the tree was found");
    let mut missing = BTreeSet::new();
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        let is_there = |cited: &str| {
            // A crate's own files may cite the crate's own paths.
            let own = path.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
            own.map(|folder| folder.join(cited)).any(|cited| cited.exists())
        };
        missing.extend(
            cited(&text).filter(|cited| !is_there(cited)).map(|cited| (path.display().to_string(), cited.to_owned())),
        );
        for page in PAGES.iter().filter(|page| text.contains(**page)) {
            assert!(root.join("docs").join(page).exists(), "{} cites {page}", path.display());
        }
    }
    assert!(missing.is_empty(), "cited, and not there: {missing:#?}");
}
