//! The *unité administrative immatriculée*: the number of an establishment (domain.md §7.2).

use std::fmt;

use super::{CONTROL_LETTERS, serde_as_text};

/// A UAI: seven digits and their control letter, upper case. The letter is enforced: an
/// establishment's number isn't personal, is published, and a wrong one would feed another
/// establishment's students.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uai([u8; Uai::LENGTH]);

/// Why a text is not a UAI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UaiError {
    /// Not seven digits and a letter.
    #[error("a UAI is 7 digits and a letter")]
    Form,
    /// The letter is not the one that follows from the digits.
    #[error("the UAI's control letter is {seen}, its digits call for {expected}")]
    ControlLetter {
        /// The letter that was read.
        seen: char,
        /// The letter that the digits call for.
        expected: char,
    },
}

impl Uai {
    /// Seven digits and a letter.
    pub const LENGTH: usize = 8;

    /// Reads a UAI, whatever the case, blanks around it ignored.
    pub fn parse(text: &str) -> Result<Self, UaiError> {
        let mut bytes: [u8; Self::LENGTH] =
            text.trim().as_bytes().try_into().map_err(|_| UaiError::Form)?;
        bytes.make_ascii_uppercase();
        let [digits @ .., letter] = &bytes;
        if !digits.iter().all(u8::is_ascii_digit) || !letter.is_ascii_uppercase() {
            return Err(UaiError::Form);
        }
        let number =
            digits.iter().fold(0_usize, |number, digit| number * 10 + usize::from(digit - b'0'));
        let expected = CONTROL_LETTERS[number % CONTROL_LETTERS.len()];
        if *letter != expected {
            return Err(UaiError::ControlLetter {
                seen: char::from(*letter),
                expected: char::from(expected),
            });
        }
        Ok(Self(bytes))
    }

    /// The eight characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII passes `parse`, so this never falls back.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Uai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uai({self})")
    }
}

serde_as_text!(Uai, as_str, Uai::parse);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_numbers_pass() {
        for text in [
            "0011402U", "0010006B", "0010814E", "0751722P", "0751967F", "0731499H", "0691774D",
            "0313124C", "0332870R", "0330023W", "0951099D",
        ] {
            assert_eq!(Uai::parse(text).map(|uai| uai.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn a_wrong_letter_is_named() {
        assert_eq!(
            Uai::parse("0751967G"),
            Err(UaiError::ControlLetter { seen: 'G', expected: 'F' })
        );
    }

    proptest! {
        #[test]
        fn parse_never_panics_and_is_idempotent(text in "\\PC{0,12}") {
            if let Ok(uai) = Uai::parse(&text) {
                prop_assert_eq!(Uai::parse(uai.as_str()), Ok(uai));
            }
        }

        #[test]
        fn seven_digits_have_exactly_one_letter(number in 0_u32..10_000_000) {
            let valid = ('A'..='Z').filter(|letter| Uai::parse(&format!("{number:07}{letter}")).is_ok()).count();
            prop_assert_eq!(valid, 1);
        }

        #[test]
        fn one_wrong_digit_is_always_caught(number in 0_u32..10_000_000, position in 0_u32..7, shift in 1_u32..10) {
            let letter = ('A'..='Z').find(|letter| Uai::parse(&format!("{number:07}{letter}")).is_ok()).unwrap();
            let scale = 10_u32.pow(position);
            let digit = number / scale % 10;
            let other = number - digit * scale + (digit + shift) % 10 * scale;
            let mistyped = format!("{other:07}{letter}");
            prop_assert!(Uai::parse(&mistyped).is_err());
        }
    }
}
