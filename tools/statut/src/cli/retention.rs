//! Options of `retention`.

use clap::{Args, Subcommand, ValueEnum};
use shared::registry::retention::HoldReason;

const EXAMPLES: &str = "\
Examples:
  statut retention                              what the latest passes erased, and by which durations
  statut retention run                          now, as the schedule does
  statut retention hold --ine - --reason litigation --officer 'Camille Martin'
  statut retention release --ine -              then type the INE: it stays out of the shell's history";

/// Options of `retention`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Retention {
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
}

/// What is done besides showing the latest passes.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Go on now with the pass that is due
    Run {
        /// Begin another pass, though none is due
        #[arg(long)]
        again: bool,
    },
    /// Keep a student from being erased, whatever the durations say
    Hold {
        /// The student's INE, or `-` to type it
        #[arg(long)]
        ine: String,
        /// Why; the file that says more is kept elsewhere
        #[arg(long)]
        reason: Reason,
        /// Who asked for it, by their name in the directory
        #[arg(long, value_name = "NAME")]
        officer: String,
    },
    /// Let a student be erased again, once it is over
    Release {
        /// The student's INE, or `-` to type it
        #[arg(long)]
        ine: String,
    },
    /// Show who is kept from being erased, by ids that say nothing, and why
    Holds,
}

/// Why a student must not be erased.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Reason {
    /// A court, or an administration with that power, asked for it
    Litigation,
    /// A criminal investigation
    Investigation,
    /// The student exercises a right, and what it is about must be there until that is answered
    RightsRequest,
    /// Somebody looks into an incident
    Incident,
}

impl From<Reason> for HoldReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Litigation => Self::Litigation,
            Reason::Investigation => Self::Investigation,
            Reason::RightsRequest => Self::RightsRequest,
            Reason::Incident => Self::Incident,
        }
    }
}
