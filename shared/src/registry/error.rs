//! Why a call to a service failed.

use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::transaction::EncodeError;

/// A call to a service failed. It names the operation and a code, and not the service's own
/// message: that may quote the item it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {failure}")]
pub struct StoreError {
    operation: &'static str,
    failure: StoreFailure,
}

/// What kind of failure it was, which tells whether asking again may help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreFailure {
    /// No answer came in time: what was asked may have been done.
    #[error("timeout")]
    Timeout,
    /// The connection failed, or broke off within the answer: what was asked may have been done.
    #[error("{0}")]
    Connection(&'static str),
    /// The service is at its limit, or out of order: its code.
    #[error("{0}")]
    Overloaded(String),
    /// Others kept writing the same items.
    #[error("too much contention")]
    Contention,
    /// The service won't do what was asked, however often: its code.
    #[error("{0}")]
    Refused(String),
    /// An item doesn't have the shape that was written.
    #[error("unexpected item shape")]
    Shape,
    /// What was to be written couldn't be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl StoreError {
    /// What is left of an SDK error.
    pub fn new<E: ProvideErrorMetadata>(
        operation: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> Self {
        let failure = match error {
            SdkError::TimeoutError(_) => StoreFailure::Timeout,
            SdkError::DispatchFailure(_) => StoreFailure::Connection("dispatch failure"),
            SdkError::ResponseError(_) => StoreFailure::Connection("unreadable response"),
            SdkError::ConstructionFailure(_) => {
                StoreFailure::Refused("construction failure".into())
            }
            other => {
                let code = other.code().unwrap_or("unknown");
                let broken = other.raw_response().is_some_and(|raw| raw.status().is_server_error());
                let throttled =
                    THROTTLING_ERRORS.contains(&code) || TRANSIENT_ERRORS.contains(&code);
                if broken || throttled {
                    StoreFailure::Overloaded(code.to_owned())
                } else {
                    StoreFailure::Refused(code.to_owned())
                }
            }
        };
        Self { operation, failure }
    }

    /// No answer came in time.
    #[must_use]
    pub fn timeout(operation: &'static str) -> Self {
        Self { operation, failure: StoreFailure::Timeout }
    }

    /// The service does less than it was asked for, since it is at its limit.
    #[must_use]
    pub fn overloaded(operation: &'static str, code: impl Into<String>) -> Self {
        Self { operation, failure: StoreFailure::Overloaded(code.into()) }
    }

    /// What was asked won't be done another time either.
    #[must_use]
    pub fn refused(operation: &'static str, code: impl Into<String>) -> Self {
        Self { operation, failure: StoreFailure::Refused(code.into()) }
    }

    /// An item that doesn't have the shape that was written.
    #[must_use]
    pub fn shape(operation: &'static str) -> Self {
        Self { operation, failure: StoreFailure::Shape }
    }

    /// The work was given up after too many attempts.
    #[must_use]
    pub fn contention(operation: &'static str) -> Self {
        Self { operation, failure: StoreFailure::Contention }
    }

    /// What was to be written couldn't be encoded.
    #[must_use]
    pub fn encode(operation: &'static str, error: EncodeError) -> Self {
        Self { operation, failure: error.into() }
    }

    /// What was asked may be asked again, more slowly. It may have been done all the same.
    #[must_use]
    pub fn is_slowing(&self) -> bool {
        match self.failure {
            StoreFailure::Timeout
            | StoreFailure::Connection(_)
            | StoreFailure::Overloaded(_)
            | StoreFailure::Contention => true,
            StoreFailure::Refused(_) | StoreFailure::Shape | StoreFailure::Encode(_) => false,
        }
    }
}
