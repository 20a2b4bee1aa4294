//! The name of a birthplace, as somebody wrote it where no code says it all.

use std::fmt;

use super::commune::CommuneCode;
use super::fold::{fold, folded_words};
use super::gazetteer;
use super::name::{NameError, PersonName};
use super::serde_as_text;

/// The name of a commune in its original spelling: `Saint-Denis`, which several communes bear, or
/// `PARIS 13E ARRONDISSEMENT`. It is read by the rules that people's names are read by: composed
/// accents, single blanks, a letter at least, a hundred characters at most.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PlaceName(PersonName);

impl PlaceName {
    /// Reads a name. Only its form is checked: a name that is stored must be read back when
    /// communes have merged.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        PersonName::parse(text).map(Self)
    }

    /// The name itself. A birthplace is personal: for comparison, never for a log.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Its folded form, for comparison.
    #[must_use]
    pub fn folded(&self) -> String {
        fold(self.expose())
    }

    /// The commune that alone bears it as it is written, whose code says it all.
    #[must_use]
    pub fn only_commune(&self) -> Option<CommuneCode> {
        gazetteer::only_commune(&self.folded())
    }

    /// Whether a commune bears it. A country (`Algérie`), a town abroad or a word (`inconnu`) can't
    /// be compared with a code, and would contradict every one.
    #[must_use]
    pub fn is_a_communes(&self) -> bool {
        !gazetteer::communes_named(&commune_in(self.expose()).0).is_empty()
    }
}

/// The folded name of the commune in a label, abbreviations spelt out, and the arrondissement that
/// the label names.
pub(crate) fn commune_in(label: &str) -> (String, Option<CommuneCode>) {
    let mut name = String::with_capacity(label.len());
    let mut number = None;
    for word in folded_words(label) {
        match word.as_str() {
            "ST" => name.push_str("SAINT"),
            "STE" => name.push_str("SAINTE"),
            "ARRONDISSEMENT" | "ARRONDISSEMENTS" | "ARR" | "CEDEX" => {}
            digits if digits.starts_with(|digit: char| digit.is_ascii_digit()) => {
                let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
                number = digits.parse::<u8>().ok();
            }
            word => name.push_str(word),
        }
    }
    let district = number.and_then(|number| {
        let first = match name.as_str() {
            "PARIS" if (1..=20).contains(&number) => 75100,
            "LYON" if (1..=9).contains(&number) => 69380,
            "MARSEILLE" if (1..=16).contains(&number) => 13200,
            _ => return None,
        };
        CommuneCode::parse(&(first + u32::from(number)).to_string()).ok()
    });
    (name, district)
}

impl fmt::Debug for PlaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlaceName(…)")
    }
}

serde_as_text!(PlaceName, expose, PlaceName::parse);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn communes_are_told_from_other_names() {
        for (text, expected) in [
            ("Saint-Denis", true),
            ("ST DENIS", true),
            ("Paris 13e arrondissement", true),
            ("LYON 3EME ARR", true),
            ("Marcq-en-Barœul", true),
            ("ALGERIE", false),
            ("Casablanca", false),
            ("inconnu", false),
            ("Arrondissement", false),
        ] {
            assert_eq!(PlaceName::parse(text).unwrap().is_a_communes(), expected, "{text}");
        }
        for (text, error) in [
            (" ", NameError::Empty),
            ("75013", NameError::NoLetter),
            ("Pa\u{202E}ris", NameError::Invisible),
        ] {
            assert_eq!(PlaceName::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_name_that_one_commune_bears_is_a_code() {
        for (text, code) in [
            ("nantes", Some("44109")),
            ("Saint-Pol-sur-Mer", Some("59183")),
            ("Vienne", None),
            ("Saint-Denis", None),
            ("Paris 13", None),
            ("Alger", None),
        ] {
            let only = PlaceName::parse(text).unwrap().only_commune();
            assert_eq!(only, code.and_then(|code| CommuneCode::parse(code).ok()), "{text}");
        }
    }

    #[test]
    fn a_label_names_a_commune_and_perhaps_its_arrondissement() {
        for (label, name, district) in [
            ("PARIS 13E ARRONDISSEMENT", "PARIS", Some("75113")),
            ("Lyon 3ème", "LYON", Some("69383")),
            ("Marseille 16", "MARSEILLE", Some("13216")),
            ("Paris 21", "PARIS", None),
            ("Ste Foy", "SAINTEFOY", None),
            ("Saint-Denis Cedex 2", "SAINTDENIS", None),
        ] {
            let district = district.map(|code| CommuneCode::parse(code).unwrap());
            assert_eq!(commune_in(label), (name.to_owned(), district), "{label}");
        }
    }

    #[test]
    fn it_is_stored_as_it_is_written_and_printed_as_nothing() {
        let name = PlaceName::parse(" Saint-Denis\u{a0}(Réunion) ").unwrap();
        let stored = serde_json::to_string(&name).unwrap();
        assert_eq!(stored, r#""Saint-Denis (Réunion)""#);
        assert!(serde_json::from_str::<PlaceName>(&stored).unwrap() == name);
        assert_eq!(format!("{name:?}"), "PlaceName(…)");
    }
}
