//! Invented people and their rows.

use serde_json::{Value, json};
use shared::domain::ine::{Checksum, Ine};
use uuid::Uuid;

use crate::http::RECIPIENT;

/// The documented header.
pub const HEADER: &str = "ine;dateNaissance;nomFamille;nomUsage;prenom1;prenom2;prenom3;sexe;lieuNaissance;dateDebutInscription;dateFinInscription;statut;regime;codeCommune;uai;cursus;diplome;niveauDiplome;numeroEtudiant";

/// One person and one enrolment. Names are drawn at random, so that no two tests, and no two runs
/// on one platform, meet.
#[derive(Debug, Clone)]
pub struct Person {
    /// An RNIE number, or nothing.
    pub ine: String,
    /// The birth date.
    pub birth: String,
    /// The birth name.
    pub family: String,
    /// The first given name.
    pub given: String,
    /// `1` or `2`.
    pub sex: String,
    /// A COG code, or nothing.
    pub birthplace: String,
    /// `admis`, `inscrit`, `annulé`.
    pub status: String,
    /// The establishment.
    pub uai: String,
    /// The diploma's code.
    pub diploma: String,
    /// The establishment's number for the student, or nothing.
    pub number: String,
    /// The first and the last day of the enrolment.
    pub period: (String, String),
}

impl Person {
    /// Someone nobody has met, enrolled at `uai`.
    #[must_use]
    pub fn at(uai: &str) -> Self {
        Self {
            ine: fresh_ine(),
            birth: "2005-04-17".into(),
            family: format!("Garnier-{}", fresh_name()),
            given: format!("Anaë{}", fresh_name()),
            sex: "2".into(),
            birthplace: "44109".into(),
            status: "inscrit".into(),
            uai: uai.into(),
            diploma: "2400001".into(),
            number: String::new(),
            period: period(),
        }
    }

    /// Their row under [`HEADER`].
    #[must_use]
    pub fn row(&self) -> String {
        let Self {
            ine,
            birth,
            family,
            given,
            sex,
            birthplace,
            status,
            uai,
            diploma,
            number,
            period,
        } = self;
        let (first, last) = period;
        format!(
            "{ine};{birth};{family};;{given};;;{sex};{birthplace};{first};{last};{status};formation initiale;;{uai};L;{diploma};01;{number}"
        )
    }

    /// The question about them.
    #[must_use]
    pub fn question(&self, birthplace: Option<&str>) -> Value {
        let mut body = json!({
            "nomFamille": self.family, "prenom1": self.given, "dateNaissance": self.birth, "sexe": self.sex,
        });
        if let Some(birthplace) = birthplace {
            body["lieuNaissance"] = birthplace.into();
        }
        body
    }

    /// The question about them in v3's manner, for [`RECIPIENT`].
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let [year, month, day] = self.birth_parts();
        let parameters = [
            ("recipient", RECIPIENT),
            ("nomNaissance", &self.family),
            ("prenoms[]", &self.given),
            ("anneeDateNaissance", year),
            ("moisDateNaissance", month),
            ("jourDateNaissance", day),
            ("sexeEtatCivil", self.sex_letter()),
            ("codeCogInseeCommuneNaissance", &self.birthplace),
        ];
        parameters.map(|(name, value)| (name, value.to_owned())).into()
    }

    /// The line of a batch that asks about them by civil identity.
    #[must_use]
    pub fn line(&self) -> Value {
        json!({
            "nomNaissance": self.family, "prenoms": [self.given], "dateNaissance": self.birth,
            "sexeEtatCivil": self.sex_letter(), "codeCogInseeCommuneNaissance": self.birthplace,
        })
    }

    /// Who they are for FranceConnect, which writes in capitals, gives every given name, and gives
    /// no birthplace to who was born abroad.
    #[must_use]
    pub fn pivot(&self) -> Value {
        let abroad = self.birthplace.starts_with("99");
        json!({
            "family_name": self.family.to_uppercase(), "given_name": format!("{} Marie Ange", self.given),
            "birthdate": self.birth, "gender": if self.sex == "1" { "male" } else { "female" },
            "birthplace": if abroad { "" } else { self.birthplace.as_str() },
            "birthcountry": if abroad { self.birthplace.as_str() } else { "99100" },
        })
    }

    fn sex_letter(&self) -> &'static str {
        if self.sex == "1" { "M" } else { "F" }
    }

    fn birth_parts(&self) -> [&str; 3] {
        let mut parts = self.birth.split('-');
        std::array::from_fn(|_| parts.next().unwrap_or_default())
    }
}

/// A file with the documented header.
#[must_use]
pub fn file(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

/// The current academic year's first and last day, as universities send them.
#[must_use]
pub fn period() -> (String, String) {
    use shared::domain::academic_year::{AcademicYear, day_in_france};
    let year = AcademicYear::starting_on(day_in_france(jiff::Timestamp::now())).first_year();
    (format!("{year}-07-01"), format!("{}-08-31", year + 1))
}

/// A well-formed RNIE number with its key.
///
/// # Panics
///
/// Never: each number has a key.
#[must_use]
pub fn fresh_ine() -> String {
    let number = Uuid::new_v4().as_u128() % 1_000_000_000;
    let letters = "ABCDEFGHJK";
    letters
        .chars()
        .flat_map(|a| letters.chars().map(move |b| format!("{number:09}{a}{b}")))
        .find(|text| Ine::parse(text).is_ok_and(|ine| ine.checksum() == Checksum::Valid))
        .expect("each number has a key")
}

/// Eight letters that nobody is called.
#[must_use]
pub fn fresh_name() -> String {
    Uuid::new_v4().as_bytes()[..8].iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}
