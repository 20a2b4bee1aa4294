//! Academic years, and what day it is in France.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::serde_as_text;

/// An academic year, named by the civil year it starts in: 2026 is written `2026-2027`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AcademicYear(i16);

/// The text is not two consecutive years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an academic year is two consecutive years, such as 2026-2027")]
pub struct AcademicYearError;

impl AcademicYear {
    /// Universities open enrolment for the coming year in July: the contract's own sample runs from
    /// 2020-07-01 to 2021-08-31 (domain.md §1.2).
    const FIRST_MONTH: i8 = 7;

    /// The academic year of an enrolment that starts on `date`.
    #[must_use]
    pub fn starting_on(date: Date) -> Self {
        Self(if date.month() >= Self::FIRST_MONTH { date.year() } else { date.year() - 1 })
    }

    /// The year before.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0 - 1)
    }

    /// The year after.
    #[must_use]
    pub fn after(self) -> Self {
        Self(self.0 + 1)
    }

    /// The civil year it starts in.
    #[must_use]
    pub fn first_year(self) -> i16 {
        self.0
    }

    /// Reads `2026-2027`.
    pub fn parse(text: &str) -> Result<Self, AcademicYearError> {
        let (first, second) = text.split_once('-').ok_or(AcademicYearError)?;
        let year = |text: &str| -> Option<i16> {
            (text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| text.parse().ok())
                .flatten()
        };
        match (year(first), year(second)) {
            (Some(first), Some(second)) if second == first + 1 => Ok(Self(first)),
            _ => Err(AcademicYearError),
        }
    }

    fn text(self) -> String {
        self.to_string()
    }
}

impl fmt::Display for AcademicYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:04}", self.0, self.0 + 1)
    }
}

serde_as_text!(AcademicYear, text, AcademicYear::parse);

// The zone's rules are compiled in: the Lambda image is not required to carry a zone database.
static PARIS: TimeZone = jiff::tz::get!("Europe/Paris");

/// The day it is in France at `now`: Lambda runs in UTC, and an enrolment ends at midnight in
/// Paris.
#[must_use]
pub fn day_in_france(now: Timestamp) -> Date {
    PARIS.to_datetime(now).date()
}

/// The day and the hour that it is in France at `now`.
#[must_use]
pub fn hour_in_france(now: Timestamp) -> DateTime {
    PARIS.to_datetime(now)
}

/// The moment at which it is this hour in France: the later of the two when clocks are put back,
/// `None` beyond the years that moments have.
#[must_use]
pub fn in_france(hour: DateTime) -> Option<Timestamp> {
    PARIS.to_ambiguous_timestamp(hour).later().ok()
}

/// Seconds from `now` to the next midnight in France, at least one.
#[must_use]
pub fn seconds_left_in_france(now: Timestamp) -> u64 {
    let midnight =
        day_in_france(now).tomorrow().ok().and_then(|day| PARIS.to_timestamp(day.into()).ok());
    let left = midnight.map(|midnight| midnight.duration_since(now).as_secs());
    left.and_then(|left| u64::try_from(left).ok()).unwrap_or_default().max(1)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn july_opens_the_year() {
        assert_eq!(AcademicYear::starting_on(date(2026, 6, 30)).to_string(), "2025-2026");
        assert_eq!(AcademicYear::starting_on(date(2026, 7, 1)).to_string(), "2026-2027");
        assert_eq!(AcademicYear::starting_on(date(2027, 1, 15)).to_string(), "2026-2027");
    }

    #[test]
    fn midnight_is_that_of_paris() {
        let late: Timestamp = "2026-08-31T22:30:00Z".parse().unwrap();
        assert_eq!(day_in_france(late), date(2026, 9, 1));
        let winter: Timestamp = "2026-12-31T22:30:00Z".parse().unwrap();
        assert_eq!(day_in_france(winter), date(2026, 12, 31));
    }

    proptest! {
        #[test]
        fn the_text_reads_back(year in 1900_i16..2100) {
            let year = AcademicYear(year);
            prop_assert_eq!(AcademicYear::parse(&year.to_string()), Ok(year));
        }

        #[test]
        fn parse_never_panics(text in "\\PC{0,12}|[0-9]{4}-[0-9]{4}") {
            if let Ok(year) = AcademicYear::parse(&text) {
                prop_assert_eq!(year.to_string(), text);
            }
        }
    }
}
