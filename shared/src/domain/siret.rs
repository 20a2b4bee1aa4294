//! SIRET numbers: the administration or company that receives an answer.

use std::fmt;

use super::serde_as_text;

/// A SIRET: 14 digits with a Luhn key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Siret([u8; Siret::LENGTH]);

/// Why a text is not a SIRET.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SiretError {
    /// Not 14 digits.
    #[error("a SIRET is 14 digits")]
    Form,
    /// The last digit doesn't follow from the others.
    #[error("this SIRET's key is wrong")]
    Key,
}

impl Siret {
    /// Fourteen digits.
    pub const LENGTH: usize = 14;
    /// La Poste's SIREN. The Luhn key can't tell its many thousand sites apart, so the plain sum of
    /// its SIRETs' digits is a multiple of five instead (INSEE).
    const LA_POSTE: &'static [u8] = b"356000000";

    /// Reads 14 digits.
    pub fn parse(text: &str) -> Result<Self, SiretError> {
        let bytes: [u8; Self::LENGTH] =
            text.trim().as_bytes().try_into().map_err(|_| SiretError::Form)?;
        if !bytes.iter().all(u8::is_ascii_digit) {
            return Err(SiretError::Form);
        }
        let digits = bytes.map(|byte| u32::from(byte - b'0'));
        // The second digit from the right, and every other one from there, is doubled.
        let doubled =
            digits.iter().enumerate().map(|(position, digit)| match (position % 2, digit) {
                (0, digit) if *digit > 4 => 2 * digit - 9,
                (0, digit) => 2 * digit,
                _ => *digit,
            });
        let luhn = doubled.sum::<u32>() % 10 == 0;
        let la_poste = bytes.starts_with(Self::LA_POSTE) && digits.iter().sum::<u32>() % 5 == 0;
        if luhn || la_poste { Ok(Self(bytes)) } else { Err(SiretError::Key) }
    }

    /// The fourteen digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only digits pass `parse`, so this never falls back.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Siret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Siret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Siret({self})")
    }
}

serde_as_text!(Siret, as_str, Siret::parse);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn real_numbers_pass_and_their_neighbours_do_not() {
        // DINUM, and the town of Paris.
        for text in ["13002526500013", " 21750001600019 "] {
            assert_eq!(
                Siret::parse(text).map(|siret| siret.to_string()),
                Ok(text.trim().to_owned())
            );
        }
        assert_eq!(Siret::parse("13002526500014"), Err(SiretError::Key));
        assert_eq!(Siret::parse("1300252650001"), Err(SiretError::Form));
        assert_eq!(Siret::parse("1300252650001A"), Err(SiretError::Form));
    }

    #[test]
    fn la_poste_has_a_key_of_its_own() {
        // La Poste's head office passes both; most of its sites pass the sum of digits only.
        assert!(Siret::parse("35600000000048").is_ok());
        assert!(Siret::parse("35600000000006").is_ok());
        assert_eq!(Siret::parse("35600000000007"), Err(SiretError::Key));
    }

    proptest! {
        #[test]
        fn parse_never_panics(text in "\\PC{0,16}|[0-9]{14}") {
            let _ = Siret::parse(&text);
        }
    }
}
