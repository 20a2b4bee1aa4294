//! Options of `restore`.

use clap::{Args, Subcommand};
use jiff::Timestamp;

const EXAMPLES: &str = "\
Examples, in this order (docs/runbook.md says what is stopped before, and applied after):
  statut restore prepare --at 2026-11-29T10:00:00Z --deployment statut-etudiant-production
  statut restore swap --at 2026-11-29T10:00:00Z --confirm statut-etudiant-production --deployment statut-etudiant-production
  statut restore withdrawals --since 2026-11-29T10:00:00Z --deployment statut-etudiant-production";

/// Options of `restore`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Restore {
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// The three steps. Each does what is missing, and may be run again.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Restore each table beside the one that serves, which goes on serving
    Prepare {
        /// The instant, of the last 35 days
        #[arg(long, value_name = "INSTANT")]
        at: Timestamp,
    },
    /// Put what was prepared in the place of what serves; nothing is answered meanwhile
    Swap {
        /// The instant that was prepared
        #[arg(long, value_name = "INSTANT")]
        at: Timestamp,
        /// The name of the deployment, once more: its tables are deleted, each once its backup is
        /// there
        #[arg(long, value_name = "NAME")]
        confirm: String,
    },
    /// Take back again what was taken back since: keys, tokens, clients, students in dispute
    Withdrawals {
        /// The instant that the tables went back to
        #[arg(long, value_name = "INSTANT")]
        since: Timestamp,
    },
}
