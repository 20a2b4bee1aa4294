//! `/api/inscription`: the write contract, to the letter (domain.md §2), and what is ours beside
//! it.
//!
//! The contract has one call: `POST`, one enrolment. Reading back, cancelling, batches and
//! `numeroEtudiant` are ours, because the contract has no way to correct a mistake and SISs send
//! thousands in a day.

use std::borrow::Cow;

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ErrorBody, Uid};
use super::finding::FindingWords;
use crate::domain::birth_date::BirthDate;
use crate::domain::enrolment::Declaration;
use crate::domain::ine::Ine;
use crate::domain::record_state::RecordState;
use crate::domain::regime::Regime;
use crate::domain::status::Status;
use crate::domain::uai::Uai;
use crate::files::problem::{Problem, RowRule};
use crate::identity::digest::RecordId;
use crate::identity::finding::{FindingCode, StatutIne};

mod body;

pub use body::{EnrolmentBody, MOST_IN_BATCH};

/// The contract's words, and ours in its tone.
pub mod message {
    /// 200: stored.
    pub const CREATED: &str = "une nouvelle inscription créée";
    /// `details.parameter` of a 400 about the INE (sic).
    pub const INVALID_INE: &str = "le format ode l' INE n'est pas valide";
    /// 200 of a reading (ours).
    pub const FOUND: &str = "inscription trouvée";
    /// 200 of a cancellation (ours).
    pub const CANCELLED: &str = "inscription annulée";
    /// `details.parameter` of a 400 about the body as a whole (ours).
    pub const NOT_AN_OBJECT: &str = "le corps de la requête n'est pas un objet JSON valide";
    /// The same about a field (ours).
    pub const NOT_A_SCALAR: &str =
        "la valeur doit être un texte ou un nombre, donné une seule fois";
    /// The same of a batch (ours).
    pub const NOT_A_BATCH: &str =
        "le corps de la requête n'est pas un tableau JSON de 1 à 500 inscriptions";
}

/// What is wrong with a body, for `details.parameter`. The contract has a sentence for the INE
/// alone; the others name the field and say the rule's own words, those of the report of a file.
#[must_use]
pub fn sentence(problems: &[Problem]) -> String {
    if problems.iter().any(|problem| problem.rule == RowRule::IneInvalide) {
        return message::INVALID_INE.to_owned();
    }
    let sentences = problems.iter().map(|problem| match problem.column {
        Some(column) => format!("{column} : {}", problem.rule.message()),
        None => problem.rule.message().to_owned(),
    });
    sentences.collect::<Vec<_>>().join(" ; ")
}

/// The body of a request, for the documentation: [`EnrolmentBody`] reads it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentRequest {
    /// The INE, whatever the case.
    #[schema(example = "070578267KH")]
    ine: String,
    /// Birth date, `YYYY-MM-DD`: with the INE, it names the person.
    #[schema(example = "1999-03-30")]
    date_naissance: String,
    /// First day, `YYYY-MM-DD`.
    #[schema(example = "2026-09-01")]
    date_debut_inscription: String,
    /// Last day, `YYYY-MM-DD`.
    #[schema(example = "2027-08-31")]
    date_fin_inscription: String,
    /// `admis` or `inscrit`, or the establishment's own code if its table is registered; `annulé`
    /// (ours) cancels the enrolment of this person, establishment, year and diploma, however it was
    /// sent.
    #[schema(example = "inscrit")]
    statut: String,
    /// One of the seven labels, or the establishment's own code if its table is registered (v4).
    #[schema(example = "formation initiale")]
    regime: Option<String>,
    /// COG code, or the establishment's postal code; that of the establishment when it is missing.
    #[schema(example = "44000")]
    code_commune: Option<String>,
    /// The establishment.
    #[schema(example = "0011402U")]
    uai: String,
    /// `L`, `M` or `D` (v4).
    #[schema(example = "L")]
    cursus: Option<String>,
    /// SISE code, or MEFSTAT11 for a lycée (v4).
    diplome: Option<String>,
    /// Year within the diploma (v4).
    #[schema(example = "01")]
    niveau_diplome: Option<String>,
    /// The establishment's own number of the student. Ours: with it, a corrected INE corrects the
    /// same enrolment.
    numero_etudiant: Option<String>,
}

/// A 200 of the contract.
#[derive(Serialize, ToSchema)]
pub struct Created<'a> {
    /// Always the same, but for a cancellation: `inscription annulée` (ours).
    #[schema(value_type = String, example = "une nouvelle inscription créée")]
    message: &'static str,
    /// What was stored.
    inscription: CreatedEnrolment<'a>,
}

/// What was stored, in the contract's fields and their order.
#[derive(Serialize, ToSchema)]
struct CreatedEnrolment<'a> {
    /// The enrolment's id: opaque, and the same for every statement about this student, year and
    /// diploma.
    #[schema(value_type = String, example = "1.0123456789abcdef0123456789abcdef")]
    id_inscription: &'a RecordId,
    #[schema(value_type = Option<String>)]
    ine: Option<Ine>,
    #[serde(rename = "dateNaissance")]
    #[schema(value_type = String, format = Date)]
    birth_date: BirthDate,
    #[serde(rename = "dateDebutInscription")]
    #[schema(value_type = String, format = Date)]
    first_day: Date,
    #[serde(rename = "dateFinInscription")]
    #[schema(value_type = String, format = Date)]
    last_day: Date,
    /// `admis` or `inscrit`; `annulé` is ours.
    #[schema(value_type = String, example = "inscrit")]
    statut: Status,
    /// As it was sent.
    #[serde(rename = "codeCommune")]
    code_commune: Cow<'a, str>,
    #[schema(value_type = String, example = "0751967F")]
    uai: Uai,
}

impl<'a> Created<'a> {
    /// The answer to a declaration that is stored.
    #[must_use]
    pub fn new(id: &'a RecordId, declaration: &'a Declaration) -> Self {
        let message = match declaration.inscription.statut {
            Status::Annule => message::CANCELLED,
            Status::Admis | Status::Inscrit => message::CREATED,
        };
        Self { message, inscription: CreatedEnrolment::new(id, declaration) }
    }
}

impl<'a> CreatedEnrolment<'a> {
    fn new(
        id: &'a RecordId,
        Declaration { ine, identite, inscription, .. }: &'a Declaration,
    ) -> Self {
        let sent = inscription.code_commune_brut.as_deref().map(Cow::Borrowed);
        Self {
            id_inscription: id,
            ine: *ine,
            birth_date: identite.birth_date(),
            first_day: inscription.date_debut,
            last_day: inscription.date_fin,
            statut: inscription.statut,
            code_commune: sent.unwrap_or_else(|| Cow::Owned(inscription.code_commune.to_string())),
            uai: inscription.uai,
        }
    }
}

/// How far an enrolment has come on its way to being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum Progress {
    /// Stored, not yet attached to a student.
    #[serde(rename = "en attente")]
    Pending,
    /// Told to administrations while it is current.
    #[serde(rename = "publiée")]
    Published,
    /// A person has to say whose it is; it isn't told.
    #[serde(rename = "en vérification")]
    OnHold,
    /// No longer told.
    #[serde(rename = "annulée")]
    Cancelled,
}

impl Progress {
    /// How far a record has come. One that is to be cancelled waits like any other until it is.
    #[must_use]
    pub fn of(state: RecordState, statut: Status) -> Self {
        match state {
            RecordState::Pending => Self::Pending,
            RecordState::OnHold => Self::OnHold,
            RecordState::Resolved if statut == Status::Annule => Self::Cancelled,
            RecordState::Resolved => Self::Published,
        }
    }
}

/// A 200 about an enrolment that exists: read back, or cancelled. Ours.
#[derive(Serialize, ToSchema)]
pub struct Existing<'a> {
    #[schema(value_type = String, example = "inscription trouvée")]
    message: &'static str,
    /// How far it has come.
    etat: Progress,
    /// What INES says of the INE, once it was looked at.
    #[serde(rename = "statutIne", skip_serializing_if = "Option::is_none")]
    statut_ine: Option<StatutIne>,
    /// What was found about the person's identity, if there is something to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    constat: Option<FindingWords>,
    /// What the establishment said last.
    inscription: ExistingEnrolment<'a>,
}

/// What the establishment said: the contract's answer, and the rest of what it sent. No name, even
/// when a file gave one: who has the key of an establishment's enrolments isn't thereby entitled to
/// a directory.
#[derive(Serialize, ToSchema)]
struct ExistingEnrolment<'a> {
    #[serde(flatten)]
    created: CreatedEnrolment<'a>,
    #[schema(value_type = String, example = "formation initiale")]
    regime: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursus: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diplome: Option<&'a str>,
    #[serde(rename = "niveauDiplome", skip_serializing_if = "Option::is_none")]
    niveau_diplome: Option<&'a str>,
    #[serde(rename = "numeroEtudiant", skip_serializing_if = "Option::is_none")]
    numero_etudiant: Option<&'a str>,
}

impl<'a> Existing<'a> {
    /// The answer to a reading.
    #[must_use]
    pub fn found(id: &'a RecordId, declaration: &'a Declaration, progress: Progress) -> Self {
        Self::new(message::FOUND, id, declaration, progress)
    }

    /// The answer to a cancellation.
    #[must_use]
    pub fn cancelled(id: &'a RecordId, declaration: &'a Declaration, progress: Progress) -> Self {
        Self::new(message::CANCELLED, id, declaration, progress)
    }

    fn new(
        message: &'static str,
        id: &'a RecordId,
        declaration: &'a Declaration,
        etat: Progress,
    ) -> Self {
        let inscription = &declaration.inscription;
        let inscription = ExistingEnrolment {
            created: CreatedEnrolment::new(id, declaration),
            regime: Regime::label(inscription.regime),
            cursus: inscription.cursus.as_deref(),
            diplome: inscription.diplome.as_deref(),
            niveau_diplome: inscription.niveau_diplome.as_deref(),
            numero_etudiant: declaration.numero_etudiant.as_deref(),
        };
        Self { message, etat, statut_ine: None, constat: None, inscription }
    }

    /// With what was found about the person's identity.
    #[must_use]
    pub fn with_identity(
        self,
        statut_ine: Option<StatutIne>,
        finding: Option<FindingCode>,
    ) -> Self {
        Self { statut_ine, constat: finding.map(Into::into), ..self }
    }
}

/// The body of a 404: the contract puts the pair where the other errors have a sentence.
#[derive(Serialize, ToSchema)]
pub struct PairNotFound<'a> {
    /// `étudiant introuvable`; `inscription introuvable` of a cancellation (ours): the person is
    /// known, and nothing that is attached to them says that they have this enrolment.
    #[schema(example = "étudiant introuvable")]
    message: &'a str,
    #[schema(value_type = String, pattern = "^[0-9a-f]{13}_0000$", example = "62ee80b93834a_0000")]
    uid: &'a Uid,
    details: PairDetails<'a>,
}

/// Where it went wrong, and about whom, in the caller's own words.
#[derive(Serialize, ToSchema)]
struct PairDetails<'a> {
    #[schema(example = "POST")]
    method: &'a str,
    #[schema(example = "inscription")]
    endpoint: &'a str,
    #[schema(value_type = Vec<String>, min_items = 2, max_items = 2, example = json!(["080890290EH", "2000-05-30"]))]
    parameter: [&'a str; 2],
}

impl<'a> PairNotFound<'a> {
    /// The answer about a pair, or an establishment, that isn't known; or, in other words, about an
    /// enrolment of that person.
    #[must_use]
    pub fn new(message: &'a str, uid: &'a Uid, endpoint: &'a str, pair: [&'a str; 2]) -> Self {
        let details = PairDetails { method: "POST", endpoint, parameter: pair };
        Self { message, uid, details }
    }
}

/// The answer to a batch: one result for each enrolment, in their order. Ours.
#[derive(Serialize, ToSchema)]
pub struct BatchAnswer<'a> {
    /// As many as enrolments were sent.
    pub resultats: Vec<BatchResult<'a>>,
}

/// What one enrolment of a batch would have been answered alone.
#[derive(Serialize, ToSchema)]
pub struct BatchResult<'a> {
    /// 200, 400, 404, 409 or 429.
    #[schema(minimum = 200, maximum = 429, example = 200)]
    pub code: u16,
    /// The body.
    pub reponse: BatchBody<'a>,
}

/// The bodies that a result may have.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum BatchBody<'a> {
    /// 200.
    Created(Created<'a>),
    /// 400, 409, 429.
    Invalid(ErrorBody<'a>),
    /// 404.
    NotFound(PairNotFound<'a>),
}

#[cfg(test)]
mod tests;
