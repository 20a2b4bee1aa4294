//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use shared::domain::uai::Uai;

/// The local platform of Statut Étudiant: the same Terraform as production, on a local AWS emulator.
#[derive(Debug, Parser)]
#[command(name = "cargo local", bin_name = "cargo local", disable_version_flag = true)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One variant a command, one file of `commands` each.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build, start and load the platform; stays until Ctrl-C
    Up(Up),
    /// Stop the platform and leave nothing running
    Down,
    /// Tell the whole story: up, drop two files, ask for statuses, compute statistics, down
    Demo,
    /// Drop an enrolment file and follow its import
    Drop(Drop),
    /// Compute the statistics now and show them
    Stats,
    /// Run everything that a reviewer would run
    Test,
}

/// Options of `up`.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Return once the platform is ready, and leave it running
    #[arg(long)]
    pub(crate) detach: bool,
}

/// Options of `drop`.
#[derive(Debug, Args)]
pub(crate) struct Drop {
    /// The enrolment file, CSV
    pub(crate) file: PathBuf,
    /// The establishment that sends it
    #[arg(long, value_parser = |text: &str| Uai::parse(text))]
    pub(crate) uai: Uai,
    /// How long the import may take, in seconds
    #[arg(long, default_value = "600", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}
