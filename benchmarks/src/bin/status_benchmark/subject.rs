//! What is measured, and how it is started.

use std::ffi::OsString;
use std::path::PathBuf;

use tokio::process::Command;

use crate::arguments::Kind;
use crate::files::Files;

/// A program that answers look-ups, or measures its own parts.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    kind: Kind,
    name: String,
    program: PathBuf,
    arguments: Vec<OsString>,
    log: PathBuf,
}

impl Subject {
    /// A program with its arguments, under the name that results and messages give it.
    pub(crate) fn new(
        files: &Files,
        kind: Kind,
        name: impl Into<String>,
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Self {
        let log = files.scratch(&format!("{kind:?}.log").to_lowercase());
        // That of the last run, if there was one.
        let _ = std::fs::remove_file(&log);
        Self {
            kind,
            name: name.into(),
            program: program.into(),
            arguments: arguments.into_iter().collect(),
            log,
        }
    }

    /// What it is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name, with its version if it has one.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where what it prints goes.
    pub(crate) fn log(&self) -> PathBuf {
        self.log.clone()
    }

    /// What starts it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}
