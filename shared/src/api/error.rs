//! The end of a request that isn't an answer: what any contract may say, and what only one does.

use std::fmt;

use lambda_http::http::StatusCode;

use super::body::BodyError;
use crate::contract::error::message;
use crate::registry::StoreError;
use crate::registry::allowances::Refused;

/// Seconds after which what failed is worth another try.
pub const RETRY_AFTER: u64 = 5;

/// The refusals that only one contract has.
pub trait Refusal: fmt::Debug + Send + 'static {
    /// The name of the outcome in logs, metrics and traces, in `snake_case`.
    fn name(&self) -> &'static str;
}

/// Why there is no answer. Each contract renders it in a body of its own ([`Service::render`]).
///
/// [`Service::render`]: super::Service::render
#[derive(Debug)]
pub enum ApiError<R> {
    /// No route has this path.
    NoSuchPath,
    /// The path has routes, none of them by this method. `allowed` is the value of `Allow`, such as
    /// `GET, HEAD`.
    MethodNotAllowed {
        /// The methods that the path has, between commas.
        allowed: String,
    },
    /// The body is larger than the route reads.
    TooLarge,
    /// The body is said to be something else than JSON.
    NotJson,
    /// The quota is used up.
    TooManyRequests {
        /// Seconds until there is room again.
        retry_after: u64,
    },
    /// A store failed.
    Unavailable(StoreError),
    /// What only this contract refuses.
    Refused(R),
}

impl<R: Refusal> ApiError<R> {
    /// The name of the outcome in logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoSuchPath => "no_such_path",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Unavailable(_) => "unavailable",
            Self::Refused(refusal) => refusal.name(),
        }
    }

    /// The status and the sentence of the French contracts for what all of them refuse alike; the
    /// contract's own refusal where there is one. A contract that has another status for a store
    /// that failed renders that itself.
    pub fn words(&self) -> Result<(StatusCode, &'static str), &R> {
        Ok(match self {
            Self::NoSuchPath => (StatusCode::NOT_FOUND, "ressource introuvable"),
            Self::MethodNotAllowed { .. } => {
                (StatusCode::METHOD_NOT_ALLOWED, "méthode non autorisée")
            }
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "le corps de la requête est trop volumineux")
            }
            Self::NotJson => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "le corps de la requête doit être du JSON")
            }
            Self::TooManyRequests { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "trop de requêtes, réessayez plus tard")
            }
            Self::Unavailable(_) => (StatusCode::INTERNAL_SERVER_ERROR, message::INTERNAL),
            Self::Refused(refusal) => return Err(refusal),
        })
    }
}

impl<R: Refusal> From<R> for ApiError<R> {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal)
    }
}

impl<R> From<StoreError> for ApiError<R> {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
    }
}

impl<R> From<Refused> for ApiError<R> {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Empty { retry_after, .. } => Self::TooManyRequests { retry_after },
            Refused::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl<R> From<BodyError> for ApiError<R> {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::NotJson => Self::NotJson,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct None;

    impl Refusal for None {
        fn name(&self) -> &'static str {
            "none"
        }
    }

    /// Where API Gateway answers in a function's place, a caller reads the sentence that it would
    /// have had from the function.
    #[test]
    fn the_gateway_says_what_a_function_says() {
        let gateway = include_str!("../../../infra/gateway_responses.tf");
        let unavailable = StoreError::timeout("a test");
        for (kind, error) in [
            ("DEFAULT_5XX", ApiError::<None>::Unavailable(unavailable)),
            ("REQUEST_TOO_LARGE", ApiError::TooLarge),
            ("THROTTLED", ApiError::TooManyRequests { retry_after: 1 }),
        ] {
            let (_, sentence) = error.words().unwrap();
            let line = gateway.lines().find(|line| line.trim_start().starts_with(kind)).unwrap();
            assert!(line.contains(&format!("message = \"{sentence}\"")), "{line}");
        }
    }
}
