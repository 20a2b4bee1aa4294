//! Options of `statut review`.

use clap::{Args, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Elsewhere than on the local platform, --deployment is the address of the API, and the reviewer's key is read from the
variable STATUT_ETUDIANT_REVIEW_KEY, which leaves it out of the shell's history.

Examples:
  statut review list
  statut review show ID
  statut review decide ID meme --version 3 --motif pieces
  statut review list --deployment https://api.statut-etudiant.example";

/// Options of `review`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Review {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: Action,
    /// On the local platform, which of the sandbox's two reviewers decides
    #[arg(long, global = true, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) reviewer: u8,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// List what waits for a person, the oldest first
    List {
        /// One kind only
        #[arg(long, value_enum)]
        nature: Option<Nature>,
    },
    /// Show one case: both sides, masked, and what each answer would do
    Show {
        /// The case
        id: String,
    },
    /// Answer one case
    Decide(Decide),
    /// Undo the decision of one case
    Undo {
        /// The case
        id: String,
    },
    /// Say that a student is two people: nothing is told of it until that is settled
    Dispute {
        /// Any of the student's enrolments (`id_inscription`)
        enrolment: String,
    },
}

/// Options of `decide`.
#[derive(Debug, Args)]
pub(crate) struct Decide {
    /// The case
    pub(crate) id: String,
    /// The answer
    #[arg(value_enum)]
    pub(crate) verdict: VerdictName,
    /// The version that `show` told: a case that has changed since is to be read again
    #[arg(long)]
    pub(crate) version: u64,
    /// Of `meme`, for an enrolment: the student
    #[arg(long)]
    pub(crate) student: Option<String>,
    /// Of `scinder`, between commas: the enrolments that are somebody else's
    #[arg(long, value_delimiter = ',')]
    pub(crate) enrolments: Vec<String>,
    /// What convinced you
    #[arg(long, value_enum)]
    pub(crate) motif: Option<Motif>,
}

/// A kind of case, by its name in the API.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Nature {
    /// Whose is this enrolment?
    Rattachement,
    /// Are these two students one person?
    Doublon,
    /// Is this student one person?
    Contestation,
}

/// An answer, by its name in the API.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum VerdictName {
    /// The same person
    Meme,
    /// Different people
    Different,
    /// Some enrolments are somebody else's
    Scinder,
    /// The student is one person
    Maintenir,
    /// It can't be told
    Incertain,
}

/// What convinces, by its name in the API.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Motif {
    /// What the case shows
    Dossier,
    /// Documents of the student
    Pieces,
    /// The establishment's word
    Etablissement,
    /// The student's word
    Etudiant,
    /// The word of INES
    Ines,
}

/// The name of a value, as the API spells it.
pub(crate) fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
