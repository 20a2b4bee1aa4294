//! Statements to records: record, then pointer, then the day of the feed.
//!
//! A pointer never leads to nothing, because its record is stored before it is sent. A crash in between leaves a record
//! that waits and a caller without an answer: it sends again, the record is found waiting or is stored anew, and its
//! pointer is sent. The day of the feed comes last, because it only tells how fresh the register is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shared::domain::enrolment::Declaration;
use shared::identity::digest::RecordId;
use shared::identity::student::RecordVersion;
use shared::registry::StoreError;
use shared::registry::records::{MOST_IN_BATCH, NewRecord};

use crate::caller::Caller;
use crate::context::Context;

/// The import of what comes by HTTP, among those of files.
const IMPORT: &str = "push";

/// When statements were made: what orders them among all others about their records.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    at: Timestamp,
    /// Tells the statements of two requests in one millisecond apart, so that one wins as a whole.
    sequence: String,
}

impl Moment {
    /// That of a request that is done once.
    pub(crate) fn of_request(now: Timestamp) -> Self {
        Self { at: now, sequence: uuid::Uuid::new_v4().simple().to_string() }
    }

    /// That of a request whose key names it: the first attempt's, whichever attempt this is.
    pub(crate) fn of_first_attempt(since: Timestamp, sequence: &str) -> Self {
        Self { at: since, sequence: sequence.to_owned() }
    }

    /// The last one of a millisecond: what follows from what was read is later than it.
    pub(crate) fn after_reading(now: Timestamp) -> Self {
        Self { at: now, sequence: "f".repeat(32) }
    }

    /// The version of the request's statement at `position`.
    pub(crate) fn version(&self, position: u64) -> RecordVersion {
        RecordVersion::new(self.at, &self.sequence, IMPORT, position)
    }
}

/// Stores statements, each with its place in the request. Of two about one record the later one counts. One that is
/// older than what is known is acknowledged and ignored, as in files.
pub(crate) async fn store<'a>(
    context: &Context,
    caller: &Caller,
    moment: &Moment,
    statements: impl IntoIterator<Item = (u64, &'a RecordId, &'a Declaration)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut latest = BTreeMap::new();
    for (position, id, declaration) in statements {
        latest.insert(id, (position, declaration));
    }
    let establishments: BTreeSet<_> = latest.values().map(|(_, declaration)| declaration.inscription.uai).collect();
    let mut records = latest.into_iter().map(|(id, (position, declaration))| NewRecord {
        id: id.clone(),
        version: moment.version(position),
        depositor: caller.depositor.establishment().uai,
        declaration: Box::new(declaration.clone()),
    });
    loop {
        let batch: Vec<_> = records.by_ref().take(MOST_IN_BATCH).collect();
        if batch.is_empty() {
            break;
        }
        let outcome = context.records.put(batch).await?;
        context.queue.send(&outcome.pending).await?;
    }
    for uai in establishments {
        context.establishments.note_feed(uai, now).await?;
    }
    Ok(())
}
