//! The tables, one module each, behind types of the domain.
//!
//! | module | table | who |
//! |---|---|---|
//! | [`establishments`] | `establishments` | read by ingestion, which notes each feed; told by status |
//! | [`imports`] | `imports` | written by ingestion |
//! | [`deposits`] | `imports` | written by enrolment, pointed to imports by ingestion |
//! | [`findings`] | `findings` | written by deduplication, read by enrolment |
//! | [`idempotency`] | `idempotency` | written by enrolment |
//! | [`records`] | `records` | written by ingestion and enrolment, resolved by deduplication |
//! | [`students`], [`postings`] | of the same names | as evidence: read by deduplication |
//! | [`publications`] | `students`, `postings`, `records`, `reviews` | written by deduplication, in one transaction |
//! | [`answers`] | `students`, `postings` | read by status |
//! | [`reviews`] | `reviews` | written by deduplication and review |
//! | [`clients`], remembered by [`known_clients`] | `clients` | read by status and enrolment |
//! | [`ines`] | `ines`, `ines-postings`, `ines-log` | written by ines, our own identity service |
//! | [`quotas`], drawn on by [`allowances`] | `quotas` | written by status and enrolment |
//! | [`pairs`] | `quotas` | written by enrolment and deduplication |
//! | [`new_identities`] | `quotas` | written by deduplication, and by an operator |

//!
//! [`identity_queue`] is no table: it leads from a record to its student.

use std::time::Duration;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use backon::{BackoffBuilder, ExponentialBuilder};

pub mod allowances;
pub mod answers;
pub mod clients;
pub mod deposits;
pub mod establishments;
pub mod findings;
pub mod idempotency;
pub mod identity_queue;
pub mod imports;
pub mod ines;
pub mod known_clients;
pub mod new_identities;
pub mod pairs;
pub mod postings;
pub mod publications;
pub mod quotas;
pub mod records;
pub mod remembered;
pub mod reviews;
pub mod students;

mod batch;
mod conditional;
mod keys;

/// A call to a service failed. It names the operation and a code, and not the service's own
/// message: that may quote the item it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {code}")]
pub struct StoreError {
    operation: &'static str,
    code: String,
}

impl StoreError {
    /// The code of a call that wasn't answered in time.
    pub const TIMEOUT: &'static str = "timeout";
    /// The code of work that others kept getting in the way of.
    const CONTENTION: &'static str = "too much contention";

    /// What is left of an SDK error.
    pub fn new<E: ProvideErrorMetadata>(
        operation: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> Self {
        let code = match error {
            SdkError::TimeoutError(_) => Self::TIMEOUT,
            SdkError::DispatchFailure(_) => "dispatch failure",
            SdkError::ConstructionFailure(_) => "construction failure",
            SdkError::ResponseError(_) => "unreadable response",
            other => other.code().unwrap_or("unknown"),
        };
        Self { operation, code: code.to_owned() }
    }

    /// A failure of `operation` by its code alone.
    #[must_use]
    pub fn of(operation: &'static str, code: impl Into<String>) -> Self {
        Self { operation, code: code.into() }
    }

    /// The service is at its limit, or didn't answer in time: what was asked may be asked again,
    /// more slowly. It may have been done all the same.
    #[must_use]
    pub fn is_slowing(&self) -> bool {
        matches!(
            self.code.as_str(),
            Self::TIMEOUT
                | Self::CONTENTION
                | "dispatch failure"
                | "unreadable response"
                | "InternalServerError"
                | "InternalError"
                | "LimitExceededException"
                | "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "RequestThrottled"
                | "ServiceUnavailable"
                | "SlowDown"
                | "ThrottlingException"
                | "Throttling"
                | "TransactionInProgressException"
        )
    }

    /// An item that doesn't have the shape that was written.
    #[must_use]
    pub fn shape(operation: &'static str) -> Self {
        Self { operation, code: "unexpected item shape".to_owned() }
    }

    /// The work was given up after too many attempts.
    #[must_use]
    pub fn contention(operation: &'static str) -> Self {
        Self { operation, code: Self::CONTENTION.to_owned() }
    }
}

/// Waits between attempts at a transaction that others got in the way of: from 20 ms, doubled each
/// time, with jitter, at most seven times, so about two and a half seconds in all.
pub fn backoff() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(20))
        .with_max_times(7)
        .with_jitter()
        .build()
}
