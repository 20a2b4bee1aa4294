//! `GET /api/etudiant?INE=` and `POST /api/etudiant`: requests and the 200 answer (domain.md §1.1,
//! §1.2).

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asked::{self, Asked};
use super::null::null_is_absent;
use crate::domain::birth_date::BirthDate;
use crate::domain::commune::CommuneCode;
use crate::domain::enrolment::Enrolment;
use crate::domain::sex::Sex;
use crate::identity::lookup::CivilQuestion;
use crate::identity::student::PublishedAnswer;

/// The first thing that is wrong with a look-up, as `details.parameter` says it. The contract
/// publishes no sentence for these, so they follow the tone of the one that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
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

/// A civil identity as it comes: every field may be missing, and is then reported by name.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EtatCivil {
    /// Birth name.
    #[serde(default, deserialize_with = "null_is_absent")]
    #[schema(required, example = "Dupont")]
    nom_famille: String,
    /// First given name only.
    #[serde(default)]
    #[schema(value_type = String, required, example = "Jean")]
    prenom1: Option<String>,
    /// Birth date, `YYYY-MM-DD`.
    #[serde(default, deserialize_with = "null_is_absent")]
    #[schema(required, format = Date, example = "2000-01-01")]
    date_naissance: String,
    /// `1` for male, `2` for female, as a string.
    #[serde(default, deserialize_with = "null_is_absent")]
    #[schema(required, pattern = "^[12]$", example = "1")]
    sexe: String,
    /// COG code of the birthplace (not a postal code), to tell homonyms apart; of the country (`99`
    /// and three digits) for who was born abroad.
    #[serde(default)]
    #[schema(pattern = "^([013-9][0-9]|2[AB1-9])[0-9]{3}$", example = "75113")]
    lieu_naissance: Option<String>,
}

impl fmt::Debug for EtatCivil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EtatCivil(…)")
    }
}

/// Reads the body of a look-up by civil identity; `None` when nobody can have it. Unknown fields
/// are ignored, as upstream does.
pub fn parse_question(body: &[u8]) -> Result<Option<CivilQuestion>, QuestionError> {
    // serde would also take a sequence for a structure.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(QuestionError::Body);
    }
    let body: EtatCivil = serde_json::from_slice(body).map_err(|_| QuestionError::Body)?;
    let birthplace = body.lieu_naissance.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let family = asked::family_name(&body.nom_famille).map_err(|_| QuestionError::FamilyName)?;
    let given = asked::given_name(body.prenom1.as_deref().ok_or(QuestionError::GivenName)?);
    let date = birth_date(&body.date_naissance).ok_or(QuestionError::BirthDate)?;
    let sexe = Sex::parse(&body.sexe).map_err(|_| QuestionError::Sex)?;
    let lieu_naissance = birthplace
        .map(|text| CommuneCode::parse(text).map_err(|_| QuestionError::Birthplace))
        .transpose()?;
    Ok(family.zip(given).zip(date).map(|((nom_famille, prenom1), date_naissance)| CivilQuestion {
        nom_famille,
        prenom1,
        autres_prenoms: Vec::new(),
        date_naissance,
        sexe,
        lieu_naissance,
    }))
}

/// `YYYY-MM-DD`, the year with as many digits as it has.
fn birth_date(text: &str) -> Option<Asked<BirthDate>> {
    let mut parts = text.trim().split('-');
    let mut part = |length: std::ops::RangeInclusive<usize>| {
        parts.next().filter(|part| length.contains(&part.len())).and_then(asked::number)
    };
    let (year, month, day) = (part(4..=9)?, part(2..=2)?, part(2..=2)?);
    if parts.next().is_some() {
        return None;
    }
    asked::birth_date(year, month, day).ok()
}

/// What a 200 answer tells, for its trace. The contract fixes it, whoever asks.
pub const FIELDS: [&str; 9] = [
    "nomFamille",
    "prenom",
    "dateNaissance",
    "dateDebutInscription",
    "dateFinInscription",
    "statut",
    "regime",
    "codeCommune",
    "etablissement",
];

/// The body of a 200 answer. Fields come in the contract's order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StudentStatus<'a> {
    /// On the call by INE only; absent on the call by civil identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "0AYIOP071Y8")]
    ine: Option<&'a str>,
    /// Birth name, in its original spelling.
    #[schema(example = "Dupont")]
    nom_famille: &'a str,
    /// First given name.
    #[schema(example = "Jean")]
    prenom: &'a str,
    /// Birth date, as precise as it is known.
    #[schema(example = "2000-01-01")]
    date_naissance: String,
    /// Current admissions and enrolments, and those that begin soon.
    #[schema(min_items = 1)]
    inscriptions: Vec<EnrolmentStatus<'a>>,
}

/// One admission or enrolment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EnrolmentStatus<'a> {
    /// First day.
    #[schema(value_type = String, format = Date)]
    date_debut_inscription: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    date_fin_inscription: Date,
    /// `admis` (the application is accepted) or `inscrit` (the fees are paid).
    #[schema(pattern = "^(admis|inscrit)$")]
    statut: &'static str,
    /// One of the seven labels.
    #[schema(example = "formation initiale")]
    regime: &'static str,
    /// COG code of the commune of study.
    #[schema(example = "75113")]
    code_commune: &'a str,
    /// The establishment.
    etablissement: Etablissement<'a>,
}

/// An establishment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Etablissement<'a> {
    /// Its UAI.
    #[schema(example = "0751967F")]
    uai: &'a str,
    /// Its name.
    nom_etablissement: &'a str,
}

impl<'a> StudentStatus<'a> {
    /// What may be told of a student on `today`; `None` when nothing is current, which callers must
    /// not be able to tell from an unknown student: an empty list would disclose an identity
    /// (architecture.md).
    ///
    /// `ine` is the one the caller asked with.
    #[must_use]
    pub fn on(
        answer: &'a PublishedAnswer,
        today: Date,
        starts_within_days: u16,
        ine: Option<&'a str>,
    ) -> Option<Self> {
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
    use crate::domain::name::PersonName;
    use crate::identity::engine::person::ComparedPerson;
    use crate::identity::fixtures::{enrolment, identity, keys};
    use crate::identity::student::StudentId;

    const REQUEST: &str = r#"{"nomFamille":"Dupont","prenom1":"Jeanne","dateNaissance":"2000-01-01","sexe":"2","lieuNaissance":"44109"}"#;

    fn with(field: &str, value: &str) -> Result<Option<CivilQuestion>, QuestionError> {
        let mut body: serde_json::Value = serde_json::from_str(REQUEST).unwrap();
        body[field] = value.into();
        parse_question(body.to_string().as_bytes())
    }

    #[test]
    fn a_request_asks_for_the_keys_that_the_person_is_posted_under() {
        let request = parse_question(REQUEST.as_bytes()).unwrap().unwrap();
        let indexed = ComparedPerson::of(&identity("DUPONT", "jeanne", "2000-01-01"), None);
        assert_eq!(keys().blocks.of(&request.person()), keys().blocks.of(&indexed));
    }

    #[test]
    fn each_wrong_field_is_named() {
        for (field, value, error) in [
            ("nomFamille", "", QuestionError::FamilyName),
            ("nomFamille", "?", QuestionError::FamilyName),
            ("dateNaissance", "2000-01", QuestionError::BirthDate),
            ("dateNaissance", "01/01/2000", QuestionError::BirthDate),
            ("dateNaissance", "2001-02-29", QuestionError::BirthDate),
            ("dateNaissance", "2000-1-1", QuestionError::BirthDate),
            ("sexe", "F", QuestionError::Sex),
            ("lieuNaissance", "Nantes", QuestionError::Birthplace),
        ] {
            assert_eq!(with(field, value), Err(error), "{field}={value}");
        }
        assert_eq!(parse_question(b"[]"), Err(QuestionError::Body));
        assert_eq!(parse_question(br#"{"sexe":1}"#), Err(QuestionError::Body));
        assert_eq!(parse_question(b"{}"), Err(QuestionError::FamilyName));
        assert_eq!(parse_question(br#"{"nomFamille":"Dupont"}"#), Err(QuestionError::GivenName));
        assert_eq!(
            parse_question(br#"{"nomFamille":"Dupont","prenom1":null}"#),
            Err(QuestionError::GivenName)
        );
    }

    #[test]
    fn what_the_client_lets_through_is_nobody() {
        for (field, value) in [
            ("prenom1", ""),
            ("prenom1", "?"),
            ("nomFamille", "'"),
            ("dateNaissance", "1850-01-01"),
            ("dateNaissance", "0004-01-01"),
            ("dateNaissance", "12004-02-29"),
        ] {
            assert_eq!(with(field, value), Ok(None), "{field}={value}");
        }
    }

    #[test]
    fn null_is_absent() {
        let read = |field: &str| {
            let mut body: serde_json::Value = serde_json::from_str(REQUEST).unwrap();
            body[field] = serde_json::Value::Null;
            parse_question(body.to_string().as_bytes())
        };
        assert_eq!(
            read("lieuNaissance").map(|request| request.map(|request| request.lieu_naissance)),
            Ok(Some(None))
        );
        for (field, error) in [
            ("nomFamille", QuestionError::FamilyName),
            ("prenom1", QuestionError::GivenName),
            ("dateNaissance", QuestionError::BirthDate),
            ("sexe", QuestionError::Sex),
        ] {
            assert_eq!(read(field), Err(error), "{field}");
        }
    }

    #[test]
    fn a_blank_birthplace_is_none() {
        assert_eq!(
            with("lieuNaissance", " ").map(|request| request.map(|request| request.lieu_naissance)),
            Ok(Some(None))
        );
    }

    #[test]
    fn the_answer_has_the_contracts_fields_in_its_order() {
        let answer = PublishedAnswer {
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
        assert!(
            StudentStatus::on(&answer, date(2021, 9, 1), 0, None).is_none(),
            "over: like nobody"
        );
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_question(&body);
        }

        #[test]
        fn any_field_is_read_or_refused(field in "nomFamille|prenom1|dateNaissance|sexe|lieuNaissance", value in "\\PC{0,120}") {
            let _ = with(&field, &value);
        }
    }
}
