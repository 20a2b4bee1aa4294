//! What reviewers send: a decision on a case, or whom they say to be two people.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Motif, Reponse};
use crate::contract::null::null_is_absent;
use crate::identity::digest::RecordId;
use crate::identity::review::CaseVerdict;
use crate::identity::student::StudentId;

/// What a person decides.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DecisionRequest {
    /// The version that was read.
    #[schema(minimum = 1, example = 1)]
    pub version: u64,
    /// The answer.
    verdict: Reponse,
    /// Of `meme`, for an enrolment: the student.
    #[serde(default)]
    #[schema(example = "6f9619ff8b86d011b42d00cf4fc964ff")]
    etudiant: Option<String>,
    /// Of `scinder`: the enrolments that are somebody else's.
    #[serde(default, deserialize_with = "null_is_absent")]
    #[schema(nullable = true, max_items = 100)]
    inscriptions: Vec<String>,
    /// Why.
    #[serde(default)]
    pub motif: Option<Motif>,
}

/// Who is said to be two people: a student, or whoever has an enrolment.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DisputeRequest {
    /// The student.
    #[serde(default)]
    #[schema(example = "6f9619ff8b86d011b42d00cf4fc964ff")]
    etudiant: Option<String>,
    /// `id_inscription` of any of the student's enrolments.
    #[serde(default)]
    #[schema(example = "1.0123456789abcdef0123456789abcdef")]
    inscription: Option<String>,
}

/// What is disputed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// This student.
    Student(StudentId),
    /// Whoever has this enrolment.
    Record(RecordId),
}

/// What is wrong with a body, as `details.parameter` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReviewBodyError {
    /// Not a JSON object of that shape.
    #[error(
        "le corps de la requête n'est pas un objet JSON valide, ou il y manque verdict ou version"
    )]
    Body,
    /// The student's id.
    #[error("etudiant : l'identifiant est formé de 32 chiffres hexadécimaux")]
    Student,
    /// The enrolment's id.
    #[error("l'identifiant d'une inscription est celui que donne la revue")]
    Record,
    /// Fields that don't go together.
    #[error(
        "etudiant ne va qu'avec meme, inscriptions qu'avec scinder, qui en demande une au moins"
    )]
    Fields,
    /// Who is disputed.
    #[error("donnez etudiant ou inscription, et non les deux")]
    OneOfTwo,
}

impl DecisionRequest {
    /// Reads the body of a request.
    pub fn parse(body: &[u8]) -> Result<Self, ReviewBodyError> {
        object(body)
    }

    /// The verdict.
    pub fn verdict(&self) -> Result<CaseVerdict, ReviewBodyError> {
        self.verdict.about(self.etudiant.as_deref(), &self.inscriptions)
    }
}

impl Reponse {
    /// The verdict that it is, about a student or about enrolments by their ids.
    pub fn about(
        self,
        about: Option<&str>,
        records: &[String],
    ) -> Result<CaseVerdict, ReviewBodyError> {
        let student = about.map(student).transpose()?;
        let records = records.iter().map(|id| RecordId::parse(id).ok_or(ReviewBodyError::Record));
        let records = records.collect::<Result<std::collections::BTreeSet<_>, _>>()?;
        match (self, student, records.is_empty()) {
            (Reponse::Meme, Some(student), true) => Ok(CaseVerdict::Attach(student)),
            (Reponse::Meme, None, true) => Ok(CaseVerdict::Same),
            (Reponse::Different, None, true) => Ok(CaseVerdict::Different),
            (Reponse::Scinder, None, false) => Ok(CaseVerdict::Split(records)),
            (Reponse::Maintenir, None, true) => Ok(CaseVerdict::Keep),
            (Reponse::Incertain, None, true) => Ok(CaseVerdict::Unsure),
            _ => Err(ReviewBodyError::Fields),
        }
    }
}

impl DisputeRequest {
    /// Reads the body of a request.
    pub fn parse(body: &[u8]) -> Result<Subject, ReviewBodyError> {
        let Self { etudiant, inscription } = object(body)?;
        match (etudiant, inscription) {
            (Some(id), None) => student(&id).map(Subject::Student),
            (None, Some(id)) => {
                RecordId::parse(&id).map(Subject::Record).ok_or(ReviewBodyError::Record)
            }
            _ => Err(ReviewBodyError::OneOfTwo),
        }
    }
}

fn object<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ReviewBodyError> {
    // An array would do for serde, as the fields in their order.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(ReviewBodyError::Body);
    }
    serde_json::from_slice(body).map_err(|_| ReviewBodyError::Body)
}

fn student(text: &str) -> Result<StudentId, ReviewBodyError> {
    serde_json::from_value(serde_json::Value::from(text)).map_err(|_| ReviewBodyError::Student)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(body: &str) -> Result<CaseVerdict, ReviewBodyError> {
        DecisionRequest::parse(body.as_bytes())?.verdict()
    }

    #[test]
    fn a_decision_is_one_of_six() {
        const STUDENT: &str = "6f9619ff8b86d011b42d00cf4fc964ff";
        const RECORD: &str = "1.0123456789abcdef0123456789abcdef";
        let attach =
            verdict(&format!(r#"{{"version":1,"verdict":"meme","etudiant":"{STUDENT}"}}"#))
                .unwrap();
        assert_eq!(attach, CaseVerdict::Attach(student(STUDENT).unwrap()));
        let split =
            verdict(&format!(r#"{{"version":1,"verdict":"scinder","inscriptions":["{RECORD}"]}}"#))
                .unwrap();
        assert_eq!(split, CaseVerdict::Split([RecordId::parse(RECORD).unwrap()].into()));
        for (name, expected) in [
            ("meme", CaseVerdict::Same),
            ("different", CaseVerdict::Different),
            ("maintenir", CaseVerdict::Keep),
            ("incertain", CaseVerdict::Unsure),
        ] {
            assert_eq!(
                verdict(&format!(r#"{{"version":1,"verdict":"{name}","motif":"pieces"}}"#)),
                Ok(expected)
            );
        }
    }

    #[test]
    fn a_body_that_says_something_else_is_told_what() {
        for (body, error) in [
            ("", ReviewBodyError::Body),
            ("[1]", ReviewBodyError::Body),
            (r#"{"verdict":"meme"}"#, ReviewBodyError::Body),
            (r#"{"version":1,"verdict":"peut-être"}"#, ReviewBodyError::Body),
            (r#"{"version":1,"verdict":"meme","etudiant":"Camille"}"#, ReviewBodyError::Student),
            (
                r#"{"version":1,"verdict":"scinder","inscriptions":["Camille"]}"#,
                ReviewBodyError::Record,
            ),
            (r#"{"version":1,"verdict":"scinder"}"#, ReviewBodyError::Fields),
            (
                r#"{"version":1,"verdict":"different","etudiant":"6f9619ff8b86d011b42d00cf4fc964ff"}"#,
                ReviewBodyError::Fields,
            ),
        ] {
            assert_eq!(verdict(body), Err(error), "{body}");
        }
        assert_eq!(DisputeRequest::parse(b"{}"), Err(ReviewBodyError::OneOfTwo));
    }
}
