//! The *identité pivot*, by which `FranceConnect` names a person: to who is asked about them, and to
//! the portal that they log in to.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::v3::error::Parameter;
use super::v3::request::Wrong;
use crate::domain::commune::CommuneCode;
use crate::domain::name::PersonName;
use crate::domain::sex::Sex;
use crate::identity::lookup::CivilQuestion;

/// `FranceConnect`'s code of France: only then does it give a commune of birth (domain.md §6.2).
const FRANCE: &str = "99100";
/// Given names that are compared. Nobody is known to have as many.
const MOST_GIVEN_NAMES: usize = 10;

/// The *identité pivot*, as it comes; any of it may be missing, `null` or partial.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PivotIdentity {
    /// The birth name.
    #[serde(deserialize_with = "null_is_empty")]
    pub family_name: String,
    /// Every given name, between blanks.
    #[serde(deserialize_with = "null_is_empty")]
    pub given_name: String,
    /// The same one by one (v2), which tells `Jean Pierre` from `Jean` and `Pierre`.
    #[serde(deserialize_with = "null_is_empty")]
    pub given_name_array: Vec<String>,
    /// `YYYY-MM-DD`; `YYYY-MM` or `YYYY` for who was only presumed to be born then.
    #[serde(deserialize_with = "null_is_empty")]
    pub birthdate: String,
    /// `male` or `female`.
    #[serde(deserialize_with = "null_is_empty")]
    pub gender: String,
    /// A COG code, for who was born in France; else empty.
    #[serde(deserialize_with = "null_is_empty")]
    pub birthplace: String,
    /// A COG code, `99100` for France.
    #[serde(deserialize_with = "null_is_empty")]
    pub birthcountry: String,
}

impl fmt::Debug for PivotIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PivotIdentity(…)")
    }
}

impl PivotIdentity {
    /// Given names and birth name, to greet the person by.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }

    /// The question about this person (domain.md §4.3, §6.2): every given name, and the commune of
    /// birth, or the country of who wasn't born in France. `None` when nobody can be so named.
    ///
    /// # Errors
    ///
    /// Everything that it lacks, as in a civil identity.
    pub fn question(&self) -> Result<Option<CivilQuestion>, Vec<Parameter>> {
        let mut wrong = Wrong::default();
        let family = wrong
            .or(PersonName::parse_surname(&self.family_name).map_err(|_| Parameter::FamilyName));
        let given_names: Vec<&str> = if self.given_name_array.is_empty() {
            self.given_name.split_whitespace().collect()
        } else {
            self.given_name_array.iter().map(String::as_str).collect()
        };
        let given =
            given_names.split_first().ok_or(Parameter::GivenNames).and_then(|(first, others)| {
                let first = PersonName::parse_given(first).map_err(|_| Parameter::GivenNames)?;
                let others = others
                    .iter()
                    .take(MOST_GIVEN_NAMES)
                    .filter_map(|name| PersonName::parse(name).ok());
                Ok((first, others.collect()))
            });
        let given = wrong.or(given);
        let mut parts = self.birthdate.trim().splitn(3, '-');
        let date = wrong.birth_date(std::array::from_fn(|_| parts.next().unwrap_or_default()));
        let sexe = wrong.or(match self.gender.as_str() {
            "male" => Ok(Sex::Male),
            "female" => Ok(Sex::Female),
            _ => Err(Parameter::Sex),
        });
        let born_in_france = self.birthcountry.is_empty() || self.birthcountry == FRANCE;
        // A birthplace only tells homonyms apart: an unreadable one is as good as none.
        let commune =
            born_in_france.then(|| CommuneCode::parse_birthplace(&self.birthplace).ok()).flatten();
        let place = commune.or_else(|| CommuneCode::parse(&self.birthcountry).ok());
        wrong.question_about(family.map(Some), given.map(Some), date, sexe, place)
    }
}

fn null_is_empty<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(identity: &PivotIdentity) -> Result<Option<CivilQuestion>, Vec<Parameter>> {
        identity.question()
    }

    fn zoe() -> PivotIdentity {
        PivotIdentity {
            family_name: "LEFÈVRE".into(),
            given_name: "Zoé Marie".into(),
            given_name_array: Vec::new(),
            birthdate: "2004-03-02".into(),
            gender: "female".into(),
            birthplace: "44109".into(),
            birthcountry: "99100".into(),
        }
    }

    #[test]
    fn the_pivot_identity_is_asked_about_by_all_its_given_names() {
        let question = asked(&zoe()).unwrap().unwrap();
        let given = |question: &CivilQuestion| {
            let others: Vec<&str> =
                question.autres_prenoms.iter().map(PersonName::expose).collect();
            format!("{} + {}", question.prenom1.expose(), others.join(" "))
        };
        assert_eq!((given(&question).as_str(), question.sexe), ("Zoé + Marie", Sex::Female));
        let one_by_one =
            PivotIdentity { given_name_array: vec!["Zoé Marie".into(), "Léa".into()], ..zoe() };
        assert_eq!(given(&asked(&one_by_one).unwrap().unwrap()), "Zoé Marie + Léa");
        assert_eq!(question.lieu_naissance.map(|code| code.to_string()), Some("44109".into()));
    }

    #[test]
    fn who_was_born_abroad_is_asked_about_by_its_country() {
        let place = |identity: &PivotIdentity| {
            asked(identity).unwrap().unwrap().lieu_naissance.map(|code| code.to_string())
        };
        let abroad =
            PivotIdentity { birthplace: String::new(), birthcountry: "99352".into(), ..zoe() };
        assert_eq!(place(&abroad), Some("99352".into()));
        let said_all_the_same = PivotIdentity { birthplace: "44109".into(), ..abroad.clone() };
        assert_eq!(place(&said_all_the_same), Some("99352".into()));
        let before_1976 = PivotIdentity { birthplace: "20004".into(), ..zoe() };
        assert_eq!(place(&before_1976), Some("2A004".into()), "Ajaccio, when Corsica was one");
        let postal = PivotIdentity { birthplace: "44000".into(), ..zoe() };
        assert_eq!(place(&postal), Some("99100".into()), "a postal code says nothing");
        let no_commune = PivotIdentity { birthplace: String::new(), ..zoe() };
        assert_eq!(place(&no_commune), Some("99100".into()), "in France is said all the same");
        let nowhere = PivotIdentity { birthcountry: "Algérie".into(), ..abroad };
        assert_eq!(place(&nowhere), None);
    }

    #[test]
    fn what_the_pivot_identity_lacks_is_refused_as_in_a_civil_identity() {
        let wrong = |identity: PivotIdentity| asked(&identity).unwrap_err();
        for (birthdate, expected) in [
            ("", &[Parameter::BirthYear, Parameter::BirthMonth, Parameter::BirthDay][..]),
            ("17/04/2005", &[Parameter::BirthYear, Parameter::BirthMonth, Parameter::BirthDay]),
            ("1994", &[Parameter::BirthMonth, Parameter::BirthDay]),
            ("1994-00-00", &[Parameter::BirthMonth, Parameter::BirthDay]),
            ("1994-05", &[Parameter::BirthDay]),
            ("1994-05-00", &[Parameter::BirthDay]),
            ("1994-02-30", &[Parameter::BirthDate]),
            ("1994-02-20-1", &[Parameter::BirthDay]),
        ] {
            assert_eq!(
                wrong(PivotIdentity { birthdate: birthdate.into(), ..zoe() }),
                expected,
                "{birthdate}"
            );
        }
        assert_eq!(
            wrong(PivotIdentity { family_name: String::new(), ..zoe() }),
            [Parameter::FamilyName]
        );
        for given_name in ["", "  "] {
            assert_eq!(
                wrong(PivotIdentity { given_name: given_name.into(), ..zoe() }),
                [Parameter::GivenNames]
            );
        }
        assert_eq!(
            wrong(PivotIdentity { gender: "unspecified".into(), ..zoe() }),
            [Parameter::Sex]
        );
        assert_eq!(wrong(PivotIdentity::default()).first(), Some(&Parameter::FamilyName));
        let long_ago = PivotIdentity { birthdate: "1850-01-01".into(), ..zoe() };
        assert_eq!(asked(&long_ago), Ok(None), "nobody");
    }

    proptest! {
        #[test]
        fn any_pivot_identity_is_read_or_refused(
            family in "\\PC{0,40}", given in "\\PC{0,40}", birth in "\\PC{0,12}|[0-9-]{0,10}",
            gender in "male|female|\\PC{0,5}", place in "\\PC{0,8}", country in "\\PC{0,8}",
        ) {
            let _ = asked(&PivotIdentity {
                family_name: family, given_name: given, birthdate: birth, gender, birthplace: place, birthcountry: country,
                ..PivotIdentity::default()
            });
        }
    }
}
