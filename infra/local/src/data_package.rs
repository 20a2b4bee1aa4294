//! What others make of the files of snapshots: the Data Package by frictionless, the tables in
//! Parquet by `DuckDB`, the catalogue by `rdflib`; and what an attacker finds out of them with
//! another solver, `HiGHS`, and τ-Argus out of the system that they are of.

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

/// The audit of τ-Argus, of a system that a test of `functions/statistics/tests/national.rs` writes.
/// It is compiled for Linux alone, of the machines that the tests run on.
pub(crate) fn tau_argus(files: &Files) -> Option<Command> {
    cfg!(target_os = "linux").then(|| {
        let mut audit = DATA_PACKAGE.module(files, "tau_argus");
        audit.arg(files.root().join("target/tmp/systems/universities.jj"));
        audit
    })
}

fn snapshots(files: &Files) -> [PathBuf; SNAPSHOTS.len()] {
    let written = files.root().join("target/tmp/snapshots");
    SNAPSHOTS.map(|name| written.join(name))
}
