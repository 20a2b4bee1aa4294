//! Every end but a success, in the envelope of the consultation. Nothing that the caller gave is repeated.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::body::BodyError;
use shared::api::reply::{json, set_header};
use shared::contract::error::{Details, ErrorBody, Uid, message};
use shared::identity::immatriculation::AttachmentError;
use shared::registry::StoreError;

/// Seconds after which what failed is worth another try.
const RETRY_AFTER: u64 = 5;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No such path.
    NoSuchPath,
    /// The path is right, the method isn't.
    MethodNotAllowed { allowed: &'static str },
    /// The body is larger than any question.
    TooLarge,
    /// The body is said to be something else than JSON.
    NotJson,
    /// No token, or none of ours, or of a client that is no more.
    Unauthenticated,
    /// A token that doesn't allow this.
    Forbidden,
    /// What is asked can't be understood: a sentence that names the field.
    Invalid(&'static str),
    /// Nobody has this INE with this birth date, or nobody certain has this identity.
    NobodyFound,
    /// Several people may be meant.
    Ambiguous,
    /// No such request, or another client's.
    NoSuchRequest,
    /// No such INE, among those that a person of the staff names.
    NoSuchIne,
    /// The reference was used for another identity.
    ReferenceReused,
    /// The request was decided, in another way.
    Decided,
    /// Somebody else resembles, whom the person who decides hasn't seen.
    SomebodyElse,
    /// The INE that is named isn't of somebody whom the request resembles.
    NotAResemblance,
    /// Two INEs can't be joined.
    Attachment(AttachmentError),
    /// The client has asked about as many birth dates of this INE today as it may: this one wasn't looked up.
    TooManyDates { retry_after: u64 },
    /// A store failed.
    Unavailable(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
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
    /// The outcome's name in traces, logs and metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::NoSuchPath => "no_such_path",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::Invalid(_) => "invalid",
            Self::NobodyFound => "not_found",
            Self::Ambiguous => "ambiguous",
            Self::NoSuchRequest => "no_such_request",
            Self::NoSuchIne => "no_such_ine",
            Self::ReferenceReused => "reference_reused",
            Self::Decided => "decided_otherwise",
            Self::SomebodyElse => "somebody_else",
            Self::NotAResemblance => "not_a_resemblance",
            Self::Attachment(_) => "not_attachable",
            Self::TooManyDates { .. } => "too_many_dates",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// Whether something is told by it of a person, or of nobody's being there, or it looks like guessing: then it leaves a trace as answers do.
    pub(crate) fn tells(&self) -> bool {
        match self {
            Self::NobodyFound
            | Self::Ambiguous
            | Self::NoSuchRequest
            | Self::NoSuchIne
            | Self::ReferenceReused
            | Self::Decided
            | Self::SomebodyElse
            | Self::NotAResemblance
            | Self::TooManyDates { .. }
            | Self::Attachment(_) => true,
            Self::NoSuchPath
            | Self::MethodNotAllowed { .. }
            | Self::TooLarge
            | Self::NotJson
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::Invalid(_)
            | Self::Unavailable(_) => false,
        }
    }

    /// The response.
    pub(crate) fn response(&self, endpoint: &str, uid: &Uid, method: &str) -> Response<Body> {
        let (status, message, parameter) = self.words();
        let details = Details { method, endpoint, parameter };
        let mut response = json(status, &ErrorBody { message, uid, details });
        match self {
            Self::MethodNotAllowed { allowed } => set_header(&mut response, "allow", allowed),
            Self::TooManyDates { retry_after } => set_header(&mut response, "retry-after", retry_after),
            Self::Unavailable(_) => set_header(&mut response, "retry-after", RETRY_AFTER),
            Self::Unauthenticated => set_header(&mut response, "www-authenticate", "Bearer realm=\"ines\""),
            Self::Forbidden => {
                let challenge = "Bearer realm=\"ines\", error=\"insufficient_scope\"";
                set_header(&mut response, "www-authenticate", challenge);
            }
            _ => {}
        }
        response
    }

    fn words(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NoSuchPath => (StatusCode::NOT_FOUND, "ressource introuvable", ""),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "méthode non autorisée", ""),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "le corps de la requête est trop volumineux", ""),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "le corps de la requête doit être du JSON", ""),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, message::UNAUTHENTICATED, "le jeton n'est pas valide"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "droits insuffisants", ""),
            Self::Invalid(sentence) => (StatusCode::BAD_REQUEST, message::INVALID_PARAMETER, sentence),
            Self::NobodyFound => (StatusCode::NOT_FOUND, message::STUDENT_NOT_FOUND, ""),
            Self::Ambiguous => (
                StatusCode::CONFLICT,
                "plusieurs personnes correspondent",
                "précisez l'identité : prénoms, lieu de naissance",
            ),
            Self::NoSuchRequest => (StatusCode::NOT_FOUND, "demande introuvable", ""),
            Self::NoSuchIne => (StatusCode::NOT_FOUND, "INE introuvable", ""),
            Self::ReferenceReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "la référence a déjà servi pour une autre identité", "reference")
            }
            Self::Decided => (StatusCode::CONFLICT, "la demande est déjà décidée autrement", ""),
            Self::SomebodyElse => (
                StatusCode::CONFLICT,
                "une autre personne ressemble désormais à celle de la demande",
                "relisez la demande",
            ),
            Self::NotAResemblance => {
                (StatusCode::UNPROCESSABLE_ENTITY, "cet INE n'est pas celui d'une ressemblance de la demande", "ine")
            }
            Self::Attachment(error) => (StatusCode::CONFLICT, attachment(*error), ""),
            Self::TooManyDates { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "trop de dates de naissance pour cet INE aujourd'hui", "")
            }
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "service momentanément indisponible", ""),
        }
    }
}

fn attachment(error: AttachmentError) -> &'static str {
    match error {
        AttachmentError::Same => "un INE ne peut être son propre maître",
        AttachmentError::HasAliases => "cet INE est le maître d'autres INE",
        AttachmentError::MasterIsAlias => "l'INE maître est lui-même rattaché à un autre",
        AttachmentError::AliasOfAnother => "cet INE est déjà rattaché à un autre",
        AttachmentError::TooMany => "trop d'INE sont rattachés à cet INE maître",
    }
}
