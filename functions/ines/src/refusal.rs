//! Every end but a success, in the envelope of the consultation. Nothing that the caller gave is
//! repeated.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::reply::{json, set_header};
use shared::contract::error::{Details, ErrorBody, Uid, message};
use shared::identity::immatriculation::AttachmentError;

/// Why there is no answer.
pub(crate) type ApiError = shared::api::error::ApiError<Refusal>;

/// Why there is no answer, where only this contract refuses it.
#[derive(Debug)]
pub enum Refusal {
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
    /// The client has asked about as many birth dates of this INE today as it may: this one wasn't
    /// looked up.
    TooManyDates { retry_after: u64 },
}

impl shared::api::error::Refusal for Refusal {
    fn name(&self) -> &'static str {
        match self {
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
        }
    }
}

impl Refusal {
    /// Whether something is told by it of a person, or of nobody's being there, or it looks like
    /// guessing: then it leaves a trace as answers do.
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
            Self::Unauthenticated | Self::Forbidden | Self::Invalid(_) => false,
        }
    }

    fn words(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Unauthenticated => {
                (StatusCode::UNAUTHORIZED, message::UNAUTHENTICATED, "le jeton n'est pas valide")
            }
            Self::Forbidden => (StatusCode::FORBIDDEN, "droits insuffisants", ""),
            Self::Invalid(sentence) => {
                (StatusCode::BAD_REQUEST, message::INVALID_PARAMETER, sentence)
            }
            Self::NobodyFound => (StatusCode::NOT_FOUND, message::STUDENT_NOT_FOUND, ""),
            Self::Ambiguous => (
                StatusCode::CONFLICT,
                "plusieurs personnes correspondent",
                "précisez l'identité : prénoms, lieu de naissance",
            ),
            Self::NoSuchRequest => (StatusCode::NOT_FOUND, "demande introuvable", ""),
            Self::NoSuchIne => (StatusCode::NOT_FOUND, "INE introuvable", ""),
            Self::ReferenceReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "la référence a déjà servi pour une autre identité",
                "reference",
            ),
            Self::Decided => (StatusCode::CONFLICT, "la demande est déjà décidée autrement", ""),
            Self::SomebodyElse => (
                StatusCode::CONFLICT,
                "une autre personne ressemble désormais à celle de la demande",
                "relisez la demande",
            ),
            Self::NotAResemblance => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "cet INE n'est pas celui d'une ressemblance de la demande",
                "ine",
            ),
            Self::Attachment(error) => (StatusCode::CONFLICT, attachment(*error), ""),
            Self::TooManyDates { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "trop de dates de naissance pour cet INE aujourd'hui",
                "",
            ),
        }
    }
}

/// The response to an error, in the envelope of the consultation.
pub(crate) fn response(error: &ApiError, path: &str, method: &str, uid: &Uid) -> Response<Body> {
    let (status, message, parameter) = match error {
        ApiError::Unavailable(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "service momentanément indisponible", "")
        }
        error => match error.words() {
            Ok((status, message)) => (status, message, ""),
            Err(refusal) => refusal.words(),
        },
    };
    let details = Details { method, endpoint: name_of(path), parameter: parameter.into() };
    let mut response = json(status, &ErrorBody { message, uid, details });
    match error {
        ApiError::Refused(Refusal::TooManyDates { retry_after }) => {
            set_header(&mut response, "retry-after", retry_after);
        }
        ApiError::Refused(Refusal::Unauthenticated) => {
            set_header(&mut response, "www-authenticate", "Bearer realm=\"ines\"");
        }
        ApiError::Refused(Refusal::Forbidden) => {
            let challenge = "Bearer realm=\"ines\", error=\"insufficient_scope\"";
            set_header(&mut response, "www-authenticate", challenge);
        }
        _ => {}
    }
    response
}

/// What `details.endpoint` says: only the paths that we serve are repeated, for any other may hold
/// anything.
fn name_of(path: &str) -> &'static str {
    const NAMES: [&str; 7] = [
        "verification",
        "recherche",
        "immatriculation",
        "demandes",
        "rattachements",
        "detachements",
        "token",
    ];
    let part = path.split('/').nth(2).unwrap_or_default();
    NAMES.into_iter().find(|name| *name == part).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_paths_are_repeated() {
        assert_eq!(name_of("/api-ines-etudiants/demandes/Camille"), "demandes");
        assert_eq!((name_of("/api-ines-etudiants/Camille"), name_of("/")), ("", ""));
    }
}
