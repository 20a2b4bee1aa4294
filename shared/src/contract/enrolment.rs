//! `/api/inscription`: the write contract, to the letter (domain.md §2), and what is ours beside it.
//!
//! The contract has one call: `POST`, one enrolment. Reading back, cancelling, batches and `numeroEtudiant` are ours,
//! because the contract has no way to correct a mistake and SISs send thousands in a day.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::error::{ErrorBody, Uid};
use crate::domain::birth_date::BirthDate;
use crate::domain::enrolment::Declaration;
use crate::domain::ine::Ine;
use crate::domain::regime::Regime;
use crate::domain::status::Status;
use crate::domain::uai::Uai;
use crate::files::column::Column;
use crate::files::problem::{Problem, RowRule};
use crate::files::row::Values;
use crate::identity::digest::RecordId;

/// Enrolments in one batch at most.
pub const MOST_IN_BATCH: usize = 500;

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
    pub const NOT_A_SCALAR: &str = "la valeur doit être un texte ou un nombre, donné une seule fois";
    /// The same of a batch (ours).
    pub const NOT_A_BATCH: &str = "le corps de la requête n'est pas un tableau JSON de 1 à 500 inscriptions";
}

/// What the contract's body has, and `numeroEtudiant`.
const FIELDS: [Column; 12] = [
    Column::Ine,
    Column::DateNaissance,
    Column::DateDebutInscription,
    Column::DateFinInscription,
    Column::Statut,
    Column::Regime,
    Column::CodeCommune,
    Column::Uai,
    Column::Cursus,
    Column::Diplome,
    Column::NiveauDiplome,
    Column::NumeroEtudiant,
];

/// The body of a request, as its values come: what a line of a file has, in JSON.
///
/// Unknown fields are passed over, names and given names among them: the contract has none, and what isn't needed
/// isn't kept. Numbers are taken where the contract documents strings, because SISs write `"statut": 1`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EnrolmentBody {
    values: BTreeMap<Column, String>,
    /// Fields that are there twice, or hold something else than a text or a number.
    unreadable: Vec<Column>,
}

impl EnrolmentBody {
    /// Reads a body; `None` when it isn't a JSON object.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Reads the body of a batch; `None` when it isn't an array of 1 to [`MOST_IN_BATCH`] elements. An element that
    /// isn't an object is `None` at its place.
    #[must_use]
    pub fn parse_batch(body: &[u8]) -> Option<Vec<Option<Self>>> {
        let items: Elements = serde_json::from_slice(body).ok()?;
        (1..=MOST_IN_BATCH).contains(&items.0.len()).then_some(items.0)
    }

    /// What is wrong with fields whose value can't be one, for `details.parameter`, if there are any.
    #[must_use]
    pub fn unreadable(&self) -> Option<String> {
        if self.unreadable.contains(&Column::Ine) {
            return Some(message::INVALID_INE.to_owned());
        }
        let sentences = self.unreadable.iter().map(|column| format!("{column} : {}", message::NOT_A_SCALAR));
        (!self.unreadable.is_empty()).then(|| sentences.collect::<Vec<_>>().join(" ; "))
    }

    /// The pair that names the person, in the caller's own words, as a 404 gives it back.
    #[must_use]
    pub fn pair(&self) -> [&str; 2] {
        [self.value(Column::Ine), self.value(Column::DateNaissance)]
    }
}

impl fmt::Debug for EnrolmentBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentBody(…)")
    }
}

impl Values for EnrolmentBody {
    fn value(&self, column: Column) -> &str {
        self.values.get(&column).map_or("", |value| value.trim())
    }
}

impl<'de> Deserialize<'de> for EnrolmentBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Element::deserialize(deserializer)? {
            Element::Body(body) => Ok(body),
            Element::Other => Err(D::Error::custom("not an object")),
        }
    }
}

/// The value of a field: a text, a number as it is written, or nothing.
enum Scalar {
    Text(String),
    Other,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar::Text(number.to_string()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar::Text(number.to_string()))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
                Ok(Scalar::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
                Ok(Scalar::Other)
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar::Text(String::new()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scalar, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Scalar, A::Error> {
                while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// An element of a batch: an object, or something that doesn't keep the others from being read.
enum Element {
    Body(EnrolmentBody),
    Other,
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Element;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
                let mut body = EnrolmentBody::default();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    let Some(column) = FIELDS.into_iter().find(|column| column.name() == name) else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    let readable = match map.next_value::<Scalar>()? {
                        Scalar::Text(text) => body.values.insert(column, text).is_none(),
                        Scalar::Other => false,
                    };
                    if !readable && !body.unreadable.contains(&column) {
                        body.unreadable.push(column);
                    }
                }
                Ok(Element::Body(body))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Element, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Element::Other)
            }

            fn visit_str<E>(self, _: &str) -> Result<Element, E> {
                Ok(Element::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Element, E> {
                Ok(Element::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Element, E> {
                Ok(Element::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Element, E> {
                Ok(Element::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Element, E> {
                Ok(Element::Other)
            }

            fn visit_unit<E>(self) -> Result<Element, E> {
                Ok(Element::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// The elements of a batch.
struct Elements(Vec<Option<EnrolmentBody>>);

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Array;
        impl<'de> Visitor<'de> for Array {
            type Value = Elements;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Elements, A::Error> {
                let mut elements = Vec::new();
                while let Some(item) = items.next_element()? {
                    // No more than is allowed is ever held.
                    if elements.len() == MOST_IN_BATCH {
                        return Err(A::Error::custom("too many elements"));
                    }
                    elements.push(match item {
                        Element::Body(body) => Some(body),
                        Element::Other => None,
                    });
                }
                Ok(Elements(elements))
            }
        }
        deserializer.deserialize_seq(Array)
    }
}

/// What is wrong with a body, for `details.parameter`. The contract has a sentence for the INE alone; the others name
/// the field and say the rule's own words, those of the report of a file.
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
    /// `admis` or `inscrit`, or the establishment's own code if its table is registered; `annulé` (ours) cancels.
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
    /// The establishment's own number of the student. Ours: with it, a corrected INE corrects the same enrolment.
    numero_etudiant: Option<String>,
}

/// A 200 of the contract.
#[derive(Serialize, ToSchema)]
pub struct Created<'a> {
    /// Always the same.
    #[schema(value_type = String, example = "une nouvelle inscription créée")]
    message: &'static str,
    /// What was stored.
    inscription: CreatedEnrolment<'a>,
}

/// What was stored, in the contract's fields and their order.
#[derive(Serialize, ToSchema)]
struct CreatedEnrolment<'a> {
    /// The enrolment's id: opaque, and the same for every statement about this student, year and diploma.
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
        Self { message: message::CREATED, inscription: CreatedEnrolment::new(id, declaration) }
    }
}

impl<'a> CreatedEnrolment<'a> {
    fn new(id: &'a RecordId, Declaration { ine, identite, inscription, .. }: &'a Declaration) -> Self {
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
    InReview,
    /// No longer told.
    #[serde(rename = "annulée")]
    Cancelled,
}

/// A 200 about an enrolment that exists: read back, or cancelled. Ours.
#[derive(Serialize, ToSchema)]
pub struct Existing<'a> {
    #[schema(value_type = String, example = "inscription trouvée")]
    message: &'static str,
    /// How far it has come.
    etat: Progress,
    /// What the establishment said last.
    inscription: ExistingEnrolment<'a>,
}

/// What the establishment said: the contract's answer, and the rest of what it sent. No name, even when a file gave
/// one: who has the key of an establishment's enrolments isn't thereby entitled to a directory.
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

    fn new(message: &'static str, id: &'a RecordId, declaration: &'a Declaration, etat: Progress) -> Self {
        let inscription = &declaration.inscription;
        let inscription = ExistingEnrolment {
            created: CreatedEnrolment::new(id, declaration),
            regime: Regime::label(inscription.regime),
            cursus: inscription.cursus.as_deref(),
            diplome: inscription.diplome.as_deref(),
            niveau_diplome: inscription.niveau_diplome.as_deref(),
            numero_etudiant: declaration.numero_etudiant.as_deref(),
        };
        Self { message, etat, inscription }
    }
}

/// The body of a 404: the contract puts the pair where the other errors have a sentence.
#[derive(Serialize, ToSchema)]
pub struct PairNotFound<'a> {
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
    /// The answer about a pair, or an establishment, that isn't known.
    #[must_use]
    pub fn new(uid: &'a Uid, endpoint: &'a str, pair: [&'a str; 2]) -> Self {
        let details = PairDetails { method: "POST", endpoint, parameter: pair };
        Self { message: super::error::message::STUDENT_NOT_FOUND, uid, details }
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
    /// 200, 400 or 404.
    #[schema(minimum = 200, maximum = 404, example = 200)]
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
    /// 400.
    Invalid(ErrorBody<'a>),
    /// 404.
    NotFound(PairNotFound<'a>),
}

#[cfg(test)]
mod tests;
