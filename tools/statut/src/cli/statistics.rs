//! Options of `stats`.

use clap::{Args, Subcommand};
use jiff::civil::Date;

const EXAMPLES: &str = "\
Examples:
  statut stats                                  the day's tables, which stay internal
  statut stats freeze 2027-01-15                on that day: the public snapshot, once and for all
  statut stats audit 2027-01-15                 prove again that it discloses nobody
  statut stats audit snapshots/2027-01-15       the same of a copy of its files";

/// Options of `stats`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Stats {
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
}

/// What is done besides counting the day.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Make the public snapshot of a date: today's, since the register holds the state of today
    Freeze {
        /// YYYY-MM-DD
        date: Date,
    },
    /// Prove again, from the published files alone, that a snapshot discloses nobody
    Audit {
        /// The date of a snapshot of the deployment, or a directory with its files
        snapshot: String,
    },
}
