//! Establishments as operators register them: read from the open lists, compared with what is
//! registered, written once somebody agreed.

pub(crate) mod list;
pub(crate) mod plan;
pub(crate) mod shown;

#[cfg(test)]
mod tests;

use std::fmt;

use shared::registry::establishments::EstablishmentStore;

use crate::deployment::Deployment;

/// What an establishment is. The name is what the table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Kind {
    /// A university
    Universite,
    /// Another establishment of higher education
    Ecole,
    /// A lycée
    Lycee,
}

impl Kind {
    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Universite => "universite",
            Self::Ecole => "ecole",
            Self::Lycee => "lycee",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The table of a deployment.
pub(crate) fn store(deployment: &Deployment) -> EstablishmentStore {
    EstablishmentStore::new(deployment.dynamodb.clone(), deployment.table("establishments"))
}
