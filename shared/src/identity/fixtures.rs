//! Invented people for the tests of this crate.

use jiff::civil::{Date, date};

use std::collections::BTreeMap;

use super::digest::{DigestKey, IdentityKeys, RecordId};
use super::edge::{Edge, InesVerification, Links, Reason};
use super::moves::Moves;
use super::student::{RecordVersion, Student, StudentId};
use crate::domain::birth_date::BirthDate;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::commune::CommuneCode;
use crate::domain::enrolment::{Declaration, Enrolment, StatedPerson, Unsaid};
use crate::domain::ine::Ine;
use crate::domain::name::PersonName;
use crate::domain::regime::Regime;
use crate::domain::sex::Sex;
use crate::domain::status::Status;
use crate::domain::uai::Uai;

pub(crate) fn keys() -> IdentityKeys {
    IdentityKeys::new(
        DigestKey::new("1".into(), "ine secret".to_owned().into()),
        &DigestKey::new("1".into(), "civil secret".to_owned().into()),
    )
}

pub(crate) fn identity(family: &str, given: &str, birth: &str) -> CivilIdentity {
    CivilIdentity {
        nom_famille: PersonName::parse(family).unwrap(),
        nom_usage: None,
        prenom1: PersonName::parse(given).unwrap(),
        autres_prenoms: Vec::new(),
        sexe: Sex::Female,
        date_naissance: BirthDate::parse(birth).unwrap(),
        lieu_naissance: Some(CommuneCode::parse("44109").unwrap()),
        libelle_naissance: None,
    }
}

pub(crate) fn enrolment(uai: &str, from: Date, to: Date) -> Enrolment {
    Enrolment {
        date_debut: from,
        date_fin: to,
        statut: Status::Inscrit,
        regime: Regime::FormationInitiale,
        code_commune: CommuneCode::parse("75113").unwrap(),
        code_commune_brut: None,
        uai: Uai::parse(uai).unwrap(),
        nom_etablissement: "UFR ECONOMIE UNIVERSITE PARIS 1 (75634)".into(),
        cursus: None,
        diplome: None,
        niveau_diplome: None,
        non_dit: Unsaid::default(),
    }
}

pub(crate) fn declaration(
    ine: Option<&str>,
    family: &str,
    given: &str,
    birth: &str,
) -> Declaration {
    Declaration {
        ine: ine.map(|ine| Ine::parse(ine).unwrap()),
        numero_etudiant: None,
        identite: StatedPerson::Civil(identity(family, given, birth)),
        inscription: enrolment("0751967F", date(2026, 9, 1), date(2027, 8, 31)),
    }
}

/// The edge of a record that says this, sent in the first millisecond.
pub(crate) fn edge(said: &Declaration) -> Edge {
    Edge {
        record: RecordId::of(&DigestKey::new("1".into(), "records".to_owned().into()), said),
        version: RecordVersion::new(jiff::Timestamp::UNIX_EPOCH, "", "import", 2),
        declaration: said.clone(),
        verification: InesVerification::Unasked,
        reason: Reason::Newcomer,
        evidence: None,
        runner_up: None,
        rules_version: crate::identity::engine::RULE_VERSION,
        links: Links::default(),
        moves: Moves::default(),
    }
}

/// A student of whom these are said.
pub(crate) fn student(version: u64, said: &[Declaration]) -> Student {
    Student::restore(StudentId::random(), version, BTreeMap::new(), said.iter().map(edge))
}
