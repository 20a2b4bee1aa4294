//! What an import needs of the world. The adapters are in [`crate::aws`]; the simulation has its own.
#![expect(
    async_fn_in_trait,
    reason = "everything runs on one thread, so nobody needs to know whether a future is Send"
)]

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use shared::domain::academic_year::AcademicYear;
use shared::domain::uai::Uai;
use shared::feeding::record::{Slice, Stored, Write, Written};
use shared::files::reader::Depositor;
use shared::identity::digest::RecordId;
use shared::identity::student::RecordVersion;
use shared::registry::StoreError;
use shared::registry::imports::{Arrival, Claim, End, Hands, ImportId, Progress, ProgressError};
use shared::registry::records::{Page, Reading};

/// Everything outside that an import touches.
pub trait World {
    /// The table `imports`.
    type Imports: Imports;
    /// The table `records`.
    type Records: Records;
    /// The table `establishments`.
    type Establishments: Establishments;
    /// The inbox and the reports.
    type Bucket: Bucket;
    /// The two queues.
    type Queue: Queue;
    /// Who wants to know how an import ended.
    type Notifier: Notifier;

    /// The table `imports`.
    fn imports(&self) -> &Self::Imports;
    /// The table `records`.
    fn records(&self) -> &Self::Records;
    /// The table `establishments`.
    fn establishments(&self) -> &Self::Establishments;
    /// The inbox and the reports.
    fn bucket(&self) -> &Self::Bucket;
    /// The two queues.
    fn queue(&self) -> &Self::Queue;
    /// Who wants to know how an import ended.
    fn notifier(&self) -> &Self::Notifier;
}

/// See [`shared::registry::imports::ImportStore`], which each method is documented at.
#[expect(missing_docs, reason = "said once, at the store")]
pub trait Imports {
    async fn claim(
        &self,
        hands: Hands<'_>,
        message: &str,
        arrival: Option<&Arrival>,
        now: Timestamp,
    ) -> Result<Claim, StoreError>;
    async fn renew(&self, hands: Hands<'_>, now: Timestamp) -> Result<(), ProgressError>;
    async fn progress(
        &self,
        hands: Hands<'_>,
        progress: Progress,
        work_key: Option<&str>,
        now: Timestamp,
    ) -> Result<(), ProgressError>;
    async fn release(&self, hands: Hands<'_>) -> Result<(), ProgressError>;
    async fn finish(&self, hands: Hands<'_>, end: End<'_>, now: Timestamp) -> Result<(), ProgressError>;
    async fn link_deposit(&self, deposit: &str, uai: Uai, import: &ImportId) -> Result<(), StoreError>;
    async fn enter(&self, uai: Uai, hands: Hands<'_>, now: Timestamp) -> Result<Option<usize>, StoreError>;
    async fn stay(&self, uai: Uai, place: usize, hands: Hands<'_>, now: Timestamp) -> Result<bool, StoreError>;
    async fn leave(&self, uai: Uai, place: usize, hands: Hands<'_>) -> Result<(), StoreError>;
    async fn horizon(&self, uai: Uai, year: AcademicYear) -> Result<Option<RecordVersion>, StoreError>;
    async fn raise_horizon(&self, uai: Uai, year: AcademicYear, horizon: &RecordVersion) -> Result<(), StoreError>;
}

/// See [`shared::registry::records::RecordStore`], which each method is documented at.
#[expect(missing_docs, reason = "said once, at the store")]
pub trait Records {
    async fn read(&self, ids: &[RecordId], reading: Reading) -> Result<HashMap<RecordId, Stored>, StoreError>;
    async fn write(&self, writes: &[Write]) -> Result<Written, StoreError>;
    async fn slice(&self, slice: &Slice, after: Option<&RecordId>) -> Result<Page, StoreError>;
}

/// See [`shared::registry::establishments::EstablishmentStore`], which each method is documented at.
#[expect(missing_docs, reason = "said once, at the store")]
pub trait Establishments {
    async fn depositor(&self, uai: Uai) -> Result<Option<Depositor>, StoreError>;
    async fn note_feed(&self, uai: Uai, now: Timestamp) -> Result<(), StoreError>;
}

/// The inbox, whose objects are read, and the reports.
pub trait Bucket {
    /// The bytes of an object, as they come.
    type Chunks: Chunks;

    /// Opens exactly that version of an object of the inbox, from a byte on; `None` when it is gone.
    async fn open(&self, key: &str, version: &str, from: u64) -> Result<Option<Opened<Self::Chunks>>, StoreError>;
    /// Puts an object among the reports. Put twice, it is the same.
    async fn put(&self, key: &str, kind: &'static str, body: Vec<u8>) -> Result<(), StoreError>;
    /// An object of the reports.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

/// The bytes of an object, as they come.
pub trait Chunks {
    /// The next bytes; `None` after the last.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError>;
}

/// An object that is being read.
#[derive(Debug)]
pub struct Opened<C> {
    /// When it came, to the second.
    pub last_modified: Timestamp,
    /// Its metadata `date-extraction`: when the depositor says that what it holds was true.
    pub extraction_date: Option<String>,
    /// Its bytes.
    pub chunks: C,
}

/// A message of the queue `imports`, as it was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// SQS's id, the same at each delivery.
    pub id: String,
    /// What this delivery is called by.
    pub receipt: String,
    /// How many times it was delivered, this one included.
    pub deliveries: u32,
}

/// Pointers at most in one [`Queue::point`]: SQS's limit.
pub const MOST_POINTERS: usize = 10;

/// The queue `identity`, which learns of records, and the queue `imports`, which we are called from.
pub trait Queue {
    /// Sends pointers to up to [`MOST_POINTERS`] records. Sent twice, a pointer is resolved twice, and the second time
    /// changes nothing.
    async fn point(&self, records: &[RecordId]) -> Result<(), StoreError>;
    /// Asks for an import to be gone on with, after a while: SQS's limit is a quarter of an hour.
    async fn go_on(&self, import: &ImportId, after: Duration) -> Result<(), StoreError>;
    /// Keeps a message from being delivered again for so long from now on. One that is no longer ours is left alone.
    async fn hold(&self, message: &Message, time: Duration) -> Result<(), StoreError>;
}

/// What is told about an import that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice<'a> {
    /// The import.
    pub import: &'a ImportId,
    /// The depositor, if the key names one.
    pub uai: Option<Uai>,
    /// How it ended.
    pub failed: bool,
    /// How far it came.
    pub progress: Progress,
    /// Where the report is, in the reports bucket.
    pub report_key: &'a str,
}

/// Who wants to know how an import ended.
pub trait Notifier {
    /// Tells. After a crash it is told again.
    async fn notify(&self, notice: &Notice<'_>) -> Result<(), StoreError>;
}
