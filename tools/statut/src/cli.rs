//! The command line.

pub(crate) mod client;
pub(crate) mod cost;
pub(crate) mod establishment;
pub(crate) mod ines;
pub(crate) mod member;
pub(crate) mod operations;
pub(crate) mod restore;
pub(crate) mod retention;
pub(crate) mod review;
pub(crate) mod statistics;
pub(crate) mod verify;

use clap::{Parser, Subcommand};

use crate::place::Place;
use crate::shown::Format;

const PLACES: &str = "\
Where it acts:
  Without --deployment, on the local platform that `cargo local up` started, found from the current directory.
  --deployment statut-etudiant-production is a deployment on AWS, by the beginning of the names of its tables, reached with
  the AWS configuration of the environment: AWS_REGION and credentials. There is no single sign-on here; after
  `aws sso login`, run
    eval \"$(aws configure export-credentials --format env)\"
  --deployment https://… is the address of its API, for `review`, which needs no account on AWS.

Results go to the standard output, the rest to the standard error. `statut COMMAND --help` has examples.";

/// The operator's tool of Statut Étudiant.
///
/// It registers who sends and who asks, decides what the rules leave to a person, and brings back
/// what got stuck.
#[derive(Debug, Parser)]
#[command(name = "statut", version, after_help = PLACES)]
pub struct Arguments {
    /// Where it acts: the name of a deployment on AWS, or the address of its API; the local
    /// platform by default
    #[arg(long, global = true, value_name = "NAME", value_parser = Place::parse, default_value = Place::LOCAL)]
    #[arg(hide_default_value = true)]
    pub(crate) deployment: Place,
    /// Print JSON, for a script, instead of tables
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Table }
    }
}

/// One variant a command, one file of `commands` each.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register, change and revoke clients, keys and tokens
    Client(client::Client),
    /// Register establishments, and say whom each sends for and how many new people it may send
    Establishment(establishment::Establishment),
    /// Decide what the rules leave to a person: list, show, decide, undo, dispute
    Review(review::Review),
    /// Invite people to the portal: the first manager of an establishment, reviewers, operators
    Member(member::Member),
    /// Fill our own identity service, and register those who may ask it
    Ines(ines::Ines),
    /// Show who was told a student's status, and when (the right of access: RGPD, article 15)
    Accesses(operations::Accesses),
    /// Move what was given up from a dead-letter queue back to its queue, once its cause is mended
    Redrive(operations::Redrive),
    /// Import a file again, as it was
    Replay(operations::Replay),
    /// Derive the register's keys anew from secrets that were renewed, while deduplication is stopped
    Rekey,
    /// Bring every table back to one instant, and keep what was taken back since taken back
    Restore(restore::Restore),
    /// Show what was erased and by which durations, erase what is over, keep somebody from it
    Retention(retention::Retention),
    /// Show what the identity rules of today would change in the register, and apply it in steps
    Redecide(operations::Redecide),
    /// Compute the statistics now and show them, freeze a snapshot, prove one
    Stats(statistics::Stats),
    /// Estimate what a deployment costs a month, and which limit it meets first
    Cost(cost::Cost),
    /// Verify a student's attestation, off-line
    Verify(verify::Verify),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    /// The help of every command, in the order that `--help` lists them; `docs/statut.md` has it
    /// for those who read before they install.
    #[test]
    fn every_help_is_documented() {
        let mut command = Arguments::command();
        command.build();
        let mut page =
            "# `statut`, the operator's tool\n\nWhat `--help` says of each command; how they are used is in the \
                        [runbook](runbook.md).\n"
                .to_owned();
        document(&mut page, &mut command, "statut");
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/statut.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, page).unwrap();
        } else {
            let written = std::fs::read_to_string(&path).unwrap();
            assert_eq!(
                written, page,
                "docs/statut.md is out of date: UPDATE_DOCS=1 cargo test --workspace --lib help"
            );
        }
    }

    fn document(page: &mut String, command: &mut clap::Command, name: &str) {
        let help = command.render_long_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        let text = lines.join("\n");
        page.extend(["\n## `", name, "`\n\n```text\n", text.trim_end(), "\n```\n"]);
        let names: Vec<String> =
            command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
        for own in names.iter().filter(|own| *own != "help") {
            if let Some(subcommand) = command.find_subcommand_mut(own) {
                document(page, subcommand, &format!("{name} {own}"));
            }
        }
    }

    #[test]
    fn the_place_and_the_format_may_come_anywhere() {
        for line in
            ["statut --deployment d --json client list", "statut client list --json --deployment d"]
        {
            let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(
                (arguments.deployment.clone(), arguments.json),
                (Place::Named("d".to_owned()), true),
                "{line}"
            );
        }
        assert_eq!(
            Arguments::try_parse_from(["statut", "stats"]).unwrap().deployment,
            Place::Local
        );
    }
}
