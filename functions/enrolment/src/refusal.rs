//! Every end but a success, in the contract's envelope: its words where it has some, its tone where it has none.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::body::BodyError;
use shared::api::reply::{json, set_header};
use shared::contract::enrolment::{self, PairNotFound};
use shared::contract::error::{Details, ErrorBody, Uid, message};
use shared::registry::StoreError;
use shared::registry::allowances::Refused;

/// Seconds after which what failed, or is under way, is worth another try.
const RETRY_AFTER: u64 = 5;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No such path.
    NoSuchPath,
    /// The path is right, the method isn't.
    MethodNotAllowed { allowed: String },
    /// The body is larger than any statement.
    TooLarge,
    /// The body is said to be something else than JSON.
    NotJson,
    /// No key, or none that opens this; with the number of the one that was shown.
    Unauthenticated { token: Option<String> },
    /// What is asked can't be understood, or breaks a rule, in a sentence.
    Invalid(String),
    /// Nobody has this INE with this birth date, or the establishment is none of the caller's: the contract has one
    /// answer for both (domain.md §2), so that a key of one establishment finds out nothing about another's.
    PairNotFound { pair: [String; 2] },
    /// No enrolment of the caller's has this id, which is given back if it has the form of one.
    EnrolmentNotFound { id: String },
    /// No deposit of the caller's has this id.
    DepositNotFound,
    /// The establishment is not the key's own.
    EstablishmentNotFound,
    /// Something more recent is known, so it can't be cancelled as of now.
    Superseded,
    /// The same `Idempotency-Key` is being answered.
    InProgress,
    /// The `Idempotency-Key` was used for another body.
    KeyReused,
    /// The quota is used up.
    TooManyRequests { retry_after: u64 },
    /// The depositor has had as many pairs checked today as it may, or as many birth dates of this INE: this one wasn't
    /// looked up, and whether it is right isn't known.
    PairsExhausted { retry_after: u64 },
    /// A store failed.
    Unavailable(StoreError),
    /// A form or a link can't be signed.
    Unsigned,
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

impl Refusal {
    /// The outcome's name in logs and metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::NoSuchPath => "no_such_path",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
            Self::Unauthenticated { .. } => "unauthenticated",
            Self::Invalid(_) => "invalid",
            Self::PairNotFound { .. }
            | Self::EnrolmentNotFound { .. }
            | Self::DepositNotFound
            | Self::EstablishmentNotFound => "not_found",
            Self::Superseded => "superseded",
            Self::InProgress => "in_progress",
            Self::KeyReused => "key_reused",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::PairsExhausted { .. } => "pairs_exhausted",
            Self::Unavailable(_) | Self::Unsigned => "unavailable",
        }
    }

    /// The response.
    pub(crate) fn response(&self, endpoint: &str, uid: &Uid, method: &str) -> Response<Body> {
        let status = self.status();
        let mut response = if let Self::PairNotFound { pair: [ine, birth_date] } = self {
            json(status, &PairNotFound::new(uid, endpoint, [ine, birth_date]))
        } else {
            let (message, parameter) = self.words();
            json(status, &ErrorBody { message, uid, details: Details { method, endpoint, parameter: &parameter } })
        };
        match self {
            Self::MethodNotAllowed { allowed } => set_header(&mut response, "allow", allowed),
            Self::TooManyRequests { retry_after } | Self::PairsExhausted { retry_after } => {
                set_header(&mut response, "retry-after", retry_after);
            }
            Self::InProgress | Self::Unavailable(_) => set_header(&mut response, "retry-after", RETRY_AFTER),
            Self::Unauthenticated { .. } => set_header(&mut response, "www-authenticate", "X-API-Key"),
            _ => {}
        }
        response
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPath
            | Self::PairNotFound { .. }
            | Self::EnrolmentNotFound { .. }
            | Self::DepositNotFound
            | Self::EstablishmentNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unauthenticated { .. } => StatusCode::UNAUTHORIZED,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Superseded | Self::InProgress => StatusCode::CONFLICT,
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests { .. } | Self::PairsExhausted { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) | Self::Unsigned => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The message, and what `details.parameter` says.
    pub(crate) fn words(&self) -> (&str, String) {
        let nothing = String::new;
        match self {
            Self::NoSuchPath => ("ressource introuvable", nothing()),
            Self::MethodNotAllowed { .. } => ("méthode non autorisée", nothing()),
            Self::TooLarge => ("le corps de la requête est trop volumineux", nothing()),
            Self::NotJson => ("le corps de la requête doit être du JSON", nothing()),
            Self::Unauthenticated { token: None } => (message::UNAUTHENTICATED, "le token n'est pas valide".to_owned()),
            Self::Unauthenticated { token: Some(token) } => {
                (message::UNAUTHENTICATED, format!("le token {token} n'est pas valide"))
            }
            Self::Invalid(sentence) => (message::INVALID_PARAMETER, sentence.clone()),
            Self::PairNotFound { .. } => (message::STUDENT_NOT_FOUND, nothing()),
            Self::EnrolmentNotFound { id } => (message::ENROLMENT_NOT_FOUND, id.clone()),
            Self::DepositNotFound => ("dépôt introuvable", nothing()),
            Self::EstablishmentNotFound => ("établissement introuvable", nothing()),
            Self::Superseded => ("une déclaration plus récente existe", nothing()),
            Self::InProgress => ("la même requête est en cours, réessayez plus tard", "Idempotency-Key".to_owned()),
            Self::KeyReused => {
                ("la clé d'idempotence a déjà servi pour une autre requête", "Idempotency-Key".to_owned())
            }
            Self::TooManyRequests { .. } => ("trop de requêtes, réessayez plus tard", nothing()),
            Self::PairsExhausted { .. } => {
                ("trop de couples INE et date de naissance non vérifiables aujourd'hui, renvoyez demain", nothing())
            }
            Self::Unavailable(_) | Self::Unsigned => (message::INTERNAL, nothing()),
        }
    }
}

/// The refusal of a body as a whole.
pub(crate) fn not_an_object() -> Refusal {
    Refusal::Invalid(enrolment::message::NOT_AN_OBJECT.to_owned())
}
