//! What is told of a student, scope by scope.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::scope::{Scope, Scopes};
use crate::domain::enrolment::Enrolment;
use crate::domain::status::Status;
use crate::identity::student::PublishedAnswer;

/// The body of a 200 answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct DirectAnswer<'a> {
    /// What the scopes allow.
    data: StudentData<'a>,
    /// Always empty.
    links: Empty,
    /// Always empty.
    meta: Empty,
}

/// An object without a field, which the contract always has.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Empty {}

/// What is told of a student: what a scope doesn't grant is absent.
#[derive(Debug, Serialize, ToSchema)]
pub struct StudentData<'a> {
    /// With `mesri_identite`; never on the FranceConnect route, whose caller knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    identite: Option<Identity<'a>>,
    /// Admissions and enrolments that are current, or begin soon, with `mesri_admissions`. Absent
    /// without it, whatever else is granted: how many there are would be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    admissions: Option<Vec<Admission<'a>>>,
}

/// Who the student is.
#[derive(Debug, Serialize, ToSchema)]
struct Identity<'a> {
    /// Birth name.
    #[schema(example = "Dupont")]
    nom_naissance: &'a str,
    /// First given name.
    #[schema(example = "Jean")]
    prenom: &'a str,
    /// Birth date.
    #[schema(example = "2000-01-01")]
    date_naissance: String,
}

/// One admission or enrolment.
#[derive(Debug, Serialize, ToSchema)]
struct Admission<'a> {
    /// First day.
    #[schema(value_type = String, format = Date)]
    date_debut: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    date_fin: Date,
    /// Whether the fees are paid; else the application is accepted (`mesri_admission_inscrit`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    est_inscrit: Option<bool>,
    /// The régime (`mesri_admission_regime_formation`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    regime_formation: Option<Regime>,
    /// COG code of the commune of study (`mesri_admission_commune_etudes`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "75113")]
    code_cog_insee_commune: Option<&'a str>,
    /// The establishment (`mesri_admission_etablissement_etudes`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    etablissement_etudes: Option<Establishment<'a>>,
}

/// A régime.
#[derive(Debug, Serialize, ToSchema)]
struct Regime {
    /// One of the seven labels.
    #[schema(example = "formation initiale")]
    libelle: &'static str,
    /// Its code.
    #[schema(pattern = "^RF[1-7]$")]
    code: &'static str,
}

/// An establishment.
#[derive(Debug, Serialize, ToSchema)]
struct Establishment<'a> {
    /// Its UAI.
    #[schema(example = "0751967F")]
    uai: &'a str,
    /// Its name.
    nom: &'a str,
}

/// The fields that a scope grants, as they are called in an answer: the matrix of `docs/scopes.md`.
#[must_use]
pub fn fields_of(scope: Scope) -> &'static [&'static str] {
    match scope {
        Scope::Identite => &["nom_naissance", "prenom", "date_naissance"],
        Scope::Admissions => &["date_debut", "date_fin"],
        Scope::AdmissionInscrit => &["est_inscrit"],
        Scope::AdmissionRegimeFormation => &["regime_formation"],
        Scope::AdmissionCommuneEtudes => &["code_cog_insee_commune"],
        Scope::AdmissionEtablissementEtudes => &["etablissement_etudes"],
    }
}

/// The fields that scopes grant together: those of an admission need the list.
#[must_use]
pub fn fields(scopes: Scopes) -> Vec<&'static str> {
    let is_told = |scope: &Scope| *scope == Scope::Identite || scopes.has(Scope::Admissions);
    scopes.iter().filter(is_told).flat_map(fields_of).copied().collect()
}

impl<'a> StudentData<'a> {
    /// What may be told of a student on `today`; `None` when nothing is current, which callers must
    /// not be able to tell from an unknown student (architecture.md).
    #[must_use]
    pub fn on(
        answer: &'a PublishedAnswer,
        today: Date,
        starts_within_days: u16,
        scopes: Scopes,
    ) -> Option<Self> {
        let current: Vec<_> = answer
            .inscriptions
            .iter()
            .filter(|enrolment| enrolment.is_current(today, starts_within_days))
            .collect();
        if current.is_empty() {
            return None;
        }
        Some(Self {
            identite: scopes.has(Scope::Identite).then(|| Identity {
                nom_naissance: answer.nom_famille.expose(),
                prenom: answer.prenom.expose(),
                date_naissance: answer.date_naissance.expose(),
            }),
            admissions: scopes.has(Scope::Admissions).then(|| {
                current.into_iter().map(|enrolment| Admission::of(enrolment, scopes)).collect()
            }),
        })
    }

    /// How many enrolments it tells.
    #[must_use]
    pub fn enrolments(&self) -> usize {
        self.admissions.as_ref().map_or(0, Vec::len)
    }

    /// The body of the answer.
    #[must_use]
    pub fn into_answer(self) -> DirectAnswer<'a> {
        DirectAnswer { data: self, links: Empty {}, meta: Empty {} }
    }
}

impl<'a> Admission<'a> {
    fn of(enrolment: &'a Enrolment, scopes: Scopes) -> Self {
        let has = |scope| scopes.has(scope);
        Self {
            date_debut: enrolment.date_debut,
            date_fin: enrolment.date_fin,
            est_inscrit: has(Scope::AdmissionInscrit)
                .then_some(enrolment.statut == Status::Inscrit),
            regime_formation: has(Scope::AdmissionRegimeFormation).then(|| Regime {
                libelle: enrolment.regime.label(),
                code: enrolment.regime.code(),
            }),
            code_cog_insee_commune: has(Scope::AdmissionCommuneEtudes)
                .then(|| enrolment.code_commune.as_str()),
            etablissement_etudes: has(Scope::AdmissionEtablissementEtudes).then(|| Establishment {
                uai: enrolment.uai.as_str(),
                nom: &enrolment.nom_etablissement,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::birth_date::BirthDate;
    use crate::domain::name::PersonName;
    use crate::identity::fixtures::enrolment;
    use crate::identity::student::StudentId;

    fn answer() -> PublishedAnswer {
        PublishedAnswer {
            student: StudentId::random(),
            nom_famille: PersonName::parse("Dupont").unwrap(),
            prenom: PersonName::parse("Jean").unwrap(),
            date_naissance: BirthDate::parse("2000-01-01").unwrap(),
            inscriptions: vec![enrolment("0751967F", date(2020, 7, 1), date(2021, 8, 31))],
        }
    }

    fn told(scopes: Scopes) -> serde_json::Value {
        let answer = answer();
        let data = StudentData::on(&answer, date(2021, 1, 1), 0, scopes).unwrap();
        serde_json::to_value(data.into_answer()).unwrap()
    }

    #[test]
    fn with_every_scope_the_answer_is_the_contracts() {
        let answer = answer();
        let data = StudentData::on(&answer, date(2021, 1, 1), 0, Scopes::ALL).unwrap();
        assert_eq!(
            serde_json::to_string(&data.into_answer()).unwrap(),
            r#"{"data":{"identite":{"nom_naissance":"Dupont","prenom":"Jean","date_naissance":"2000-01-01"},"admissions":[{"date_debut":"2020-07-01","date_fin":"2021-08-31","est_inscrit":true,"regime_formation":{"libelle":"formation initiale","code":"RF1"},"code_cog_insee_commune":"75113","etablissement_etudes":{"uai":"0751967F","nom":"UFR ECONOMIE UNIVERSITE PARIS 1 (75634)"}}]},"links":{},"meta":{}}"#
        );
    }

    #[test]
    fn every_set_of_scopes_grants_its_fields_and_no_other() {
        for bits in 0..1_u8 << Scope::ALL.len() {
            let scopes: Scopes =
                Scope::ALL.into_iter().filter(|scope| bits & (1 << *scope as u8) != 0).collect();
            let told = told(scopes);
            let names = |value: &serde_json::Value| -> Vec<String> {
                value.as_object().into_iter().flat_map(|object| object.keys().cloned()).collect()
            };
            let mut seen = names(&told["data"]["identite"]);
            seen.extend(names(&told["data"]["admissions"][0]));
            seen.sort();
            let mut granted: Vec<String> = fields(scopes).into_iter().map(str::to_owned).collect();
            granted.sort();
            assert_eq!(seen, granted, "{scopes:?}");
            assert_eq!(
                told["data"].get("admissions").is_some(),
                scopes.has(Scope::Admissions),
                "{scopes:?}"
            );
        }
    }

    #[test]
    fn nothing_current_is_nobody() {
        assert!(StudentData::on(&answer(), date(2021, 9, 1), 0, Scopes::ALL).is_none());
    }
}
