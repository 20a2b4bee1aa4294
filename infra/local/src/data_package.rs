//! What others make of the files of snapshots: the Data Package by frictionless, the tables in
//! Parquet by `DuckDB`, the catalogue by `rdflib`; and what an attacker finds out of them with
//! another solver, `HiGHS`.

use std::path::PathBuf;

use tokio::process::Command;

use crate::environment::DATA_PACKAGE;
use crate::files::Files;

/// The snapshots that the tests of `functions/statistics/tests/national.rs` write: one of nobody, one
/// of a university, and two of a sparse country.
const SNAPSHOTS: [&str; 4] = ["empty", "university", "first", "second"];

/// Their readers. The files are those of the tests of this run, for those rewrite them.
pub(crate) fn readers(files: &Files) -> Command {
    let mut readers = DATA_PACKAGE.module(files, "data_package");
    readers.args(snapshots(files));
    readers
}

/// Their attacker.
pub(crate) fn attacker(files: &Files) -> Command {
    let mut attacker = DATA_PACKAGE.module(files, "attacker");
    attacker.arg(files.root().join("shared/reference/territories.txt")).args(snapshots(files));
    attacker
}

fn snapshots(files: &Files) -> [PathBuf; SNAPSHOTS.len()] {
    let written = files.root().join("target/tmp/snapshots");
    SNAPSHOTS.map(|name| written.join(name))
}
