//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use shared::domain::uai::Uai;
use shared::identity::engine::lookup::Mode;

use crate::packages::PROGRAMS;

/// The local platform of Statut Étudiant: the same Terraform as production, on a local AWS
/// emulator.
///
/// What an operator does, here or on a deployment, is the tool `statut`; `cargo statut` runs it
/// from a checkout.
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
    Demo(Demo),
    /// Drop an enrolment file and follow its import
    Drop(Drop),
    /// Run the identity engine over a file of records, in memory, without a platform
    Match(Match),
    /// Measure the consultation function, or what feeding costs: builds the benchmark and runs it
    Bench(Bench),
    /// Build the packages that Terraform deploys on AWS, and the operator's tool
    Package(Package),
    /// Run everything that a reviewer would run
    Test(Test),
}

/// Options of `package`.
#[derive(Debug, Args)]
pub(crate) struct Package {
    /// The processor of the functions; Terraform's variable `architecture` has the same words
    #[arg(long, value_enum, default_value_t = Architecture::Arm64)]
    pub(crate) arch: Architecture,
    /// Build everything once more from a copy of the last commit in another folder, and compare
    #[arg(long)]
    pub(crate) verify: bool,
    /// Build this one alone, and not all functions and the operator's tool; may be repeated
    #[arg(long, value_name = "NAME", value_parser = PROGRAMS)]
    pub(crate) only: Vec<String>,
}

/// A processor that Lambda has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    /// Intel and AMD
    #[value(name = "x86_64")]
    X86_64,
    /// Graviton, a fifth cheaper
    Arm64,
}

/// Options of `test`.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Also what takes hours: thousands of seeds of each simulation, and 20,000 rows through the
    /// emulator
    #[arg(long)]
    pub(crate) full: bool,
}

/// Options of `up`.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Return once the platform is ready, and leave it running
    #[arg(long)]
    pub(crate) detach: bool,
    /// Enrol the person whom API Particulier's probes ask for: they then find somebody, as in its
    /// own sandbox
    #[arg(long)]
    pub(crate) with_probes: bool,
    /// Let each function do what its role says and nothing else, as far as the emulator knows
    #[arg(long)]
    pub(crate) enforce_iam: bool,
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Enrol the person whom API Particulier's probes ask for, and check that both probes find it
    #[arg(long)]
    pub(crate) with_probes: bool,
}

/// Options of `drop`.
#[derive(Debug, Args)]
pub(crate) struct Drop {
    /// The enrolment file
    pub(crate) file: PathBuf,
    /// The establishment that sends it
    #[arg(long, value_parser = |text: &str| Uai::parse(text))]
    pub(crate) uai: Uai,
    /// The file has every enrolment of the academic year that starts in this one: those that it
    /// doesn't have are cancelled
    #[arg(long, value_name = "YEAR")]
    pub(crate) complete: Option<i16>,
    /// Cancel however many that is
    #[arg(long, requires = "complete")]
    pub(crate) confirm: bool,
    /// Change nothing: only report
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Show the report alone, without waiting for the identity of the rows
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long the import may take, in seconds
    #[arg(long, default_value = "600", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

/// Options of `bench`.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// What to measure
    #[arg(value_enum, default_value_t = Measured::Status)]
    pub(crate) measured: Measured,
    /// What the benchmark is given, after `--`; `cargo local bench -- --help` shows what it takes
    #[arg(last = true)]
    pub(crate) arguments: Vec<OsString>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measured {
    /// The consultation function, beside Python and Node
    Status,
    /// Reading a row of a file, and writing its record
    Feeding,
    /// Counting an enrolment for the tables of statistics, beside `DuckDB`
    Statistics,
    /// Reading the files of a megabyte that cost most
    WorstFiles,
}

/// Options of `match`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Match {
    /// The records, CSV, in order of arrival
    pub(crate) records: PathBuf,
    /// Where to write the student of each record
    #[arg(long)]
    pub(crate) entities: PathBuf,
    /// Where to write the pairs that a person should look at
    #[arg(long)]
    pub(crate) review: Option<PathBuf>,
    /// Questions by civil identity, CSV, asked once every record is in
    #[arg(long, requires = "answers")]
    pub(crate) lookups: Option<PathBuf>,
    /// Where to write the answers
    #[arg(long, requires = "lookups")]
    pub(crate) answers: Option<PathBuf>,
    /// How much certainty an answer needs: `standard` or `strict`
    #[arg(long, default_value = "standard", value_parser = mode)]
    pub(crate) mode: Mode,
    /// Where to write what the run measured, JSON
    #[arg(long)]
    pub(crate) metrics: Option<PathBuf>,
    /// Where to write the compared pairs
    #[arg(long)]
    pub(crate) candidates: Option<PathBuf>,
}

fn mode(text: &str) -> Result<Mode, &'static str> {
    match text {
        "standard" => Ok(Mode::Standard),
        "strict" => Ok(Mode::Strict),
        _ => Err("the mode is standard or strict"),
    }
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_benchmark_gets_its_arguments_as_they_are() {
        for (line, measured) in [
            (&["local", "bench", "--", "--only", "rust"][..], Measured::Status),
            (&["local", "bench", "feeding", "--", "--only", "rust"], Measured::Feeding),
        ] {
            let arguments = Arguments::try_parse_from(line).unwrap();
            let Command::Bench(bench) = arguments.command else { panic!("{arguments:?}") };
            assert_eq!(
                (bench.measured, &bench.arguments[..]),
                (measured, &["--only".into(), "rust".into()][..])
            );
        }
    }
}
