//! Results: a table or a sentence for people, JSON for scripts.

use anyhow::Result;
use serde::Serialize;

use crate::ui;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For scripts: one JSON value on the standard output, and nothing else there.
    Json,
}

impl Format {
    /// Prints a result, by `people` unless JSON is asked for.
    pub(crate) fn show(self, result: &impl Serialize, people: impl FnOnce()) -> Result<()> {
        match self {
            Self::Table => people(),
            Self::Json => ui::output(&serde_json::to_string_pretty(result)?),
        }
        Ok(())
    }
}
