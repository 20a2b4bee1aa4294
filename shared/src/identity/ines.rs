//! What INES says of a person, in types of the domain, whoever carries it: the client over HTTP, or
//! a test.

use serde::{Deserialize, Serialize};

use crate::domain::birth_date::BirthDate;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::ine::Ine;
use crate::domain::uai::Uai;

/// The person whom INES has under an INE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// The person, as the national register writes it.
    pub identite: CivilIdentity,
    /// The INE that stands for all of the person's.
    pub ine_maitre: Ine,
}

/// Whether an INE and a birth date go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// They do.
    Known(Box<Registered>),
    /// They don't, or nobody has this INE.
    Unknown,
    /// A request about this person waits for a decision: ask again later.
    Pending,
}

/// The outcome of a request for an INE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Immatriculated {
    /// The person has this INE, found or new.
    Granted {
        ine: Ine,
        /// Whether it was given now: nobody resembled.
        new: bool,
    },
    /// People resemble, and one of INES's own staff decides (*litige*): ask again later.
    Pending,
    /// INES won't give one.
    Refused,
}

/// INES gave no answer that means anything. What was asked is asked again later: nothing is decided
/// without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InesError {
    /// Out of reach, too slow, or failing, and it was tried several times.
    #[error("INES is unavailable")]
    Unavailable,
    /// INES was unavailable a moment ago, so it was not asked.
    #[error("INES was not asked: it was unavailable a moment ago")]
    Resting,
    /// So many questions wait for their turn that this one has none soon: it was not asked.
    #[error("INES was not asked: as many questions a second wait as it may be asked")]
    OverRate,
    /// INES refuses our credentials: trying again soon is no use, and an operator has to look.
    #[error("INES refuses our credentials")]
    Unauthorized,
    /// INES answers with something that isn't in its contract.
    #[error("INES answered out of contract")]
    Unreadable,
}

impl InesError {
    /// One word for the log and its metrics (`infra/ines_client.tf`).
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Resting => "resting",
            Self::OverRate => "over_rate",
            Self::Unauthorized => "unauthorized",
            Self::Unreadable => "unreadable",
        }
    }
}

/// INES, as deduplication asks it.
#[expect(
    async_fn_in_trait,
    reason = "a function runs on one thread, so nobody needs to know whether a future is Send"
)]
pub trait Ines {
    /// Whether it is told on whose word a pair is checked, so that the word of two establishments
    /// is two questions.
    fn is_told_depositors(&self) -> bool {
        false
    }

    /// Whether this INE and this birth date go together.
    async fn verify(&self, ine: &Ine, birth_date: BirthDate) -> Result<Verified, InesError>;

    /// The same, on a depositor's word. Our own INES is told whose; another one hears nothing of
    /// it.
    async fn verify_for(
        &self,
        _depositor: Uai,
        ine: &Ine,
        birth_date: BirthDate,
    ) -> Result<Verified, InesError> {
        self.verify(ine, birth_date).await
    }

    /// The INE of this person, found or given. `reference` is opaque and the caller's own: asked
    /// again under it, the same request is answered, so that a crash after the call costs nothing.
    async fn immatriculate(
        &self,
        identity: &CivilIdentity,
        reference: &str,
    ) -> Result<Immatriculated, InesError>;
}
