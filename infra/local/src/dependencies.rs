//! The licences, sources and versions of what we depend on, against `deny.toml`.

use tokio::process::Command;

use crate::environment::DEPENDENCIES;
use crate::files::Files;
use crate::process::command;

/// The commands that check: the program's dependencies, and those of the fuzzer, which is a
/// workspace of its own. They read each crate's description, so cargo fetches those that are for
/// another platform.
pub(crate) fn checks(files: &Files) -> [Command; 2] {
    ["Cargo.toml", "fuzz/Cargo.toml"].map(|manifest| {
        let mut deny = command(DEPENDENCIES.program(files, "cargo-deny"));
        deny.args(["--locked", "--manifest-path", manifest, "--config", "deny.toml", "check"])
            .args(["--hide-inclusion-graph", "bans", "licenses", "sources"]);
        deny
    })
}

/// The licences of each crate that the programs are built from, as JSON.
pub(crate) fn licences(files: &Files) -> Command {
    let mut deny = command(DEPENDENCIES.program(files, "cargo-deny"));
    deny.args(["--locked", "list", "--format", "json", "--layout", "crate"]);
    deny
}
