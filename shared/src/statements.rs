//! Statements: what an establishment says of one enrolment, read by the rules of files and written
//! to its records. `/api/inscription` and the portal are two ways to the same.
//!
//! ```text
//! statement ─► pairs ─► plan ─► traces ─► store
//! read, by     charged, which   before    record, then pointer,
//! the rules    checked  records anything  then the day of the feed
//! ```
//!
//! What was said before is read back and cancelled in `existing`.

use jiff::Timestamp;

use crate::audit::AccessLog;
use crate::contract::error::Uid;
use crate::files::problem::Problem;
use crate::files::reader::Depositor;
use crate::identity::digest::{DigestKey, IdentityKeys};
use crate::ines::client::InesClient;
use crate::registry::StoreError;
use crate::registry::establishments::EstablishmentStore;
use crate::registry::identity_queue::IdentityQueue;
use crate::registry::imports::ImportStore;
use crate::registry::pairs::PairStore;
use crate::registry::records::RecordStore;
use crate::registry::students::StudentStore;

mod existing;
mod pairs;
mod plan;
mod statement;
mod store;
mod traces;

pub use existing::Sought;
pub use pairs::{Checked, Pair};
pub use plan::{Plan, Target};
pub use statement::EnrolmentStatement;
pub use store::{VersionStamp, Way};

/// What statements are read, checked and written with.
pub struct Statements {
    pub keys: Keys,
    pub records: RecordStore,
    pub students: StudentStore,
    pub pairs: PairStore,
    pub queue: IdentityQueue,
    pub establishments: EstablishmentStore,
    pub imports: ImportStore,
    pub traces: AccessLog,
    pub ines: Option<InesClient>,
}

/// The secrets that keys of tables are made with.
pub struct Keys {
    pub record: DigestKey,
    pub identity: IdentityKeys,
}

/// Who makes a statement, when, and in which request.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// The client's id, as traces name it.
    pub client: &'a str,
    pub depositor: &'a Depositor,
    pub uid: &'a Uid,
    pub now: Timestamp,
    pub way: Way,
}

impl Statements {
    /// Takes one statement: its pair is checked, its records are found, it is traced and written.
    ///
    /// The same said twice is one enrolment: its record's id depends only on what it is about, and
    /// the later version says the same.
    ///
    /// # Errors
    ///
    /// [`StatementError`] says why it isn't taken; nothing is written then.
    pub async fn say(
        &self,
        sender: Sender<'_>,
        statement: EnrolmentStatement,
        moment: &VersionStamp,
    ) -> Result<Plan, StatementError> {
        let checked = match statement.to_check(self) {
            Some(pair) => self.check(sender, [pair]).await?.into_values().next(),
            // Without an INE there is no pair to guess: who it is, deduplication finds out, as of a
            // row of a file.
            None => Some(Checked::Unanswered),
        };
        let checked = checked.unwrap_or(Checked::Nobody);
        match checked {
            Checked::Beyond => return Err(StatementError::PairsExhausted),
            Checked::Nobody => {
                self.trace_sent(sender, [(Vec::new(), &checked)]).await?;
                return Err(StatementError::Nobody);
            }
            Checked::Known(_) | Checked::Unanswered => {}
        }
        let plan = Plan::of(self, statement, &checked, false).await;
        let records = plan.as_ref().map_or_else(|_| Vec::new(), Plan::records);
        self.trace_sent(sender, [(records, &checked)]).await?;
        let plan = plan?;
        if !self.store(sender, moment, [(0, &plan)]).await?.is_empty() {
            return Err(StatementError::Superseded);
        }
        Ok(plan)
    }
}

/// Why a statement isn't taken.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// It breaks rules of a row.
    #[error("{} rules of a row are broken", .0.len())]
    Invalid(Vec<Problem>),
    /// It is about an establishment that the sender doesn't send for.
    #[error("the establishment is none of the sender's")]
    NotTheirs,
    /// Nobody has this INE with this birth date.
    #[error("nobody has the pair")]
    Nobody,
    /// The sender's allowance of pairs is used up: it wasn't looked up.
    #[error("the allowance of pairs is used up")]
    PairsExhausted,
    /// Nothing that is attached to the person says that they have the enrolment that is to be
    /// cancelled.
    #[error("there is nothing to cancel")]
    NothingToCancel,
    /// They have several that may be meant.
    #[error("several enrolments may be meant")]
    SeveralEnrolments,
    /// Something more recent was said.
    #[error("something more recent was said")]
    Superseded,
    /// The sender has no such enrolment.
    #[error("the sender has no such enrolment")]
    NotFound,
    #[error(transparent)]
    Store(#[from] StoreError),
}
