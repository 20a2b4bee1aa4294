//! What pages and comments cite is in the tree, and nothing strays there.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folders of the tree's root whose paths are cited.
const ROOTS: [&str; 8] =
    ["shared/", "functions/", "infra/", "docs/", "tests/", "benchmarks/", "fuzz/", "events/"];
/// Pages that are cited by their name alone, with the section after it.
const PAGES: [&str; 3] = ["domain.md", "engineering.md", "ARCHITECTURE.md"];

/// Every page, source and description below a folder.
fn texts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            texts(&path, found);
        } else if matches!(
            path.extension().and_then(|end| end.to_str()),
            Some("md" | "rs" | "tf" | "toml")
        ) {
            found.push(path);
        }
    }
}

/// The paths in a text that begin at the tree's root: in backticks, or as the target of a link.
fn cited(text: &str) -> impl Iterator<Item = &str> {
    let is_path = |word: &&str| {
        let whole =
            word.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./".contains(letter));
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
            cited(&text)
                .filter(|cited| !is_there(cited))
                .map(|cited| (path.display().to_string(), cited.to_owned())),
        );
        for page in PAGES.iter().filter(|page| text.contains(**page)) {
            assert!(root.join("docs").join(page).exists(), "{} cites {page}", path.display());
        }
    }
    assert!(missing.is_empty(), "cited, and not there: {missing:#?}");
}

/// Whoever adds a table says what of whom it keeps, and for how long.
#[test]
fn the_inventory_of_personal_data_has_every_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let inventory = std::fs::read_to_string(root.join("docs/privacy/inventory.md")).unwrap();
    let mut tables = 0;
    for description in ["infra/storage.tf", "infra/ines.tf"] {
        let text = std::fs::read_to_string(root.join(description)).unwrap();
        let (_, declared) = text.split_once("tables = {\n").unwrap();
        let (declared, _) = declared.split_once("\n  }\n").unwrap();
        for line in declared.lines() {
            let Some((name, _)) = line.strip_prefix("    ").and_then(|line| line.split_once('='))
            else {
                continue;
            };
            // What a table has is further in, and comments have spaces.
            let name = name.trim_end();
            let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
            if name.chars().all(is_name) {
                tables += 1;
                assert!(inventory.contains(&format!("| `{name}` |")), "{name} of {description}");
            }
        }
    }
    assert!(tables > 15, "the tables were found: {tables}");
}

/// What is at the top of the tree.
const TOP: [&str; 24] = [
    ".cargo",
    ".ci",
    ".git",
    ".gitignore",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "attestation",
    "benchmarks",
    "clippy.toml",
    "deny.toml",
    "docs",
    "events",
    "functions",
    "fuzz",
    "infra",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "shared",
    "target",
    "tests",
    "tools",
];
/// How the names of files end that tests and editors leave.
const LEFT: [&str; 5] = [".snap.new", ".pending-snap", ".orig", ".rej", "~"];

/// The files below a folder whose name ends like what tests and editors leave.
fn left(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            left(&path, found);
        } else if LEFT.iter().any(|end| name.ends_with(end)) {
            found.push(path);
        }
    }
}

#[test]
fn nothing_strays_in_the_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let names = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name());
    let strays: Vec<_> = names.filter(|name| !TOP.iter().any(|known| name == known)).collect();
    assert!(strays.is_empty(), "at the top of the tree: {strays:?}");
    let mut found = Vec::new();
    left(root, &mut found);
    assert!(found.is_empty(), "{found:?}");
}

/// The numbers in a text such as "10, 12 and 14".
fn numbers(text: &str) -> BTreeSet<u32> {
    text.split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|word| word.parse().ok())
        .collect()
}

/// A reader of an old decision must learn there that it no longer holds, and the index must name
/// every decision.
#[test]
fn a_decision_says_which_later_one_amends_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/decisions");
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let entries: Vec<_> = index
        .lines()
        .filter_map(|line| {
            let (number, rest) = line.split_once(". [")?;
            let (file, remarks) = rest.split_once("](")?.1.split_once(')')?;
            Some((number.parse::<u32>().ok()?, file, remarks))
        })
        .collect();
    let in_folder = std::fs::read_dir(&folder).unwrap().count() - 1;
    assert_eq!(entries.len(), in_folder, "the index names each decision once");
    let opening = |number: u32| {
        let (_, file, _) = entries.iter().find(|(other, ..)| *other == number).unwrap();
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        text.lines().take(6).collect::<Vec<_>>().join(" ")
    };
    for (number, _, remarks) in &entries {
        let (_, amended) = remarks.split_once("amends").unwrap_or_default();
        for amended in numbers(amended) {
            let opening = opening(amended);
            let (_, by) = opening.split_once("mended by").unwrap_or_default();
            assert!(numbers(by).contains(number), "{amended} doesn't say that {number} amends it");
        }
        let (_, later) = remarks.split_once("superseded by").unwrap_or_default();
        for later in numbers(later) {
            let opening = opening(*number);
            let (_, by) = opening.split_once("uperseded by").unwrap_or_default();
            assert!(
                numbers(by).contains(&later),
                "{number} doesn't say that {later} supersedes it"
            );
        }
    }
}
