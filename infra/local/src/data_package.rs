//! What others make of the files of snapshots: the Data Package by frictionless, the tables in
//! Parquet by `DuckDB`, the catalogue by `rdflib`.

use std::path::PathBuf;

use tokio::process::Command;

use crate::environment::DATA_PACKAGE;
use crate::files::Files;

/// The snapshots that the tests of `functions/statistics/tests/national.rs` write: one of nobody, one
/// of a university, and the second of two of a sparse country.
const SNAPSHOTS: [&str; 3] = ["empty", "university", "second"];

/// Their readers. The files are those of the tests of this run, for those rewrite them.
pub(crate) fn readers(files: &Files) -> Command {
    let mut readers = DATA_PACKAGE.module(files, "data_package");
    let written: PathBuf = files.root().join("target/tmp/snapshots");
    readers.args(SNAPSHOTS.map(|name| written.join(name)));
    readers
}
