//! The INE, or whatever number a register gives its people.

use serde::{Deserialize, Serialize};

use super::weight::{Bits, bits};
use crate::domain::ine::{Checksum, Ine, IneForm};

/// An identifier as it was written, letters and digits in upper case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identifier {
    pub(super) text: Box<str>,
    form: Option<IneForm>,
    checksum: Checksum,
}

impl Identifier {
    /// Reads an identifier of any form; `None` when nothing is written.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut written: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        written.make_ascii_uppercase();
        if written.is_empty() {
            return None;
        }
        let ine = Ine::parse(&written).ok();
        if ine.is_none_or(|ine| ine.form() == IneForm::Base36)
            && let Some((read, mended)) = mended(&written)
        {
            return Some(Self {
                text: mended.into(),
                form: Some(read.form()),
                checksum: Checksum::Valid,
            });
        }
        let (form, checksum) =
            ine.map_or((None, Checksum::Unknown), |ine| (Some(ine.form()), ine.checksum()));
        Some(Self { text: written.into(), form, checksum })
    }
}

impl Identifier {
    /// Whether the identifier has the form of an INE.
    pub(super) fn is_ine(&self) -> bool {
        self.form.is_some()
    }
}

/// An INE whose digits were read as letters (`0` as `O`, `8` as `B`…), when its key proves the
/// mending right.
fn mended(written: &str) -> Option<(Ine, String)> {
    let digit = |letter: char| match letter {
        'O' | 'Q' | 'D' => '0',
        'I' | 'L' => '1',
        'Z' => '2',
        'S' => '5',
        'G' => '6',
        'B' => '8',
        other => other,
    };
    // RNIE has nine digits, BEA ten; only they have a key.
    [9, 10].into_iter().find_map(|digits| {
        let mended: String = written
            .chars()
            .enumerate()
            .map(|(at, letter)| if at < digits { digit(letter) } else { letter })
            .collect();
        let ine = Ine::parse(&mended).ok()?;
        (mended != written && ine.checksum() == Checksum::Valid).then_some((ine, mended))
    })
}

/// The levels of agreement of two identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierLevel {
    Same,
    /// A slip apart: weak, since numbers are dense and siblings' follow each other.
    Slip,
    /// One is missing.
    Missing,
    /// Different, and of two registers: one person may own both.
    OtherForm,
    /// Different, and one of them is mistyped, as its key or its form shows, or has no key.
    Unsure,
    /// Two different identifiers of one register.
    Different,
}

/// One person in thirty has two identifiers in the files of different establishments; of two
/// strangers, one pair in three has identifiers of different registers.
const OTHER_FORM: Bits = bits(-3.5);

/// Compares two identifiers; the second value is what the level says.
pub(super) fn compare(
    left: Option<&Identifier>,
    right: Option<&Identifier>,
) -> (IdentifierLevel, Bits) {
    let (Some(left), Some(right)) = (left, right) else {
        return (IdentifierLevel::Missing, Bits::ZERO);
    };
    if left.text == right.text {
        return (IdentifierLevel::Same, bits(18.0));
    }
    let both = |checksum| left.checksum == checksum && right.checksum == checksum;
    // Two keys that hold are two numbers that were given: whatever their resemblance, no slip made
    // one of the other.
    if both(Checksum::Valid) {
        return if left.form == right.form {
            (IdentifierLevel::Different, bits(-10.0))
        } else {
            (IdentifierLevel::OtherForm, OTHER_FORM)
        };
    }
    match strsim::osa_distance(&left.text, &right.text) {
        1 => (IdentifierLevel::Slip, bits(8.0)),
        // A number that nobody gave is no sign of another person.
        2 => (IdentifierLevel::Unsure, bits(2.0)),
        _ if left.form.is_some() && left.form == right.form && left.checksum == right.checksum => {
            (IdentifierLevel::Different, bits(-10.0))
        }
        _ if left.form.is_some() && right.form.is_some() && left.form != right.form => {
            (IdentifierLevel::OtherForm, OTHER_FORM)
        }
        _ => (IdentifierLevel::Unsure, bits(-5.0)),
    }
}
