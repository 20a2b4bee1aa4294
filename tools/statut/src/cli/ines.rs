//! The command line of `statut ines`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use shared::access::ines::Right;

const EXAMPLES: &str = "\
Examples:
  statut ines load extract.csv
  statut ines client create --id psy --scopes verification > secret
  statut ines client rotate --id psy > secret";

/// Options of `ines`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Ines {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What is done to the identity service.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Fill the register from an extract of another one; who is there already stays as it is
    Load {
        /// CSV, UTF-8, `;`:
        /// ine;nomFamille;nomUsage;prenom1;autresPrenoms;sexe;dateNaissance;lieuNaissance;ineMaitre
        file: PathBuf,
    },
    /// Register, renew and revoke those who may ask it
    Client {
        /// What to do.
        #[command(subcommand)]
        action: ClientAction,
    },
}

/// What is done to a client of the identity service.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientAction {
    /// Register a client and print its secret; refuses an id that exists
    Create {
        /// Its id: the `sub` of its tokens, and its name in logs and traces; not a person's
        #[arg(long)]
        id: String,
        /// What it may, between commas: `verification`, `recherche`, `immatriculation`, and
        /// `gestion` for the service's own staff
        #[arg(long, value_parser = scopes)]
        scopes: Scopes,
    },
    /// Make another secret and print it; the former one gives no token any more
    Rotate {
        /// The client
        #[arg(long)]
        id: String,
    },
    /// End a client: it gets no token, and those that it has open nothing
    Revoke {
        /// The client
        #[arg(long)]
        id: String,
    },
}

/// A set of rights.
pub(crate) type Scopes = BTreeSet<Right>;

fn scopes(text: &str) -> Result<Scopes, String> {
    let known = || Right::ALL.map(Right::name).join(", ");
    let named =
        |name: &str| Right::named(name).ok_or_else(|| format!("{name:?} is none of {}", known()));
    text.split(',').map(str::trim).map(named).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Arguments, Command};

    fn parse(words: &str) -> Result<Ines, String> {
        let arguments = ["statut", "ines"].into_iter().chain(words.split(' '));
        match Arguments::try_parse_from(arguments).map_err(|error| error.to_string())?.command {
            Command::Ines(ines) => Ok(ines),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_client_is_described() {
        let words = "client create --id supdata --scopes verification,immatriculation";
        let Ines { action: Action::Client { action: ClientAction::Create { id, scopes } } } =
            parse(words).unwrap()
        else {
            panic!()
        };
        assert_eq!(id, "supdata");
        assert_eq!(scopes, [Right::Verification, Right::Immatriculation].into());
        let said = parse("client create --id supdata --scopes verification,admin").unwrap_err();
        assert!(said.contains("\"admin\""), "{said}");
    }
}
