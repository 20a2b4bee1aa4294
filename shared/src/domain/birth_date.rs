//! Birth dates, which the civil register does not always know in full (domain.md §6.2, §9).

use std::fmt;

use jiff::civil::Date;

use super::serde_as_text;

/// A birth date: a day, or only a month or a year for people whose papers say "born in 1994".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BirthDate {
    year: i16,
    /// 1 to 12, or 0 when unknown.
    month: i8,
    /// 1 to 31, or 0 when unknown; always 0 when the month is.
    day: i8,
}

/// Why a text is not a birth date. The text itself is personal, so it is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BirthDateError {
    /// Not `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
    #[error("a birth date is YYYY-MM-DD, or YYYY-MM or YYYY when the register knows no more")]
    Form,
    /// The form is right, but the calendar has no such day.
    #[error("this day does not exist in the calendar")]
    Calendar,
    /// Outside [`BirthDate::YEARS`].
    #[error("a birth year is between 1900 and 2099")]
    Year,
}

impl BirthDate {
    /// Years that a living student can be born in, widely.
    pub const YEARS: std::ops::RangeInclusive<i16> = 1900..=2099;

    /// Reads `YYYY-MM-DD`, `YYYY-MM`, `YYYY`, and the habit of writing zeros for what is unknown
    /// (`1994-00-00`, `1994-05-00`).
    pub fn parse(text: &str) -> Result<Self, BirthDateError> {
        let mut parts = text.trim().split('-');
        let year = parts.next().and_then(|part| digits(part, 4)).ok_or(BirthDateError::Form)?;
        let month =
            parts.next().map_or(Some(0), |part| digits(part, 2)).ok_or(BirthDateError::Form)?;
        let day =
            parts.next().map_or(Some(0), |part| digits(part, 2)).ok_or(BirthDateError::Form)?;
        if parts.next().is_some() {
            return Err(BirthDateError::Form);
        }
        if !Self::YEARS.contains(&year) {
            return Err(BirthDateError::Year);
        }
        // A day without a month is as wrong as the 31st of February; zeros stand for the first of
        // their kind just to ask the calendar.
        let (month, day) =
            (i8::try_from(month).unwrap_or(i8::MAX), i8::try_from(day).unwrap_or(i8::MAX));
        if (month == 0 && day != 0) || Date::new(year, month.max(1), day.max(1)).is_err() {
            return Err(BirthDateError::Calendar);
        }
        Ok(Self { year, month, day })
    }

    /// The date when it is known to the day.
    #[must_use]
    pub fn full(&self) -> Option<Date> {
        // With a zero the calendar refuses, which is the answer.
        Date::new(self.year, self.month, self.day).ok()
    }

    /// The year, which is always known.
    #[must_use]
    pub fn year(&self) -> i16 {
        self.year
    }

    /// The canonical text: as precise as known, without zeros. Personal: never for a log.
    #[must_use]
    pub fn expose(&self) -> String {
        match (self.month, self.day) {
            (0, _) => format!("{:04}", self.year),
            (month, 0) => format!("{:04}-{month:02}", self.year),
            (month, day) => format!("{:04}-{month:02}-{day:02}", self.year),
        }
    }
}

fn digits(text: &str, length: usize) -> Option<i16> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(…)")
    }
}

serde_as_text!(BirthDate, expose, BirthDate::parse);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn partial_dates_lose_their_zeros() {
        for (written, canonical) in [
            ("1994", "1994"),
            ("1994-00-00", "1994"),
            ("1994-05", "1994-05"),
            ("1994-05-00", "1994-05"),
            (" 2000-02-29 ", "2000-02-29"),
        ] {
            assert_eq!(
                BirthDate::parse(written).map(|date| date.expose()),
                Ok(canonical.to_owned())
            );
        }
    }

    #[test]
    fn rubbish_is_refused() {
        for (written, error) in [
            ("", BirthDateError::Form),
            ("29/02/2000", BirthDateError::Form),
            ("2000-2-9", BirthDateError::Form),
            ("+200-02-09", BirthDateError::Form),
            ("2000-02-09-01", BirthDateError::Form),
            ("1999-02-29", BirthDateError::Calendar),
            ("1999-13-01", BirthDateError::Calendar),
            ("1999-00-05", BirthDateError::Calendar),
            ("0999-01-01", BirthDateError::Year),
        ] {
            assert_eq!(BirthDate::parse(written), Err(error), "{written}");
        }
    }

    proptest! {
        #[test]
        fn parse_never_panics(text in "\\PC{0,14}|[0-9-]{0,12}") {
            let _ = BirthDate::parse(&text);
        }

        #[test]
        fn the_canonical_text_reads_back(year in 1900_i16..2100, month in 0_i8..=12, day in 0_i8..=31) {
            let text = format!("{year:04}-{month:02}-{day:02}");
            if let Ok(date) = BirthDate::parse(&text) {
                prop_assert_eq!(BirthDate::parse(&date.expose()), Ok(date));
                prop_assert_eq!(date.full().is_some(), month != 0 && day != 0);
            } else {
                prop_assert!(day != 0 && Date::new(year, month, day).is_err());
            }
        }
    }
}
