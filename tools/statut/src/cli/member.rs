//! The command line of `statut member`.

use clap::{ArgGroup, Args, Subcommand};
use shared::access::officer::Officer;
use shared::domain::uai::Uai;
use shared::registry::members::{EstablishmentRole, NationalRole};

const EXAMPLES: &str = "\
Examples:
  statut member invite --establishment 0751717J --role gestionnaire
  statut member invite --national relecteur --officer a.martin@ac-lyon.fr \
      --portal https://statutetudiant.example/portail";

/// Options of `member`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Member {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What is done about members of the portal.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Make an invitation and print its link, which is good for fourteen days and for one person;
    /// send it to the work address of the person whom it is for
    #[command(group = ArgGroup::new("what").required(true))]
    Invite {
        /// The establishment that the person will be a member of
        #[arg(long, value_name = "UAI", group = "what", requires = "role", value_parser = uai)]
        establishment: Option<Uai>,
        /// What they may do for it: `lecteur` reads reports, `deposant` sends files besides,
        /// `gestionnaire` invites colleagues besides
        #[arg(long, value_parser = role)]
        role: Option<EstablishmentRole>,
        /// What they may do for the whole register: `relecteur` decides cases, `operateur` follows
        /// all establishments, `delegue` answers requests of rights
        #[arg(long, value_name = "ROLE", group = "what", conflicts_with = "role", value_parser = national)]
        national: Option<NationalRole>,
        /// Of a `relecteur`: the name under which their administration's directory knows them, which
        /// their clients are registered in as well; a person is one voice, by page or by key
        #[arg(long, value_name = "NAME", required_if_eq("national", "relecteur"), conflicts_with = "establishment", value_parser = Officer::parse)]
        officer: Option<Officer>,
        /// The portal's address (Terraform's output `portal_url`); without it the link begins with
        /// its path
        #[arg(long, value_name = "URL")]
        portal: Option<String>,
    },
}

fn uai(text: &str) -> Result<Uai, String> {
    Uai::parse(text).map_err(|error| error.to_string())
}

fn role(text: &str) -> Result<EstablishmentRole, String> {
    EstablishmentRole::parse(text).ok_or_else(|| "lecteur, deposant or gestionnaire".to_owned())
}

fn national(text: &str) -> Result<NationalRole, String> {
    NationalRole::parse(text).ok_or_else(|| "relecteur, operateur or delegue".to_owned())
}
