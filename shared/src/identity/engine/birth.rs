//! Birth dates as digits: what is compared is how they were written, errors included.

use serde::{Deserialize, Serialize};

use super::weight::{Bits, bits};
use crate::domain::birth_date::BirthDate;

/// A birth date as eight digits, `YYYYMMDD`, zeros for what is unknown. It may be no day of the
/// calendar: a mistyped date still resembles the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Digits(pub(super) [u8; 8]);

impl Digits {
    /// Reads `YYYY-MM-DD`, or any text with eight digits; fewer digits are the beginning of the
    /// date. Nothing usable is all zeros.
    pub(super) fn read(text: &str) -> Self {
        let mut digits = [b'0'; 8];
        let seen = text.bytes().filter(u8::is_ascii_digit);
        for (place, digit) in digits.iter_mut().zip(seen) {
            *place = digit;
        }
        Self(digits)
    }

    pub(super) fn year(&self) -> &[u8] {
        &self.0[..4]
    }

    pub(super) fn month(&self) -> &[u8] {
        &self.0[4..6]
    }

    pub(super) fn day(&self) -> &[u8] {
        &self.0[6..]
    }

    /// The month and the day.
    pub(super) fn anniversary(&self) -> &[u8] {
        &self.0[4..]
    }

    pub(super) fn is_missing(self) -> bool {
        self.year() == b"0000"
    }

    /// Known to the day.
    pub(super) fn is_full(self) -> bool {
        !self.is_missing() && self.month() != b"00" && self.day() != b"00"
    }

    /// The 1st of January: what registers write when they don't know.
    pub(super) fn is_default(self) -> bool {
        self.anniversary() == b"0101"
    }
}

impl From<BirthDate> for Digits {
    fn from(date: BirthDate) -> Self {
        Self::read(&date.expose())
    }
}

/// The levels of agreement of two birth dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BirthLevel {
    /// The same day.
    Same,
    /// The same, on the 1st of January, a default date.
    SameDefault,
    /// Day and month exchanged.
    Swapped,
    /// The same year, and one side only says the 1st of January, or not the day.
    Partial,
    /// One digit apart, or the year one apart.
    Digit,
    /// Two digits apart.
    TwoDigits,
    /// One is missing.
    Missing,
    Different,
}

/// Compares two dates; the second value is what the level says.
pub(super) fn compare(left: Digits, right: Digits) -> (BirthLevel, Bits) {
    if left.is_missing() || right.is_missing() {
        return (BirthLevel::Missing, Bits::ZERO);
    }
    let same_year = left.year() == right.year();
    if left == right {
        return match (left.is_full(), left.is_default()) {
            (true, false) => (BirthLevel::Same, bits(11.5)),
            _ => (BirthLevel::SameDefault, bits(7.0)),
        };
    }
    let vague = |date: Digits| date.is_default() || !date.is_full();
    if same_year && (vague(left) || vague(right)) {
        let month = left.month() == right.month();
        return (BirthLevel::Partial, if month { bits(3.0) } else { bits(2.0) });
    }
    if same_year && left.month() == right.day() && left.day() == right.month() {
        return (BirthLevel::Swapped, bits(6.0));
    }
    let digits = left.0.iter().zip(&right.0).filter(|(one, other)| one != other).count();
    let years = |date: Digits| {
        date.year().iter().fold(0_i32, |year, digit| year * 10 + i32::from(digit - b'0'))
    };
    let next_year =
        left.anniversary() == right.anniversary() && years(left).abs_diff(years(right)) == 1;
    let transposed = digits == 2
        && left
            .0
            .windows(2)
            .zip(right.0.windows(2))
            .any(|(one, other)| one[0] == other[1] && one[1] == other[0] && one[0] != one[1]);
    if digits == 1 || next_year || transposed {
        return (BirthLevel::Digit, bits(4.0));
    }
    if digits == 2 {
        (BirthLevel::TwoDigits, bits(-2.0))
    } else {
        (BirthLevel::Different, bits(-9.0))
    }
}
