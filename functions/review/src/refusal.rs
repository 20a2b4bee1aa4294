//! Every end but a success, in the envelope of the other routes.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::body::BodyError;
use shared::api::reply::{json, set_header};
use shared::contract::error::{Details, ErrorBody, Uid, message};
use shared::contract::review::ReviewBodyError;
use shared::identity::review::{NothingDecided, VoteError};
use shared::registry::StoreError;
use shared::registry::allowances::Refused;

/// Seconds after which what failed is worth another try.
const RETRY_AFTER: u64 = 5;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No such path.
    NoSuchPath,
    /// The path is right, the method isn't.
    MethodNotAllowed { allowed: String },
    /// The body is larger than any decision.
    TooLarge,
    /// The body is said to be something else than JSON.
    NotJson,
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
    /// It is decided otherwise.
    DecidedOtherwise,
    /// It can't be answered now.
    NotOpen,
    /// There is nothing to undo.
    NothingDecided,
    /// The case isn't the one that was read any more.
    Changed,
    /// The quota is used up.
    TooManyRequests { retry_after: u64 },
    /// A store failed.
    Unavailable(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Empty { retry_after, .. } => Self::TooManyRequests { retry_after },
            Refused::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::NotJson => Self::NotJson,
        }
    }
}

impl From<ReviewBodyError> for Refusal {
    fn from(error: ReviewBodyError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<VoteError> for Refusal {
    fn from(error: VoteError) -> Self {
        match error {
            VoteError::NotAnAnswer(_) => Self::Invalid("verdict : la revue ne pose pas cette question".to_owned()),
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

impl Refusal {
    /// The outcome's name in logs and metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::NoSuchPath => "no_such_path",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
            Self::Unauthenticated => "unauthenticated",
            Self::Unnamed => "unnamed",
            Self::Involved => "involved",
            Self::Invalid(_) => "invalid",
            Self::CaseNotFound | Self::StudentNotFound => "not_found",
            Self::Voted => "voted",
            Self::DecidedOtherwise | Self::NotOpen | Self::NothingDecided | Self::Changed => "conflict",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// The response.
    pub(crate) fn response(&self, uid: &Uid, method: &str) -> Response<Body> {
        let (message, parameter) = self.words();
        let details = Details { method, endpoint: "revues", parameter };
        let mut response = json(self.status(), &ErrorBody { message, uid, details });
        match self {
            Self::MethodNotAllowed { allowed } => set_header(&mut response, "allow", allowed),
            Self::TooManyRequests { retry_after } => set_header(&mut response, "retry-after", retry_after),
            Self::Unavailable(_) => set_header(&mut response, "retry-after", RETRY_AFTER),
            Self::Unauthenticated | Self::Unnamed => set_header(&mut response, "www-authenticate", "X-API-Key"),
            _ => {}
        }
        response
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPath | Self::CaseNotFound | Self::StudentNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unauthenticated | Self::Unnamed => StatusCode::UNAUTHORIZED,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Voted | Self::Involved => StatusCode::FORBIDDEN,
            Self::DecidedOtherwise | Self::NotOpen | Self::NothingDecided | Self::Changed => StatusCode::CONFLICT,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn words(&self) -> (&str, &str) {
        match self {
            Self::NoSuchPath => ("ressource introuvable", ""),
            Self::MethodNotAllowed { .. } => ("méthode non autorisée", ""),
            Self::TooLarge => ("le corps de la requête est trop volumineux", ""),
            Self::NotJson => ("le corps de la requête doit être du JSON", ""),
            Self::Unauthenticated => (message::UNAUTHENTICATED, "la clé n'ouvre pas les revues"),
            Self::Unnamed => {
                (message::UNAUTHENTICATED, "ce client n'est au nom de personne : les voix se comptent par personne")
            }
            Self::Involved => {
                ("vous envoyez les inscriptions d'un établissement de cette revue", "une autre personne doit répondre")
            }
            Self::Invalid(sentence) => (message::INVALID_PARAMETER, sentence),
            Self::CaseNotFound => ("revue introuvable", ""),
            Self::StudentNotFound => (message::STUDENT_NOT_FOUND, ""),
            Self::Voted => ("vous avez déjà répondu autrement", "une autre personne doit répondre"),
            Self::DecidedOtherwise => ("la revue est décidée autrement", "annulez d'abord la décision"),
            Self::NotOpen => ("la revue n'est pas ouverte", ""),
            Self::NothingDecided => ("aucune décision n'est à annuler", ""),
            Self::Changed => ("la revue a changé depuis sa lecture", "relisez-la : version n'est plus la même"),
            Self::TooManyRequests { .. } => ("trop de requêtes, réessayez plus tard", ""),
            Self::Unavailable(_) => (message::INTERNAL, ""),
        }
    }
}
