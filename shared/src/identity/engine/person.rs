//! The traits of a person, prepared for comparison, whoever gives them: a record, a register, a
//! caller.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::birth::Digits;
use super::identifier::Identifier;
use super::name::{GivenNames, Surname};
use super::place::Place;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::ine::Ine;
use crate::domain::name::PersonName;
use crate::domain::place_name::PlaceName;
use crate::domain::sex::Sex;

/// The traits as they were written; each may be empty. Nothing is refused: a mistyped date still
/// resembles the right one, and a value that means nothing is a value that is missing.
#[derive(Clone, Copy, Default)]
pub struct Written<'a> {
    /// The identifier: an INE, or a number of another register.
    pub identifier: &'a str,
    /// The birth name.
    pub surname: &'a str,
    /// The name used in daily life.
    pub usage: &'a str,
    /// The first given name.
    pub given: &'a str,
    /// The other given names, separated by anything that isn't a letter.
    pub other_given: &'a str,
    /// `1`, `M` or `H`; `2` or `F`.
    pub sex: &'a str,
    /// `YYYY-MM-DD`.
    pub birth: &'a str,
    /// The COG code of the commune or of the country.
    pub commune: &'a str,
    /// The name of the commune.
    pub place: &'a str,
    /// The COG code of the country.
    pub country: &'a str,
}

/// A person as the engine sees it. Holds personal data: never for a log.
#[derive(Clone, PartialEq, Eq)]
pub struct ComparedPerson {
    pub(super) identifier: Option<Identifier>,
    pub(super) surname: Option<Surname>,
    pub(super) usage: Option<Surname>,
    pub(super) given: Option<GivenNames>,
    pub(super) sex: Option<Sex>,
    pub(super) birth: Digits,
    pub(super) place: Place,
    pub(super) student_number: Option<StudentNumber>,
    /// INES says so itself, of a person whose INE it confirmed.
    pub(super) confirmed: bool,
}

/// The number that an establishment has given to one of its students, as evidence about the
/// students of that establishment in that academic year alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StudentNumber {
    /// Establishment and academic year.
    scope: u64,
    number: u64,
}

/// The levels of agreement of two student numbers.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum NumberLevel {
    /// The same, in one establishment and academic year.
    Same,
    /// One is missing, or they are of two establishments or years.
    #[default]
    Missing,
    /// Two, in one establishment and academic year.
    Different,
}

impl StudentNumber {
    /// Two students of one establishment share a digest once in ten thousand million million pairs.
    fn of(establishment: &str, academic_year: i16, number: &str) -> Self {
        let digest = |parts: &[&[u8]]| {
            let mut hash = Sha256::new();
            for part in parts {
                hash.update(part);
            }
            hash.finalize()[..8].iter().fold(0_u64, |digest, byte| digest << 8 | u64::from(*byte))
        };
        let scope = digest(&[establishment.as_bytes(), &academic_year.to_be_bytes()]);
        Self { scope, number: digest(&[number.as_bytes()]) }
    }

    pub(super) fn compare(left: Option<Self>, right: Option<Self>) -> NumberLevel {
        match (left, right) {
            (Some(left), Some(right))
                if left.scope == right.scope && left.number == right.number =>
            {
                NumberLevel::Same
            }
            (Some(left), Some(right)) if left.scope == right.scope => NumberLevel::Different,
            _ => NumberLevel::Missing,
        }
    }
}

/// The year of a birth date, `2004-03-02` or `2004`.
fn year(birth: &str) -> Option<i16> {
    birth.get(..4)?.parse().ok()
}

impl ComparedPerson {
    /// Prepares the traits: folds names, cuts them in words, resolves places.
    #[must_use]
    pub fn read(written: &Written<'_>) -> Self {
        let surname = Surname::read(written.surname);
        // A usage name that repeats the birth name says nothing more.
        let usage = Surname::read(written.usage).filter(|usage| Some(usage) != surname.as_ref());
        Self {
            identifier: Identifier::read(written.identifier),
            surname,
            usage,
            given: GivenNames::read(written.given, written.other_given),
            sex: Sex::parse_forgiving(written.sex).ok(),
            birth: Digits::read(written.birth),
            place: Place::read(
                written.commune,
                written.place,
                written.country,
                year(written.birth),
            ),
            student_number: None,
            confirmed: false,
        }
    }

    /// The person, in INES's own words if it is `confirmed`.
    #[must_use]
    pub fn confirmed(self, confirmed: bool) -> Self {
        Self { confirmed, ..self }
    }

    /// The person, as an establishment that has given it this number knows it.
    #[must_use]
    pub fn numbered(self, establishment: &str, academic_year: i16, number: &str) -> Self {
        let student_number = Some(StudentNumber::of(establishment, academic_year, number));
        Self { student_number, ..self }
    }

    /// Whether the record comes from civil registers: it states a sex or an INE, as every enrolment
    /// must. Those registers cover whole populations, so whoever resembles a person may be its twin
    /// or its homonym, who is in there too.
    pub(super) fn is_civil(&self) -> bool {
        self.sex.is_some() || self.identifier.as_ref().is_some_and(Identifier::is_ine)
    }

    /// The same from types that are already well formed.
    #[must_use]
    pub fn of(identity: &CivilIdentity, ine: Option<&Ine>) -> Self {
        let others: Vec<&str> = identity.autres_prenoms.iter().map(PersonName::expose).collect();
        Self::read(&Written {
            identifier: ine.map_or("", Ine::expose),
            surname: identity.nom_famille.expose(),
            usage: identity.nom_usage.as_ref().map_or("", PersonName::expose),
            given: identity.prenom1.expose(),
            other_given: &others.join(" "),
            sex: identity.sexe.code(),
            birth: &identity.date_naissance.expose(),
            commune: identity.lieu_naissance.as_ref().map_or("", |code| code.as_str()),
            place: identity.libelle_naissance.as_ref().map_or("", PlaceName::expose),
            country: "",
        })
    }
}

impl fmt::Debug for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written(…)")
    }
}

impl fmt::Debug for ComparedPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ComparedPerson(…)")
    }
}
