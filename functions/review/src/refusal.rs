//! Every end but a success, in the envelope of the other routes.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::reply::{json, set_header};
use shared::contract::error::{Details, ErrorBody, Uid, message};
use shared::contract::review::ReviewBodyError;
use shared::identity::review::{NothingDecided, VoteError};

/// Why there is no answer.
pub(crate) type ApiError = shared::api::error::ApiError<Refusal>;

/// Why there is no answer, where only this contract refuses it.
#[derive(Debug)]
pub enum Refusal {
    /// No key, or none that opens reviews.
    Unauthenticated,
    /// The key opens reviews, and its client is in nobody's name.
    Unnamed,
    /// The person sends for an establishment of the case.
    Involved,
    /// What is asked can't be understood, or can't be answered, in a sentence.
    Invalid(String),
    /// No case has this id.
    CaseNotFound,
    /// No student has this id, or this enrolment.
    StudentNotFound,
    /// The same reviewer said otherwise in this round.
    Voted,
    DecidedOtherwise,
    /// It can't be answered now.
    NotOpen,
    /// There is nothing to undo.
    NothingDecided,
    /// The case isn't the one that was read any more.
    Changed,
}

impl From<ReviewBodyError> for Refusal {
    fn from(error: ReviewBodyError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<VoteError> for Refusal {
    fn from(error: VoteError) -> Self {
        match error {
            VoteError::NotAnAnswer(_) => {
                Self::Invalid("verdict : la revue ne pose pas cette question".to_owned())
            }
            VoteError::Voted => Self::Voted,
            VoteError::DecidedOtherwise => Self::DecidedOtherwise,
            VoteError::NotOpen(_) => Self::NotOpen,
        }
    }
}

impl From<NothingDecided> for Refusal {
    fn from(NothingDecided: NothingDecided) -> Self {
        Self::NothingDecided
    }
}

impl shared::api::error::Refusal for Refusal {
    fn name(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Unnamed => "unnamed",
            Self::Involved => "involved",
            Self::Invalid(_) => "invalid",
            Self::CaseNotFound | Self::StudentNotFound => "not_found",
            Self::Voted => "voted",
            Self::DecidedOtherwise | Self::NotOpen | Self::NothingDecided | Self::Changed => {
                "conflict"
            }
        }
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::CaseNotFound | Self::StudentNotFound => StatusCode::NOT_FOUND,
            Self::Unauthenticated | Self::Unnamed => StatusCode::UNAUTHORIZED,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Voted | Self::Involved => StatusCode::FORBIDDEN,
            Self::DecidedOtherwise | Self::NotOpen | Self::NothingDecided | Self::Changed => {
                StatusCode::CONFLICT
            }
        }
    }

    fn words(&self) -> (&str, &str) {
        match self {
            Self::Unauthenticated => (message::UNAUTHENTICATED, "la clé n'ouvre pas les revues"),
            Self::Unnamed => (
                message::UNAUTHENTICATED,
                "ce client n'est au nom de personne : les voix se comptent par personne",
            ),
            Self::Involved => (
                "vous envoyez les inscriptions d'un établissement de cette revue",
                "une autre personne doit répondre",
            ),
            Self::Invalid(sentence) => (message::INVALID_PARAMETER, sentence),
            Self::CaseNotFound => ("revue introuvable", ""),
            Self::StudentNotFound => (message::STUDENT_NOT_FOUND, ""),
            Self::Voted => ("vous avez déjà répondu autrement", "une autre personne doit répondre"),
            Self::DecidedOtherwise => {
                ("la revue est décidée autrement", "annulez d'abord la décision")
            }
            Self::NotOpen => ("la revue n'est pas ouverte", ""),
            Self::NothingDecided => ("aucune décision n'est à annuler", ""),
            Self::Changed => {
                ("la revue a changé depuis sa lecture", "relisez-la : version n'est plus la même")
            }
        }
    }
}

/// The response to an error, in the envelope of the other routes.
pub(crate) fn response(error: &ApiError, method: &str, uid: &Uid) -> Response<Body> {
    let (status, message, parameter) = match error.words() {
        Ok((status, message)) => (status, message, ""),
        Err(refusal) => {
            let (message, parameter) = refusal.words();
            (refusal.status(), message, parameter)
        }
    };
    let details = Details { method, endpoint: "revues", parameter: parameter.into() };
    let mut response = json(status, &ErrorBody { message, uid, details });
    if status == StatusCode::UNAUTHORIZED {
        set_header(&mut response, "www-authenticate", "X-API-Key");
    }
    response
}
