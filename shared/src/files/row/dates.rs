//! Dates as people and their software write them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::unwrapped;
use crate::domain::birth_date::BirthDate;
use crate::files::reader::Order;

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DateForm {
    /// `2004-03-02`, the contract's.
    #[serde(rename = "AAAA-MM-JJ")]
    Iso,
    /// `02/03/2004`.
    #[serde(rename = "JJ/MM/AAAA")]
    French,
    /// `02-03-2004`.
    #[serde(rename = "JJ-MM-AAAA")]
    FrenchHyphens,
}

/// A full date in any of the forms. A time of day is passed over when it is midnight, which is how
/// databases export a day.
pub(super) fn date(text: &str) -> Option<(Date, DateForm)> {
    let (digits, form) = eight_digits(text)?;
    let number = |range: std::ops::Range<usize>| {
        digits[range].iter().fold(0_i16, |number, digit| number * 10 + i16::from(digit - b'0'))
    };
    let day = |range| i8::try_from(number(range)).ok();
    Some((Date::new(number(0..4), day(4..6)?, day(6..8)?).ok()?, form))
}

/// A birth date in any of the forms, whole or partial (`1994`, `1994-05`, `00/00/1994`).
pub(super) fn birth_date(text: &str) -> Option<(BirthDate, DateForm)> {
    let Some((digits, form)) = eight_digits(text) else {
        return BirthDate::parse(text).ok().map(|date| (date, DateForm::Iso));
    };
    let mut iso = *b"0000-00-00";
    iso[..4].copy_from_slice(&digits[..4]);
    iso[5..7].copy_from_slice(&digits[4..6]);
    iso[8..].copy_from_slice(&digits[6..]);
    let iso = std::str::from_utf8(&iso).ok()?;
    BirthDate::parse(iso).ok().map(|date| (date, form))
}

/// Whether a text is a day with an hour after it.
pub(super) fn has_hour(text: &str) -> bool {
    let Some((day, time)) = text.split_at_checked(10) else { return false };
    date(day).is_some()
        && time
            .strip_prefix([' ', 'T'])
            .is_some_and(|time| time.starts_with(|digit: char| digit.is_ascii_digit()))
}

/// Which of day and month a text has first, as far as it shows: `None` if it is no date with the
/// year last, or the same either way.
pub(in crate::files) fn date_order(text: &str) -> Option<Order> {
    let (day, form) = eight_digits(unwrapped(text).get(..10)?)?;
    if form == DateForm::Iso {
        return None;
    }
    let number = |place: usize| i8::try_from((day[place] - b'0') * 10 + day[place + 1] - b'0').ok();
    let (month, day) = (number(4)?, number(6)?);
    let year = 2000;
    let is_date = |month: i8, day: i8| Date::new(year, month, day).is_ok();
    match (is_date(month, day), is_date(day, month)) {
        (true, false) => Some(Order::DayFirst),
        (false, true) => Some(Order::MonthFirst),
        (true, true) => (month != day).then_some(Order::Either),
        (false, false) => None,
    }
}

/// The digits of year, month and day in that order, whatever the form.
fn eight_digits(text: &str) -> Option<([u8; 8], DateForm)> {
    let (date, time) = text.as_bytes().split_first_chunk::<10>()?;
    let midnight = match time {
        [] => true,
        [b' ' | b'T', clock @ ..] => {
            clock.iter().all(|byte| matches!(byte, b'0' | b':' | b'.' | b'Z'))
        }
        _ => false,
    };
    let (places, form) = match (date[2], date[4], date[5], date[7]) {
        (_, b'-', _, b'-') => ([0, 1, 2, 3, 5, 6, 8, 9], DateForm::Iso),
        (b'/', _, b'/', _) => ([6, 7, 8, 9, 3, 4, 0, 1], DateForm::French),
        (b'-', _, b'-', _) => ([6, 7, 8, 9, 3, 4, 0, 1], DateForm::FrenchHyphens),
        _ => return None,
    };
    let digits = places.map(|place: usize| date[place]);
    (midnight && digits.iter().all(u8::is_ascii_digit)).then_some((digits, form))
}

#[cfg(test)]
mod tests {
    use jiff::civil;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_is_read_in_each_form() {
        let day = civil::date(2004, 3, 2);
        for (text, form) in [
            ("2004-03-02", DateForm::Iso),
            ("02/03/2004", DateForm::French),
            ("02-03-2004", DateForm::FrenchHyphens),
            ("2004-03-02 00:00:00.000", DateForm::Iso),
            ("2004-03-02T00:00:00Z", DateForm::Iso),
            ("02/03/2004 00:00", DateForm::French),
        ] {
            assert_eq!(date(text), Some((day, form)), "{text}");
            let birth = birth_date(text).map(|(birth, form)| (birth.full(), form));
            assert_eq!(birth, Some((Some(day), form)), "{text}");
        }
    }

    #[test]
    fn what_is_ambiguous_or_no_day_is_refused() {
        for text in [
            "",
            "20040302",
            "2/3/2004",
            "02/03/04",
            "30/02/2004",
            "2004-13-01",
            "2004-03-02 08:15",
            "2004-03-021",
            "é/03/2004",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_shows_what_is_first_or_not() {
        for (text, order) in [
            ("25/12/2004", Some(Order::DayFirst)),
            ("12/25/2004", Some(Order::MonthFirst)),
            ("12-25-2004 00:00", Some(Order::MonthFirst)),
            ("=\"12/25/2004\"", Some(Order::MonthFirst)),
            ("03/02/2004", Some(Order::Either)),
            ("03/03/2004", None),
            ("2004-12-25", None),
            ("00/05/1994", None),
            ("31/02/2004", None),
            ("29/02/1900", Some(Order::DayFirst)),
            ("25/25/2004", None),
            ("Nantes, 44", None),
        ] {
            assert_eq!(date_order(text), order, "{text}");
        }
    }

    #[test]
    fn partial_birth_dates_are_known_to_the_register() {
        for (text, canonical) in [
            ("1994", "1994"),
            ("1994-05", "1994-05"),
            ("00/00/1994", "1994"),
            ("00/05/1994", "1994-05"),
        ] {
            assert_eq!(birth_date(text).map(|(date, _)| date.expose()).as_deref(), Some(canonical));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,14}|[0-9/-]{8,12}") {
            let _ = (date(&text), birth_date(&text));
        }

        #[test]
        fn forms_agree(year in 1900_i16..2100, month in 1_i8..=13, day in 1_i8..=32) {
            let expected = civil::Date::new(year, month, day).ok();
            for text in [format!("{year:04}-{month:02}-{day:02}"), format!("{day:02}/{month:02}/{year:04}"), format!("{day:02}-{month:02}-{year:04}")] {
                prop_assert_eq!(date(&text).map(|(date, _)| date), expected);
            }
        }
    }
}
