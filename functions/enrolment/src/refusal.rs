//! Every end but a success, in the contract's envelope: its words where it has some, its tone where
//! it has none.

use std::borrow::Cow;

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::error::RETRY_AFTER;
use shared::api::reply::{json, set_header};
use shared::contract::enrolment::{self, PairNotFound, sentence};
use shared::contract::error::{Details, ErrorBody, Uid, message};
use shared::deposits::OrderError;
use shared::domain::academic_year::seconds_left_in_france;
use shared::statements::StatementError;

/// Why there is no answer.
pub(crate) type ApiError = shared::api::error::ApiError<Refusal>;

/// Why there is no answer, where only this contract refuses it.
#[derive(Debug)]
pub enum Refusal {
    /// No key, or none that opens this; with the number of the one that was shown.
    Unauthenticated { token: Option<u32> },
    /// What is asked can't be understood, or breaks a rule, in a sentence.
    Invalid(String),
    /// Nobody has this INE with this birth date, or the establishment is none of the caller's: the
    /// contract has one answer for both (domain.md §2), so that a key of one establishment finds
    /// out nothing about another's.
    PairNotFound { pair: [String; 2] },
    /// Nothing that is attached to this person says that they have the enrolment that is to be
    /// cancelled.
    NothingToCancel { pair: [String; 2] },
    /// They have several that may be meant.
    SeveralEnrolments,
    /// No enrolment of the caller's has this id, which is given back if it has the form of one.
    EnrolmentNotFound { id: String },
    /// No deposit of the caller's has this id.
    DepositNotFound,
    /// The establishment is not the key's own.
    EstablishmentNotFound,
    /// Statistics haven't counted what the establishment sends yet.
    NotCounted,
    /// Something more recent is known, so it can't be cancelled as of now.
    Superseded,
    /// The same `Idempotency-Key` is being answered.
    InProgress,
    /// The `Idempotency-Key` was used for another body.
    KeyReused,
    /// The depositor has had as many pairs checked today as it may, or as many birth dates of this
    /// INE: this one wasn't looked up, and whether it is right isn't known.
    PairsExhausted { retry_after: u64 },
    /// The trial can't be imported for good.
    NotOrdered(OrderError),
}

impl shared::api::error::Refusal for Refusal {
    fn name(&self) -> &'static str {
        match self {
            Self::Unauthenticated { .. } => "unauthenticated",
            Self::Invalid(_) => "invalid",
            Self::PairNotFound { .. }
            | Self::NothingToCancel { .. }
            | Self::EnrolmentNotFound { .. }
            | Self::DepositNotFound
            | Self::EstablishmentNotFound
            | Self::NotCounted => "not_found",
            Self::SeveralEnrolments => "several_enrolments",
            Self::Superseded => "superseded",
            Self::InProgress => "in_progress",
            Self::KeyReused => "key_reused",
            Self::PairsExhausted { .. } => "pairs_exhausted",
            Self::NotOrdered(_) => "not_ordered",
        }
    }
}

/// Why a statement isn't taken, in the contract's terms; `pair` is the caller's own words.
pub(crate) fn refused(error: StatementError, pair: [String; 2], now: Timestamp) -> ApiError {
    let refusal = match error {
        StatementError::Invalid(problems) => Refusal::Invalid(sentence(&problems)),
        StatementError::NotTheirs | StatementError::Nobody => Refusal::PairNotFound { pair },
        StatementError::NothingToCancel => Refusal::NothingToCancel { pair },
        StatementError::PairsExhausted => {
            Refusal::PairsExhausted { retry_after: seconds_left_in_france(now) }
        }
        StatementError::SeveralEnrolments => Refusal::SeveralEnrolments,
        StatementError::Superseded => Refusal::Superseded,
        StatementError::NotFound => Refusal::EnrolmentNotFound { id: String::new() },
        StatementError::Store(error) => return error.into(),
    };
    refusal.into()
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::PairNotFound { .. }
            | Self::NothingToCancel { .. }
            | Self::EnrolmentNotFound { .. }
            | Self::DepositNotFound
            | Self::EstablishmentNotFound
            | Self::NotCounted => StatusCode::NOT_FOUND,
            Self::Unauthenticated { .. } => StatusCode::UNAUTHORIZED,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::SeveralEnrolments | Self::Superseded | Self::InProgress | Self::NotOrdered(_) => {
                StatusCode::CONFLICT
            }
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::PairsExhausted { .. } => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// The message, and what `details.parameter` says.
    pub(crate) fn words(&self) -> (&'static str, Cow<'_, str>) {
        let said = Cow::Borrowed;
        match self {
            Self::Unauthenticated { token: None } => {
                (message::UNAUTHENTICATED, said("le token n'est pas valide"))
            }
            Self::Unauthenticated { token: Some(token) } => {
                (message::UNAUTHENTICATED, Cow::Owned(format!("le token {token} n'est pas valide")))
            }
            Self::Invalid(sentence) => (message::INVALID_PARAMETER, said(sentence)),
            Self::PairNotFound { .. } => (message::STUDENT_NOT_FOUND, said("")),
            Self::NothingToCancel { .. } => (message::ENROLMENT_NOT_FOUND, said("")),
            Self::SeveralEnrolments => (
                "plusieurs inscriptions correspondent : préciser laquelle annuler",
                said("diplome ou numeroEtudiant"),
            ),
            Self::EnrolmentNotFound { id } => (message::ENROLMENT_NOT_FOUND, said(id)),
            Self::DepositNotFound => ("dépôt introuvable", said("")),
            Self::EstablishmentNotFound => ("établissement introuvable", said("")),
            Self::NotCounted => {
                ("la qualité n'a pas encore été calculée : elle l'est chaque nuit", said(""))
            }
            Self::Superseded => ("une déclaration plus récente existe", said("")),
            Self::InProgress => {
                ("la même requête est en cours, réessayez plus tard", said("Idempotency-Key"))
            }
            Self::KeyReused => (
                "la clé d'idempotence a déjà servi pour une autre requête",
                said("Idempotency-Key"),
            ),
            Self::PairsExhausted { .. } => (
                "trop de couples INE et date de naissance non vérifiables aujourd'hui, renvoyez demain",
                said(""),
            ),
            Self::NotOrdered(error) => {
                ("l'essai ne peut pas être confirmé", Cow::Owned(error.to_string()))
            }
        }
    }
}

/// The response to an error, in the contract's envelope.
pub(crate) fn response(error: &ApiError, path: &str, method: &str, uid: &Uid) -> Response<Body> {
    let endpoint = name_of(path);
    let envelope = |status, message, parameter: Cow<'_, str>| {
        json(status, &ErrorBody { message, uid, details: Details { method, endpoint, parameter } })
    };
    let refusal = match error.words() {
        Ok((status, message)) => return envelope(status, message, Cow::Borrowed("")),
        Err(refusal) => refusal,
    };
    let (message, parameter) = refusal.words();
    let mut response = match refusal {
        Refusal::PairNotFound { pair: [ine, birth_date] }
        | Refusal::NothingToCancel { pair: [ine, birth_date] } => {
            json(refusal.status(), &PairNotFound::new(message, uid, endpoint, [ine, birth_date]))
        }
        _ => envelope(refusal.status(), message, parameter),
    };
    match refusal {
        Refusal::PairsExhausted { retry_after } => {
            set_header(&mut response, "retry-after", retry_after);
        }
        Refusal::InProgress => set_header(&mut response, "retry-after", RETRY_AFTER),
        Refusal::Unauthenticated { .. } => {
            set_header(&mut response, "www-authenticate", "X-API-Key");
        }
        _ => {}
    }
    response
}

/// What `details.endpoint` says: only the paths that we serve are repeated, for any other may hold
/// anything.
fn name_of(path: &str) -> &'static str {
    match path.split('/').nth(2) {
        Some("inscription") => "inscription",
        Some("depots") => "depots",
        Some("qualite") => "qualite",
        _ => "",
    }
}

/// The refusal of a body as a whole.
pub(crate) fn not_an_object() -> Refusal {
    Refusal::Invalid(enrolment::message::NOT_AN_OBJECT.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_paths_are_repeated() {
        assert_eq!(name_of("/api/inscription/Camille"), "inscription");
        assert_eq!((name_of("/api/Camille"), name_of("/")), ("", ""));
    }
}
