//! What statistics need of a person, without who it is.

use serde::{Deserialize, Serialize};

use super::student::Student;
use crate::domain::commune::CommuneCode;
use crate::domain::sex::Sex;

/// Whether somebody was born in France.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BirthClass {
    France,
    #[serde(rename = "etranger")]
    Abroad,
    /// No code, or one that is no place's today, such as those of French Algeria.
    #[default]
    #[serde(rename = "inconnu")]
    Unknown,
}

impl BirthClass {
    /// The class of a birthplace: `99` and three digits are a country, `99100` is France.
    #[must_use]
    pub fn of(place: Option<CommuneCode>) -> Self {
        match place {
            Some(code) if code.as_str() == "99100" => Self::France,
            Some(code) if code.department() == "99" => Self::Abroad,
            Some(code) if code.is_known() => Self::France,
            _ => Self::Unknown,
        }
    }
}

/// Written beside the published answer, in the same transaction, so that a scan for statistics
/// never reads an identity. A student that was published before this was kept has none, and counts
/// as unknown until it is written again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sexe: Option<Sex>,
    /// The year of birth, which is always known to the year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub naissance: Option<i16>,
    #[serde(default)]
    pub lieu: BirthClass,
}

impl Stat {
    /// That of a student of whom something may be told. The birthplace is that of the identity to
    /// tell; where it has none, of the latest statement that has one.
    #[must_use]
    pub fn of(student: &Student) -> Option<Self> {
        let told = student.spelling()?;
        let stated = || {
            let placed = student.edges().filter_map(|edge| {
                Some((&edge.version, edge.declaration.identite.told()?.lieu_naissance?))
            });
            placed.max_by_key(|(version, _)| *version).map(|(_, place)| place)
        };
        Some(Self {
            sexe: Some(told.sexe),
            naissance: Some(told.date_naissance.year()),
            lieu: BirthClass::of(told.lieu_naissance.or_else(stated)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures::{declaration, student};

    #[test]
    fn a_birthplace_is_of_france_of_abroad_or_unknown() {
        for (code, class) in [
            ("44109", BirthClass::France),
            ("97411", BirthClass::France),
            ("98735", BirthClass::France),
            ("99100", BirthClass::France),
            ("99352", BirthClass::Abroad),
            ("92352", BirthClass::Unknown),
        ] {
            assert_eq!(BirthClass::of(CommuneCode::parse(code).ok()), class, "{code}");
        }
        assert_eq!(BirthClass::of(None), BirthClass::Unknown);
    }

    #[test]
    fn it_holds_nothing_that_names_a_person() {
        let said = declaration(Some("070578267KH"), "Martin", "Léa", "2004-03-02");
        let stat = Stat::of(&student(1, &[said])).unwrap();
        let stored = serde_json::to_string(&stat).unwrap();
        assert_eq!(stored, r#"{"sexe":"2","naissance":2004,"lieu":"france"}"#);
        assert_eq!(serde_json::from_str::<Stat>(&stored).unwrap(), stat);
        assert_eq!(serde_json::from_str::<Stat>("{}").unwrap(), Stat::default());
    }
}
