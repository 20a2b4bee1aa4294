//! Options of the commands that look after a deployment.

use clap::{ArgGroup, Args, ValueEnum};

const REDRIVE_EXAMPLES: &str = "\
Examples:
  statut redrive --dry-run                      how many messages wait, on the local platform
  statut redrive --queue identity --deployment statut-etudiant-production";

const REPLAY_EXAMPLES: &str = "\
The file is made a new version of itself, with the date of its statements: what was said since stays. The id of the new
import is printed.

Example:
  statut replay 6f9619ff8b86d011b42d00cf4fc964ff --deployment statut-etudiant-production";

const REDECIDE_EXAMPLES: &str = "\
Examples:
  statut redecide --json > change.json          look first: nothing changes
  statut redecide --apply --step 500            then apply, a step at a time; stopped, it is begun again";

const ACCESSES_EXAMPLES: &str = "\
Examples:
  statut accesses --ine -                       then type the INE: it stays out of the shell's history
  statut accesses --client dinum --day 2026-11-29 --json";

/// Options of `redrive`.
#[derive(Debug, Args)]
#[command(after_help = REDRIVE_EXAMPLES)]
pub(crate) struct Redrive {
    /// The queue to move messages back to; both by default
    #[arg(long)]
    queue: Option<Queue>,
    /// Move nothing: say how many messages wait
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl Redrive {
    /// The queues to move messages back to.
    pub(crate) fn queues(&self) -> Vec<Queue> {
        self.queue.map_or_else(|| Queue::value_variants().to_vec(), |queue| vec![queue])
    }
}

/// Options of `redecide`.
#[derive(Debug, Args)]
#[command(after_help = REDECIDE_EXAMPLES)]
pub(crate) struct Redecide {
    /// Apply what is shown: decide again on the records that would stand otherwise
    #[arg(long)]
    pub(crate) apply: bool,
    /// Records of one step; the next begins when the identity queue has worked it
    #[arg(long, default_value_t = 500, requires = "apply")]
    pub(crate) step: usize,
}

/// A queue that has a dead-letter queue.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Queue {
    /// Files that wait for their import
    Imports,
    /// Records that wait for their student
    Identity,
}

impl Queue {
    /// Its name in `infra/`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Imports => "imports",
            Self::Identity => "identity",
        }
    }
}

/// Options of `replay`.
#[derive(Debug, Args)]
#[command(after_help = REPLAY_EXAMPLES)]
pub(crate) struct Replay {
    /// The import, by its id: it is in its report and in the log
    pub(crate) import: String,
}

/// Options of `accesses`.
#[derive(Debug, Args)]
#[command(after_help = ACCESSES_EXAMPLES, group = ArgGroup::new("whose").required(true))]
pub(crate) struct Accesses {
    /// What was read or written about a student, by INE; `-` reads it from the standard input,
    /// which leaves it out of the shell's history
    #[arg(long, group = "whose")]
    pub(crate) ine: Option<String>,
    /// The same by an enrolment's id (`id_inscription`), for somebody who has no INE here, or is
    /// told to nobody
    #[arg(long, group = "whose", value_name = "ID")]
    pub(crate) record: Option<String>,
    /// What a client did on a day
    #[arg(long, group = "whose", value_name = "ID", requires = "day")]
    pub(crate) client: Option<String>,
    /// The day (UTC), `2026-11-29`
    #[arg(long, requires = "client", conflicts_with_all = ["ine", "record"])]
    pub(crate) day: Option<jiff::civil::Date>,
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::cli::Arguments;

    #[test]
    fn accesses_are_of_one_student_one_enrolment_or_one_client_on_a_day() {
        let parses = |words: &str| {
            Arguments::try_parse_from(format!("statut accesses {words}").split_whitespace())
        };
        for accepted in
            ["--ine -", "--record 1.a --deployment d", "--client dinum --day 2026-11-29"]
        {
            assert!(parses(accepted).is_ok(), "{accepted}: {:?}", parses(accepted).err());
        }
        for refused in [
            "",
            "--client dinum",
            "--day 2026-11-29",
            "--ine - --record 1.a",
            "--ine - --day 2026-11-29",
        ] {
            assert!(parses(refused).is_err(), "{refused}");
        }
    }
}
