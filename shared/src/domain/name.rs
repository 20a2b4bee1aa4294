//! Surnames and given names as their owner writes them.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::fold::fold;
use super::serde_as_text;

/// A name in its original spelling: composed accents (NFC), single blanks, at least one letter.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonName(String);

/// Why a text is not a name. The text itself is personal, so it is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but blanks.
    #[error("a name is empty")]
    Empty,
    /// Longer than any civil register writes.
    #[error("a name has at most {} characters, this has {seen}", PersonName::LONGEST)]
    Long {
        /// Characters seen.
        seen: usize,
    },
    /// No letter at all, such as `-` or `123`.
    #[error("a name has no letter")]
    NoLetter,
    /// A control or bidirectional character, or one that stands for undecodable bytes.
    #[error("a name holds an invisible or undecodable character")]
    Invisible,
}

impl PersonName {
    /// Characters at most. The longest surname in the open INSEE list has 30.
    pub const LONGEST: usize = 100;

    /// Reads a name. Outer blanks go, inner ones are reduced to one, accents are composed.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let mut name = String::with_capacity(text.len());
        for word in text.split_whitespace() {
            if !name.is_empty() {
                name.push(' ');
            }
            if is_composed(word) {
                name.push_str(word);
            } else {
                name.extend(word.nfc());
            }
        }
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        // In one pass, and told in this order.
        let (mut seen, mut invisible, mut letters) = (0, false, false);
        for character in name.chars() {
            seen += 1;
            invisible |= is_invisible(character);
            letters |= character.is_alphabetic();
        }
        if seen > Self::LONGEST {
            return Err(NameError::Long { seen });
        }
        if invisible {
            return Err(NameError::Invisible);
        }
        if !letters {
            return Err(NameError::NoLetter);
        }
        Ok(Self(name))
    }

    /// Reads a surname. A person who has none is `SANS NOM` in French acts and `-` in other
    /// registers: both are the former here, so that whoever writes either is found.
    pub fn parse_surname(text: &str) -> Result<Self, NameError> {
        let none = is_dashes(text)
            || matches!(
                fold(text).as_str(),
                "SANSNOM" | "SANSNOMDEFAMILLE" | "SANSNOMPATRONYMIQUE"
            );
        Self::parse(if none { "SANS NOM" } else { text })
    }

    /// Reads a given name. That of a person who has none is `SANS PRENOM`, as
    /// [`Self::parse_surname`] has it.
    pub fn parse_given(text: &str) -> Result<Self, NameError> {
        let none = is_dashes(text) || fold(text) == "SANSPRENOM";
        Self::parse(if none { "SANS PRENOM" } else { text })
    }

    /// The name itself. Personal: for answers and comparison, never for a log.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its folded form, for comparison.
    #[must_use]
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

fn is_dashes(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|sign| matches!(sign, '-' | '–' | '—'))
}

/// Whether a word surely has its accents composed already: below U+0300, where combining marks
/// start, every character is its own composed form. In UTF-8 those are the bytes below 0xCC. Nearly
/// every French name is of them, and composing was the dearest part of reading a row.
fn is_composed(word: &str) -> bool {
    word.bytes().all(|byte| byte < 0xCC)
}

/// Characters that a reader can't see, or that make him see another order than the stored one.
pub(crate) fn is_invisible(letter: char) -> bool {
    letter.is_control()
        // Hangul letters that fill a place and show nothing.
        || matches!(letter, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}')
        || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
        || letter == char::REPLACEMENT_CHARACTER
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

serde_as_text!(PersonName, expose, PersonName::parse);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spelling_is_kept_and_blanks_are_not() {
        assert_eq!(
            PersonName::parse("  Le\u{a0} Goff-N’Diaye ").unwrap().expose(),
            "Le Goff-N’Diaye"
        );
        assert_eq!(PersonName::parse("Zoe\u{308}").unwrap().expose(), "Zoë");
    }

    #[test]
    fn there_is_one_way_to_say_none() {
        for text in ["-", " -- ", "SANS NOM", "Sans nom"] {
            assert_eq!(PersonName::parse_surname(text).unwrap().expose(), "SANS NOM", "{text}");
        }
        for text in ["-", "Sans prénom", "SANS-PRENOM"] {
            assert_eq!(PersonName::parse_given(text).unwrap().expose(), "SANS PRENOM", "{text}");
        }
        assert_eq!(PersonName::parse_surname(""), Err(NameError::Empty));
        assert_eq!(PersonName::parse_surname("Sansnom-Martin").unwrap().expose(), "Sansnom-Martin");
    }

    #[test]
    fn rubbish_is_refused() {
        assert_eq!(PersonName::parse(" \t"), Err(NameError::Empty));
        assert_eq!(PersonName::parse("--"), Err(NameError::NoLetter));
        assert_eq!(PersonName::parse("Mar\u{202E}tin"), Err(NameError::Invisible));
        assert_eq!(PersonName::parse("Mar\u{0}tin"), Err(NameError::Invisible));
        assert_eq!(PersonName::parse("\u{3164}"), Err(NameError::Invisible));
        assert_eq!(PersonName::parse(&"a".repeat(101)), Err(NameError::Long { seen: 101 }));
    }

    proptest! {
        #[test]
        fn parse_never_panics_and_is_idempotent(text in "\\PC{0,120}") {
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse(name.expose()), Ok(name.clone()));
                prop_assert_eq!(format!("{name:?}"), "PersonName(…)");
            }
        }

        #[test]
        fn accents_are_always_composed(name in "[a-zÀ-ɏ\u{300}-\u{330}]{1,20}") {
            if let Ok(parsed) = PersonName::parse(&name) {
                prop_assert_eq!(parsed.expose(), name.nfc().collect::<String>());
            }
        }
    }
}
