//! The *identifiant national étudiant*, 11 characters, in the forms that are in use (domain.md
//! §7.1).

use std::fmt;

use super::{CONTROL_LETTERS, serde_as_text};

/// A well-formed INE, trimmed and in upper case.
///
/// The form is enforced; the check key is not, because its rules are derived from samples rather
/// than published, and every sandbox INE would fail them: see [`Ine::checksum`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ine([u8; Ine::LENGTH]);

/// Which register gave the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IneForm {
    /// Nine digits and two letters: RNIE, the national register, since 2018.
    Rnie,
    /// Ten digits and a letter: BEA, given by lycées before the RNIE.
    Bea,
    /// Eleven characters in base 36, the last one a digit: given by universities.
    Base36,
    /// Four digits, `A`, five digits and a letter: apprentices (SIFA).
    Sifa,
}

/// What the check key says. A flag about quality, never a reason to reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// The key follows from the number.
    Valid,
    /// The key doesn't follow from the number: a typing mistake, or an invented INE.
    Invalid,
    /// No rule is known well enough for this form.
    Unknown,
}

/// Why a text is not an INE. The text itself is personal, so it is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IneError {
    /// Not eleven characters once trimmed.
    #[error("an INE has 11 characters, this has {seen}")]
    Length {
        /// Characters seen.
        seen: usize,
    },
    /// One digit, eleven times.
    #[error("an INE is no single digit repeated")]
    Repeated,
    /// Eleven characters in an order that no register uses.
    #[error(
        "an INE is RNIE (9 digits, 2 letters), BEA (10 digits, 1 letter), base 36 (last is a digit) or SIFA"
    )]
    Form,
}

impl Ine {
    /// Every form has this many characters.
    pub const LENGTH: usize = 11;

    /// Reads an INE in any of the known forms, whatever the case, blanks around it ignored.
    pub fn parse(text: &str) -> Result<Self, IneError> {
        let text = text.trim();
        let mut bytes: [u8; Self::LENGTH] = text
            .as_bytes()
            .try_into()
            .map_err(|_| IneError::Length { seen: text.chars().count() })?;
        bytes.make_ascii_uppercase();
        if form_of(&bytes).is_none() {
            return Err(IneError::Form);
        }
        // What software fills a required field with when nobody has an INE.
        if bytes[0].is_ascii_digit() && bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(IneError::Repeated);
        }
        Ok(Self(bytes))
    }

    /// The INE of the national register (RNIE) that has this number, with its key; `None` beyond
    /// nine digits.
    #[must_use]
    pub fn rnie(number: u32) -> Option<Self> {
        let text = format!("{number:09}");
        let digits: &[u8; 9] = text.as_bytes().try_into().ok()?;
        let [tens, units] = rnie_key(u64::from(number));
        let mut bytes = [0; Self::LENGTH];
        bytes[..9].copy_from_slice(digits);
        bytes[9..].copy_from_slice(&[tens, units]);
        Some(Self(bytes))
    }

    /// The number itself. Personal: for answers and keyed digests, never for a log.
    #[must_use]
    pub fn expose(&self) -> &str {
        // Only ASCII passes `form_of`, so this never falls back.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Which register gave it.
    #[must_use]
    pub fn form(&self) -> IneForm {
        // `parse` is the only way in and refuses what has no form.
        form_of(&self.0).unwrap_or(IneForm::Base36)
    }

    /// Whether the check key follows from the number.
    ///
    /// RNIE: 97 − (n mod 97), each decimal digit written with `ABCDEFGHJK`. BEA: the control letter
    /// of the ten digits. Both hold for every published sample (domain.md §7.1); the base-36 rule
    /// fits a single one and SIFA's isn't known.
    #[must_use]
    pub fn checksum(&self) -> Checksum {
        let follows = match self.form() {
            IneForm::Rnie => rnie_key(number(&self.0[..9])) == [self.0[9], self.0[10]],
            IneForm::Bea => control_letter(number(&self.0[..10])) == self.0[10],
            IneForm::Base36 | IneForm::Sifa => return Checksum::Unknown,
        };
        if follows { Checksum::Valid } else { Checksum::Invalid }
    }
}

fn form_of(bytes: &[u8; Ine::LENGTH]) -> Option<IneForm> {
    let digits = |range: &[u8]| range.iter().all(u8::is_ascii_digit);
    let rnie_letter = |byte: &u8| matches!(byte, b'A'..=b'H' | b'J' | b'K');
    let bea_letter = |byte: u8| matches!(byte, b'A'..=b'H' | b'J'..=b'N' | b'P' | b'R'..=b'Z');
    let base36 = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();

    if digits(&bytes[..9]) && bytes[9..].iter().all(rnie_letter) {
        Some(IneForm::Rnie)
    } else if digits(&bytes[..10]) && bea_letter(bytes[10]) {
        Some(IneForm::Bea)
    } else if digits(&bytes[..4])
        && bytes[4] == b'A'
        && digits(&bytes[5..10])
        && bea_letter(bytes[10])
    {
        Some(IneForm::Sifa)
    } else if bytes[..10].iter().all(base36) && bytes[10].is_ascii_digit() {
        Some(IneForm::Base36)
    } else {
        None
    }
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

fn rnie_key(number: u64) -> [u8; 2] {
    let key = 97 - number % 97;
    [key / 10, key % 10].map(rnie_letter)
}

fn rnie_letter(digit: u64) -> u8 {
    const LETTERS: &[u8; 10] = b"ABCDEFGHJK";
    LETTERS[usize::try_from(digit % 10).unwrap_or_default()]
}

fn control_letter(number: u64) -> u8 {
    CONTROL_LETTERS[usize::try_from(number % 23).unwrap_or_default()]
}

impl fmt::Debug for Ine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ine(…)")
    }
}

serde_as_text!(Ine, expose, Ine::parse);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_numbers_have_their_form_and_key() {
        for (text, form, checksum) in [
            ("070578267KH", IneForm::Rnie, Checksum::Valid),
            ("081768862AE", IneForm::Rnie, Checksum::Valid),
            ("090567778FF", IneForm::Rnie, Checksum::Valid),
            ("080890290EH", IneForm::Rnie, Checksum::Valid),
            ("123456789AA", IneForm::Rnie, Checksum::Invalid),
            ("0906018155T", IneForm::Bea, Checksum::Valid),
            ("0100007108D", IneForm::Bea, Checksum::Valid),
            ("1234567890G", IneForm::Bea, Checksum::Invalid),
            ("0AYIOP071Y8", IneForm::Base36, Checksum::Unknown),
            ("2020A12345B", IneForm::Sifa, Checksum::Unknown),
        ] {
            let ine = Ine::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((ine.form(), ine.checksum()), (form, checksum), "{text}");
        }
    }

    #[test]
    fn letters_that_look_like_digits_end_no_bea() {
        for text in ["1111111111Q", "1111111111I", "1111111111O"] {
            assert_eq!(Ine::parse(text), Err(IneError::Form), "{text}");
        }
    }

    #[test]
    fn a_provisional_number_is_not_an_ine() {
        assert_eq!(Ine::parse("2020D12345B"), Err(IneError::Form));
    }

    #[test]
    fn a_number_has_nine_digits() {
        assert_eq!(Ine::rnie(70_578_267), Ine::parse("070578267KH").ok());
        assert_eq!(Ine::rnie(1_000_000_000), None);
    }

    #[test]
    fn debug_hides_the_number() {
        let ine = Ine::parse("070578267KH").unwrap();
        assert_eq!(format!("{ine:?}"), "Ine(…)");
    }

    proptest! {
        #[test]
        fn parse_never_panics_and_is_idempotent(text in "\\PC{0,16}") {
            if let Ok(ine) = Ine::parse(&text) {
                prop_assert_eq!(Ine::parse(ine.expose()), Ok(ine));
                prop_assert_eq!(ine.expose(), text.trim().to_ascii_uppercase());
            }
        }

        #[test]
        fn case_and_blanks_do_not_matter(text in "[0-9]{9}[A-HJK]{2}|[0-9]{10}[A-HJ-NPR-Z]|[0-9A-Z]{10}[0-9]|[0-9]{4}A[0-9]{5}[A-HJ-NPR-Z]") {
            let ine = Ine::parse(&text).unwrap();
            prop_assert_eq!(Ine::parse(&format!(" {}\t", text.to_lowercase())), Ok(ine));
        }

        #[test]
        fn each_rnie_number_has_exactly_one_valid_key(number in 0_u32..1_000_000_000) {
            let letters = "ABCDEFGHJK";
            let valid = letters.chars().flat_map(|a| letters.chars().map(move |b| (a, b)))
                .filter(|(a, b)| Ine::parse(&format!("{number:09}{a}{b}")).unwrap().checksum() == Checksum::Valid)
                .count();
            prop_assert_eq!(valid, 1);
        }

        #[test]
        fn a_number_of_the_national_register_has_its_key(number in 0_u32..1_000_000_000) {
            let ine = Ine::rnie(number).unwrap();
            prop_assert_eq!((ine.form(), ine.checksum()), (IneForm::Rnie, Checksum::Valid));
            prop_assert_eq!(Ine::parse(ine.expose()), Ok(ine));
            prop_assert_eq!(&ine.expose()[..9], format!("{number:09}"));
        }
    }
}
