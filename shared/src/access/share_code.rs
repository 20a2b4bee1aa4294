//! The code of a share: what a student gives to whoever may read their status.

use std::fmt;

use crate::identity::digest::DigestKey;

/// Crockford's alphabet: no letter that is read as a digit, and none that makes words.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Five bits each: 80 bits.
const LETTERS: usize = 16;
/// Letters that are read out together.
const GROUP: usize = 4;
/// Bytes of a code.
const BYTES: usize = LETTERS * 5 / 8;

/// A code: 80 random bits as 16 letters. Shown once, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ShareCode(String);

impl ShareCode {
    /// A new code.
    #[must_use]
    pub fn random() -> Self {
        // Of a UUID, the bytes that hold random bits alone: the seventh has its version, the ninth
        // its variant.
        let random = uuid::Uuid::new_v4().into_bytes();
        let mut bytes = [0; BYTES];
        for (byte, place) in bytes.iter_mut().zip([0, 1, 2, 3, 4, 5, 7, 9, 10, 11]) {
            *byte = random[place];
        }
        Self::of(bytes)
    }

    fn of(bytes: [u8; BYTES]) -> Self {
        let bits = bytes.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let letter = |place: usize| {
            let five = bits >> (5 * (LETTERS - 1 - place)) & 0b1_1111;
            // Five bits are an index of 32 letters.
            usize::try_from(five).ok().and_then(|five| ALPHABET.get(five)).copied().map(char::from)
        };
        Self((0..LETTERS).filter_map(letter).collect())
    }

    /// The code as somebody typed it: in either case, with blanks and dashes or without, `O` for
    /// zero, `I` and `L` for one. `None` for what is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut letters = String::with_capacity(LETTERS);
        for letter in text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-') {
            let letter = match letter.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                letter => letter,
            };
            if letters.len() == LETTERS
                || !ALPHABET.iter().any(|known| char::from(*known) == letter)
            {
                return None;
            }
            letters.push(letter);
        }
        (letters.len() == LETTERS).then_some(Self(letters))
    }

    /// Its letters.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// In groups, to be read out: `7K3M-9QXA-…`.
    #[must_use]
    pub fn grouped(&self) -> String {
        let groups = self.0.as_bytes().chunks(GROUP).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join("-")
    }

    /// What the share is stored under.
    #[must_use]
    pub fn digest(&self, key: &DigestKey) -> String {
        key.of(&["partage", &self.0])
    }
}

impl fmt::Debug for ShareCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShareCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = ShareCode::of([0xff, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(code.grouped(), "ZW00-20G3-0G2G-C1R8");
        for typed in ["ZW00-20G3-0G2G-C1R8", "zw0020g30g2gc1r8", " zwoo 20g3\tog2g-cIr8 "] {
            assert_eq!(ShareCode::parse(typed).as_ref(), Some(&code), "{typed}");
        }
        for none in ["", "ZW00-20G3-0G2G-C1R", "ZW00-20G3-0G2G-C1R88", "ZW00-20G3-0G2G-C1RU", "é"]
        {
            assert_eq!(ShareCode::parse(none), None, "{none}");
        }
        let key = DigestKey::new("1".into(), SecretString::from("0".repeat(64)));
        assert!(!code.digest(&key).contains(code.expose()) && !format!("{code:?}").contains("ZW"));
    }

    proptest! {
        #[test]
        fn every_code_reads_back_and_none_is_another(one: [u8; BYTES], other: [u8; BYTES]) {
            let code = ShareCode::of(one);
            prop_assert_eq!(ShareCode::parse(&code.grouped()), Some(code.clone()));
            prop_assert_eq!(ShareCode::of(other) == code, one == other);
        }

        #[test]
        fn anything_is_read_or_is_none(text in "\\PC{0,40}") {
            let _ = ShareCode::parse(&text);
        }
    }
}
