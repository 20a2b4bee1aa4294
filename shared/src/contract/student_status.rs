//! `GET /api/etudiant?INE=` and `POST /api/etudiant`: requests and the 200 answer (domain.md §1.1, §1.2).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::birth_date::BirthDate;
use crate::domain::commune::CommuneCode;
use crate::domain::enrolment::Enrolment;
use crate::domain::name::PersonName;
use crate::domain::sex::Sex;
use crate::identity::digest::{CivilDigest, IdentityKeys};
use crate::identity::student::Answer;

/// A look-up by civil identity that can be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRequest {
    nom_famille: PersonName,
    prenom1: PersonName,
    date_naissance: BirthDate,
    sexe: Sex,
    /// The commune of birth, when the caller knows it.
    pub lieu_naissance: Option<CommuneCode>,
}

/// The first thing that is wrong with a look-up, as `details.parameter` says it. The contract publishes no
/// sentence for these, so they follow the tone of the one that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityRequestError {
    /// Not a JSON object of strings.
    #[error("le corps de la requête n'est pas un objet JSON valide")]
    Body,
    /// The birth name.
    #[error("le format de nomFamille n'est pas valide")]
    FamilyName,
    /// The first given name.
    #[error("le format de prenom1 n'est pas valide")]
    GivenName,
    /// The birth date, which the contract wants in full.
    #[error("le format de dateNaissance n'est pas valide, AAAA-MM-JJ attendu")]
    BirthDate,
    /// The sex.
    #[error("le format de sexe n'est pas valide, \"1\" ou \"2\" attendu")]
    Sex,
    /// The birthplace.
    #[error("le format de lieuNaissance n'est pas valide, code COG à 5 caractères attendu")]
    Birthplace,
}

/// The body as it comes: every field may be missing, and is then reported by name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    nom_famille: String,
    #[serde(default)]
    prenom1: String,
    #[serde(default)]
    date_naissance: String,
    #[serde(default)]
    sexe: String,
    #[serde(default)]
    lieu_naissance: Option<String>,
}

impl IdentityRequest {
    /// Reads a request body. Unknown fields are ignored, as upstream does.
    pub fn parse(body: &[u8]) -> Result<Self, IdentityRequestError> {
        // serde would also take a sequence for a structure.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(IdentityRequestError::Body);
        }
        let body: Body = serde_json::from_slice(body).map_err(|_| IdentityRequestError::Body)?;
        let birthplace = body.lieu_naissance.as_deref().map(str::trim).filter(|text| !text.is_empty());
        Ok(Self {
            nom_famille: PersonName::parse(&body.nom_famille).map_err(|_| IdentityRequestError::FamilyName)?,
            prenom1: PersonName::parse(&body.prenom1).map_err(|_| IdentityRequestError::GivenName)?,
            date_naissance: BirthDate::parse(&body.date_naissance)
                .ok()
                .filter(|date| date.full().is_some())
                .ok_or(IdentityRequestError::BirthDate)?,
            sexe: Sex::parse(&body.sexe).map_err(|_| IdentityRequestError::Sex)?,
            lieu_naissance: birthplace
                .map(|text| CommuneCode::parse(text).map_err(|_| IdentityRequestError::Birthplace))
                .transpose()?,
        })
    }

    /// The key under which the students who may be meant are posted.
    #[must_use]
    pub fn digest(&self, keys: &IdentityKeys) -> CivilDigest {
        keys.civil_of(&self.nom_famille.folded(), &self.prenom1.folded(), self.date_naissance, self.sexe)
    }
}

/// The body of a 200 answer. Fields come in the contract's order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StudentStatus<'a> {
    /// On the call by INE only; absent on the call by civil identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    ine: Option<&'a str>,
    nom_famille: &'a str,
    prenom: &'a str,
    date_naissance: String,
    inscriptions: Vec<EnrolmentStatus<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EnrolmentStatus<'a> {
    date_debut_inscription: Date,
    date_fin_inscription: Date,
    statut: &'static str,
    regime: &'static str,
    code_commune: &'a str,
    etablissement: Etablissement<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Etablissement<'a> {
    uai: &'a str,
    nom_etablissement: &'a str,
}

impl<'a> StudentStatus<'a> {
    /// What may be told of a student on `today`; `None` when nothing is current, which callers must not be able
    /// to tell from an unknown student: an empty list would disclose an identity (architecture.md).
    ///
    /// `ine` is the one the caller asked with.
    #[must_use]
    pub fn on(answer: &'a Answer, today: Date, starts_within_days: u16, ine: Option<&'a str>) -> Option<Self> {
        let inscriptions: Vec<_> = answer
            .inscriptions
            .iter()
            .filter(|enrolment| enrolment.is_current(today, starts_within_days))
            .map(EnrolmentStatus::of)
            .collect();
        (!inscriptions.is_empty()).then(|| Self {
            ine,
            nom_famille: answer.nom_famille.expose(),
            prenom: answer.prenom.expose(),
            date_naissance: answer.date_naissance.expose(),
            inscriptions,
        })
    }

    /// How many enrolments it tells.
    #[must_use]
    pub fn enrolments(&self) -> usize {
        self.inscriptions.len()
    }
}

impl<'a> EnrolmentStatus<'a> {
    fn of(enrolment: &'a Enrolment) -> Self {
        Self {
            date_debut_inscription: enrolment.date_debut,
            date_fin_inscription: enrolment.date_fin,
            statut: enrolment.statut.label(),
            regime: enrolment.regime.label(),
            code_commune: enrolment.code_commune.as_str(),
            etablissement: Etablissement {
                uai: enrolment.uai.as_str(),
                nom_etablissement: &enrolment.nom_etablissement,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::identity::fixtures::{enrolment, identity, keys};
    use crate::identity::student::StudentId;

    const REQUEST: &str =
        r#"{"nomFamille":"Dupont","prenom1":"Jeanne","dateNaissance":"2000-01-01","sexe":"2","lieuNaissance":"44109"}"#;

    fn with(field: &str, value: &str) -> Result<IdentityRequest, IdentityRequestError> {
        let mut body: serde_json::Value = serde_json::from_str(REQUEST).unwrap();
        body[field] = value.into();
        IdentityRequest::parse(body.to_string().as_bytes())
    }

    #[test]
    fn a_request_finds_the_key_of_the_identity() {
        let request = IdentityRequest::parse(REQUEST.as_bytes()).unwrap();
        assert_eq!(request.digest(&keys()), keys().civil(&identity("DUPONT", "jeanne", "2000-01-01")));
    }

    #[test]
    fn each_wrong_field_is_named() {
        for (field, value, error) in [
            ("nomFamille", "", IdentityRequestError::FamilyName),
            ("prenom1", "?", IdentityRequestError::GivenName),
            ("dateNaissance", "2000-01", IdentityRequestError::BirthDate),
            ("dateNaissance", "01/01/2000", IdentityRequestError::BirthDate),
            ("sexe", "F", IdentityRequestError::Sex),
            ("lieuNaissance", "Nantes", IdentityRequestError::Birthplace),
        ] {
            assert_eq!(with(field, value), Err(error), "{field}={value}");
        }
        assert_eq!(IdentityRequest::parse(b"[]"), Err(IdentityRequestError::Body));
        assert_eq!(IdentityRequest::parse(br#"{"sexe":1}"#), Err(IdentityRequestError::Body));
        assert_eq!(IdentityRequest::parse(b"{}"), Err(IdentityRequestError::FamilyName));
    }

    #[test]
    fn a_blank_birthplace_is_none() {
        assert_eq!(with("lieuNaissance", " ").map(|request| request.lieu_naissance), Ok(None));
    }

    #[test]
    fn the_answer_has_the_contracts_fields_in_its_order() {
        let answer = Answer {
            student: StudentId::random(),
            nom_famille: PersonName::parse("Dupont").unwrap(),
            prenom: PersonName::parse("Jean").unwrap(),
            date_naissance: BirthDate::parse("2000-01-01").unwrap(),
            inscriptions: vec![enrolment("0751967F", date(2020, 7, 1), date(2021, 8, 31))],
        };
        let told = StudentStatus::on(&answer, date(2021, 8, 31), 0, Some("1234567890G")).unwrap();
        assert_eq!(
            serde_json::to_string(&told).unwrap(),
            r#"{"ine":"1234567890G","nomFamille":"Dupont","prenom":"Jean","dateNaissance":"2000-01-01","inscriptions":[{"dateDebutInscription":"2020-07-01","dateFinInscription":"2021-08-31","statut":"inscrit","regime":"formation initiale","codeCommune":"75113","etablissement":{"uai":"0751967F","nomEtablissement":"UFR ECONOMIE UNIVERSITE PARIS 1 (75634)"}}]}"#
        );
        let told = StudentStatus::on(&answer, date(2021, 8, 31), 0, None).unwrap();
        assert!(!serde_json::to_string(&told).unwrap().contains("ine\""));
        assert!(StudentStatus::on(&answer, date(2021, 9, 1), 0, None).is_none(), "over: like nobody");
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = IdentityRequest::parse(&body);
        }

        #[test]
        fn any_field_is_read_or_refused(field in "nomFamille|prenom1|dateNaissance|sexe|lieuNaissance", value in "\\PC{0,120}") {
            let _ = with(&field, &value);
        }
    }
}
