//! Every end but a success, in the envelope of the other routes.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::reply::{json, set_header};
use shared::contract::error::{Details, ErrorBody, Uid, message};
use shared::contract::review::ReviewBodyError;
use shared::reviewing::{ReviewError, ReviewRefusal};

/// Why there is no answer.
pub(crate) type ApiError = shared::api::error::ApiError<Refusal>;

/// Why there is no answer, where only this contract refuses it.
#[derive(Debug)]
pub enum Refusal {
    /// No key, or none that opens reviews.
    Unauthenticated,
    /// The key opens reviews, and its client is in nobody's name.
    Unnamed,
    /// What is asked can't be understood, or can't be answered, in a sentence.
    Invalid(String),
    /// By the rules of reviewing.
    Review(ReviewRefusal),
}

impl From<ReviewBodyError> for Refusal {
    fn from(error: ReviewBodyError) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// What reviewing refuses, as this function's.
pub(crate) fn of(error: ReviewError) -> ApiError {
    match error {
        ReviewError::Refused(refusal) => Refusal::Review(refusal).into(),
        ReviewError::Unavailable(error) => error.into(),
    }
}

impl shared::api::error::Refusal for Refusal {
    fn name(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Unnamed => "unnamed",
            Self::Invalid(_) => "invalid",
            Self::Review(refusal) => match refusal {
                ReviewRefusal::Involved => "involved",
                ReviewRefusal::NotAnAnswer | ReviewRefusal::NotAPart => "invalid",
                ReviewRefusal::CaseNotFound | ReviewRefusal::StudentNotFound => "not_found",
                ReviewRefusal::Voted => "voted",
                ReviewRefusal::DecidedOtherwise
                | ReviewRefusal::NotOpen
                | ReviewRefusal::Contested
                | ReviewRefusal::NothingDecided
                | ReviewRefusal::Changed => "conflict",
            },
        }
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::Unnamed => StatusCode::UNAUTHORIZED,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Review(refusal) => match refusal {
                ReviewRefusal::CaseNotFound | ReviewRefusal::StudentNotFound => {
                    StatusCode::NOT_FOUND
                }
                ReviewRefusal::NotAnAnswer | ReviewRefusal::NotAPart => StatusCode::BAD_REQUEST,
                ReviewRefusal::Voted | ReviewRefusal::Involved => StatusCode::FORBIDDEN,
                ReviewRefusal::DecidedOtherwise
                | ReviewRefusal::NotOpen
                | ReviewRefusal::Contested
                | ReviewRefusal::NothingDecided
                | ReviewRefusal::Changed => StatusCode::CONFLICT,
            },
        }
    }

    /// The sentence, and what goes with it.
    fn words(&self) -> (String, String) {
        let (sentence, parameter) = match self {
            Self::Unauthenticated => (message::UNAUTHENTICATED, "la clé n'ouvre pas les revues"),
            Self::Unnamed => (
                message::UNAUTHENTICATED,
                "ce client n'est au nom de personne : les voix se comptent par personne",
            ),
            Self::Invalid(sentence) => (message::INVALID_PARAMETER, sentence.as_str()),
            Self::Review(refusal) => return words(*refusal),
        };
        (sentence.to_owned(), parameter.to_owned())
    }
}

fn words(refusal: ReviewRefusal) -> (String, String) {
    let sentence = refusal.to_string();
    match refusal {
        ReviewRefusal::NotAnAnswer | ReviewRefusal::NotAPart => {
            (message::INVALID_PARAMETER.to_owned(), sentence)
        }
        ReviewRefusal::Involved | ReviewRefusal::Voted => {
            (sentence, "une autre personne doit répondre".to_owned())
        }
        ReviewRefusal::DecidedOtherwise => (sentence, "annulez d'abord la décision".to_owned()),
        ReviewRefusal::Changed => (sentence, "relisez-la : version n'est plus la même".to_owned()),
        ReviewRefusal::CaseNotFound
        | ReviewRefusal::StudentNotFound
        | ReviewRefusal::NotOpen
        | ReviewRefusal::Contested
        | ReviewRefusal::NothingDecided => (sentence, String::new()),
    }
}

/// The response to an error, in the envelope of the other routes.
pub(crate) fn response(error: &ApiError, method: &str, uid: &Uid) -> Response<Body> {
    let (status, (message, parameter)) = match error.words() {
        Ok((status, message)) => (status, (message.to_owned(), String::new())),
        Err(refusal) => (refusal.status(), refusal.words()),
    };
    let details = Details { method, endpoint: "revues", parameter: parameter.into() };
    let mut response = json(status, &ErrorBody { message: &message, uid, details });
    if status == StatusCode::UNAUTHORIZED {
        set_header(&mut response, "www-authenticate", "X-API-Key");
    }
    response
}
