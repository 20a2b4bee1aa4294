//! The tables, one module each, behind types of the domain.
//!
//! | module | table | who |
//! |---|---|---|
//! | [`establishments`] | `establishments` | read by ingestion, which notes each feed; told by status |
//! | [`imports`] | `imports` | written by ingestion, listed by portal |
//! | [`deposits`] | `imports` | written by enrolment and portal, pointed to imports by ingestion |
//! | [`findings`] | `findings` | written by deduplication, read by enrolment and portal |
//! | [`idempotency`] | `idempotency` | written by enrolment |
//! | [`records`] | `records` | written by ingestion and enrolment, resolved by deduplication |
//! | [`students`], [`blocks`] | of the same names | as evidence: read by deduplication |
//! | [`publications`] | `students`, `blocks`, `records`, `reviews` | written by deduplication, in one transaction |
//! | [`answers`] | `students`, `blocks` | read by status |
//! | [`reviews`] | `reviews` | written by deduplication and review |
//! | [`clients`], remembered by [`known_clients`] | `clients` | read by status and enrolment; keys of establishments written by portal |
//! | [`ines`] | `ines`, `ines-blocks`, `ines-log` | written by ines, our own identity service |
//! | [`quotas`], drawn on by [`allowances`] | `quotas` | written by status and enrolment |
//! | [`pairs`] | `quotas` | written by enrolment and deduplication |
//! | [`sessions`] | `sessions` | written by portal |
//! | [`shares`] | `shares` | written by portal |
//! | [`attestations`] | `attestations` | written by portal |
//! | [`members`] | `members` | written by portal, and by an operator |
//! | [`new_identities`] | `quotas` | written by deduplication, and by an operator |
//! | [`rekeying`] | `students`, `blocks`, `reviews` | written by an operator, while deduplication is stopped |
//! | [`requests`] | `requests` | written by portal, and by an operator; counted by retention |
//! | [`retention`] | `retention` | written by retention, and by an operator |
//! | [`withdrawals`] | `withdrawals` | written by review and portal, and by an operator |
//!
//! [`own_quality`] and [`public_statistics`] are no tables either, but objects that statistics write,
//! and enrolment and portal read.
//! [`identity_queue`] and [`imports_queue`] are no tables: one leads from a record to its student,
//! the other asks for imports. [`segment`] is how a table is read in parts, [`messages`] how many are
//! sent at once.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

pub mod allowances;
pub mod answers;
pub mod attestations;
pub mod blocks;
pub mod clients;
pub mod deposits;
pub mod establishments;
pub mod findings;
pub mod idempotency;
pub mod identity_queue;
pub mod imports;
pub mod imports_queue;
pub mod ines;
pub mod known_clients;
pub mod members;
pub mod messages;
pub mod new_identities;
pub mod objects;
pub mod own_quality;
pub mod pairs;
pub mod public_statistics;
pub mod publications;
pub mod quotas;
pub mod records;
pub mod rekeying;
pub mod remembered;
pub mod requests;
pub mod retention;
pub mod reviews;
pub mod sealed;
pub mod segment;
#[cfg(feature = "auth")]
pub mod sessions;
pub mod shares;
pub mod students;
pub mod withdrawals;

mod conditional;
mod error;
mod keys;
mod read;
mod transaction;

pub use error::{StoreError, StoreFailure};
pub use transaction::EncodeError;

/// Waits between attempts at a transaction that others got in the way of: from 20 ms, doubled each
/// time, with jitter, at most seven times, so about two and a half seconds in all.
pub fn backoff() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(20))
        .with_max_times(7)
        .with_jitter()
        .build()
}
