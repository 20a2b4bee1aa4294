//! What officers read and decide of the doubts that the rules leave to a person. `/api/revues` and
//! the portal are two ways to the same: a case, a vote and a person are one, whichever way they
//! come by.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::access::officer::Officer;
use crate::access::route::Route;
use crate::audit::{self, AccessLog, Action, Disclosure};
use crate::contract::error::Uid;
use crate::contract::error::message::STUDENT_NOT_FOUND;
use crate::domain::uai::Uai;
use crate::identity::review::{NothingDecided, VoteError};
use crate::registry::StoreError;
use crate::registry::establishments::EstablishmentStore;
use crate::registry::identity_queue::IdentityQueue;
use crate::registry::known_clients::KnownClients;
use crate::registry::records::RecordStore;
use crate::registry::reviews::ReviewStore;
use crate::registry::students::StudentStore;
use crate::registry::withdrawals::WithdrawalStore;

mod contesting;
mod deciding;
mod involved;
mod reading;

pub use deciding::{Disputed, Vote};

/// Cases, who is in question, and where decisions go. Students and records are only read.
#[derive(Debug)]
pub struct Reviewing {
    pub cases: ReviewStore,
    pub records: RecordStore,
    pub students: StudentStore,
    pub establishments: EstablishmentStore,
    pub clients: Arc<KnownClients>,
    pub traces: AccessLog,
    pub withdrawals: WithdrawalStore,
    pub queue: IdentityQueue,
}

/// The person who reviews.
#[derive(Debug, Clone)]
pub struct Reviewer {
    /// As traces name them: the id of a client, or of a member of the portal.
    pub id: String,
    /// Whose voice it is. Two clients of one person, or a client and a page, are one voice.
    pub officer: Officer,
    /// The establishments that they are, or were, a member of in the portal.
    pub member_of: BTreeSet<Uai>,
}

/// A request, as traces name it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub uid: &'a Uid,
    pub at: Timestamp,
}

/// Why a case isn't shown or changed, for whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReviewRefusal {
    #[error("revue introuvable")]
    CaseNotFound,
    /// No student has this id, or this enrolment.
    #[error("{STUDENT_NOT_FOUND}")]
    StudentNotFound,
    /// The person sends for an establishment of the case.
    #[error("vous envoyez les inscriptions d'un établissement de cette revue")]
    Involved,
    #[error("verdict : la revue ne pose pas cette question")]
    NotAnAnswer,
    /// Of those that are said to be somebody else's, some aren't the student's, or none remains.
    #[error("inscriptions : une partie de celles de l'étudiant, et non toutes")]
    NotAPart,
    /// The same person said otherwise in this round.
    #[error("vous avez déjà répondu autrement")]
    Voted,
    #[error("la revue est décidée autrement")]
    DecidedOtherwise,
    #[error("la revue n'est pas ouverte")]
    NotOpen,
    /// The student asked that nothing be told of them meanwhile.
    #[error(
        "la personne a demandé que rien ne soit communiqué d'elle : sa demande est à traiter d'abord"
    )]
    Contested,
    #[error("aucune décision n'est à annuler")]
    NothingDecided,
    /// The case isn't the one that was read any more.
    #[error("la revue a changé depuis sa lecture")]
    Changed,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    #[error(transparent)]
    Refused(#[from] ReviewRefusal),
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl From<VoteError> for ReviewRefusal {
    fn from(error: VoteError) -> Self {
        match error {
            VoteError::NotAnAnswer(_) => Self::NotAnAnswer,
            VoteError::Voted => Self::Voted,
            VoteError::DecidedOtherwise => Self::DecidedOtherwise,
            VoteError::NotOpen(_) => Self::NotOpen,
            VoteError::Contested => Self::Contested,
        }
    }
}

impl From<NothingDecided> for ReviewRefusal {
    fn from(NothingDecided: NothingDecided) -> Self {
        Self::NothingDecided
    }
}

impl Reviewing {
    /// Writes who was shown to whom.
    async fn trace(
        &self,
        reviewer: &Reviewer,
        asked: Asked<'_>,
        told: Vec<Disclosure>,
    ) -> Result<(), StoreError> {
        let request = audit::Request {
            uid: asked.uid,
            at: asked.at,
            client: Some(&reviewer.id),
            depositor: None,
            route: Route::Review,
            action: Action::Consulted,
            caller: None,
            recipient: None,
        };
        self.traces.write(&request, &told).await
    }
}
