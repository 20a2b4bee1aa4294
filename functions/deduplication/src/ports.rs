//! What deduplication needs of the world. The adapters are in [`crate::aws`]; the simulation has its own.
#![expect(
    async_fn_in_trait,
    reason = "everything runs on one thread, so nobody needs to know whether a future is Send"
)]

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use shared::contract::pointer::Pointer;
use shared::feeding::record::Record;
use shared::identity::digest::{IdentityKeys, IneDigest, PairDigest, RecordId};
use shared::identity::finding::Finding;
use shared::identity::ines::Ines;
use shared::identity::posting::PostingKey;
use shared::identity::publication::{Buckets, Write};
use shared::identity::review::{Case, CaseId};
use shared::identity::student::{Student, StudentId};
use shared::registry::StoreError;
use shared::registry::new_identities::Reservation;
use shared::registry::pairs::Admission;
use shared::registry::publications::Published;

/// Everything outside that a decision touches.
pub trait World {
    /// The tables.
    type Register: Register;
    /// The identity queue.
    type Queue: Queue;
    /// The national identity service.
    type Ines: Ines;

    /// The tables.
    fn register(&self) -> &Self::Register;
    /// The identity queue.
    fn queue(&self) -> &Self::Queue;
    /// The national identity service; none where there is none, and establishments' INEs are then believed.
    fn ines(&self) -> Option<&Self::Ines>;
    /// The secrets behind table keys.
    fn keys(&self) -> &IdentityKeys;
    /// What time it is.
    fn now(&self) -> Timestamp;
    /// An id that nobody has.
    fn new_student(&self) -> StudentId;
    /// Waits.
    async fn pause(&self, wait: Duration);
}

/// The tables, as of now: every read sees every write that ended before it.
pub trait Register {
    /// A record.
    async fn record(&self, id: &RecordId) -> Result<Option<Record>, StoreError>;
    /// A student with all its evidence, or the one that it was joined to.
    async fn student(&self, id: StudentId) -> Result<Option<Student>, StoreError>;
    /// How many times the item of a student was written, which may lead to another by now; `None` if there is none.
    async fn item_version(&self, id: StudentId) -> Result<Option<u64>, StoreError>;
    /// The student that an INE leads to.
    async fn owner(&self, ine: &IneDigest) -> Result<Option<StudentId>, StoreError>;
    /// The buckets of these keys, in one call; an empty one for a key that nobody has.
    async fn buckets(&self, keys: &[PostingKey]) -> Result<Buckets, StoreError>;
    /// The records about which INES is to be asked again from this day on; the latest may be missing for some moments.
    async fn due(&self, day: Date) -> Result<Vec<RecordId>, StoreError>;
    /// A case.
    async fn case(&self, id: &CaseId) -> Result<Option<Case>, StoreError>;
    /// Reserves one new identity for the establishment of a record, before INES is asked under `reference`. The same
    /// reference is charged once.
    async fn reserve_identity(&self, record: &Record, reference: &str) -> Result<Reservation, StoreError>;
    /// Charges the check of a record's pair to the day of its depositor: a birth date of its INE, and an unknown pair
    /// unless the record names the person. The same pair is charged once a day. A world without allowances charges
    /// nothing.
    async fn admit_pair(&self, _: &Record, _: &PairDigest, _: PairCheck) -> Result<Admission, StoreError> {
        Ok(Admission::Again)
    }
    /// Takes back what a pair was charged, because it wasn't checked.
    async fn release_pair(&self, _: &Record, _: &PairDigest, _: PairCheck) -> Result<(), StoreError> {
        Ok(())
    }
    /// Notes in the access log whose a pair turned out to be, and gives back what it was charged as an unknown one if it
    /// is somebody's.
    async fn note_pair(&self, _: &Record, _: PairCheck, _: Holder) -> Result<(), StoreError> {
        Ok(())
    }
    /// Tells an establishment that a record waits, and has it looked at again on that day, if it still says what was
    /// looked at. Nothing else of it changes.
    async fn put_off(&self, _: &Finding, _: Date) -> Result<Published, StoreError> {
        Ok(Published::Yes)
    }
    /// Writes all or nothing.
    async fn publish(&self, writes: &[Write]) -> Result<Published, StoreError>;
}

/// How a pair is charged.
#[derive(Debug, Clone, Copy)]
pub struct PairCheck {
    /// The record names the person.
    pub is_named: bool,
    /// When the check began: the day that is charged.
    pub now: Timestamp,
}

/// Whose a pair turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A student's.
    Student(StudentId),
    /// Somebody's whom INES has, and no other record here.
    Unattached,
    /// Nobody's.
    Nobody,
}

/// The identity queue.
pub trait Queue {
    /// Sends pointers. Sent twice, a pointer is followed twice, and the second time changes nothing.
    async fn send(&self, pointers: &[Pointer]) -> Result<(), StoreError>;
    /// Sends a pointer that nobody receives before `delay` is over, 15 minutes at most.
    async fn send_later(&self, pointer: &Pointer, delay: Duration) -> Result<(), StoreError>;
}
