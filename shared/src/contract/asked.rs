//! What the public client lets through (domain.md §4.3), and nobody has: it is answered like
//! nobody, not refused, since a user would see a refusal as a failure of ours.

use jiff::civil::Date;

use crate::domain::birth_date::BirthDate;
use crate::domain::name::PersonName;

/// A value that a person is asked about by; `None` when nobody can have it.
pub(crate) type Asked<T> = Option<T>;

/// A value that the client doesn't let through either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused;

/// A family name. The client takes letters, apostrophes, spaces and hyphens, of any length, and
/// asks for no letter among them.
pub(crate) fn family_name(text: &str) -> Result<Asked<PersonName>, Refused> {
    let passes = |letter| matches!(letter, 'a'..='z' | 'A'..='Z' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ÿ' | '\'' | ' ' | '-');
    match PersonName::parse_surname(text) {
        Ok(name) => Ok(Some(name)),
        Err(_) if !text.is_empty() && text.chars().all(passes) => Ok(None),
        Err(_) => Err(Refused),
    }
}

/// A given name. The client only asks that it be a text.
pub(crate) fn given_name(text: &str) -> Asked<PersonName> {
    PersonName::parse_given(text).ok()
}

/// A day of birth. The client asks for one of the calendar, in whichever year.
pub(crate) fn birth_date(year: u32, month: u32, day: u32) -> Result<Asked<BirthDate>, Refused> {
    // The calendar comes back every four hundred years, and jiff's ends with the year 9999.
    let in_cycle = i16::try_from(2000 + year % 400)
        .ok()
        .zip(i8::try_from(month).ok())
        .zip(i8::try_from(day).ok());
    in_cycle.and_then(|((year, month), day)| Date::new(year, month, day).ok()).ok_or(Refused)?;
    Ok(BirthDate::parse(&format!("{year:04}-{month:02}-{day:02}")).ok())
}

/// A whole number as it is written, with or without zeros before it: nine digits at most.
pub(crate) fn number(text: &str) -> Option<u32> {
    let digits = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_lets_through_is_nobodys_and_the_rest_is_refused() {
        let family = |text: &str| family_name(text).map(|name| name.is_some());
        for text in ["Lefèvre", "SANS NOM", "-", "d'Été-Ñandú"] {
            assert_eq!(family(text), Ok(true), "{text}");
        }
        for text in [" ", "'", "' '", "- -'", &"x".repeat(500)] {
            assert_eq!(family(text), Ok(false), "{text}");
        }
        for text in ["", "?", "123", "Lefèvre\u{200b}"] {
            assert_eq!(family(text), Err(Refused), "{text}");
        }
        assert_eq!(["", " ", "7", "'"].map(given_name), [None, None, None, None]);
        assert!(given_name("Zoé").is_some());
    }

    #[test]
    fn any_year_has_the_days_of_the_calendar() {
        let date = |year, month, day| {
            birth_date(year, month, day).map(|date| date.map(|date| date.expose()))
        };
        assert_eq!(date(2004, 2, 29), Ok(Some("2004-02-29".to_owned())));
        for (year, month, day) in
            [(4, 1, 1), (1850, 12, 31), (2100, 2, 28), (12_004, 2, 29), (999_999_999, 1, 1)]
        {
            assert_eq!(date(year, month, day), Ok(None), "{year}");
        }
        for (year, month, day) in [
            (2001, 2, 29),
            (2100, 2, 29),
            (2004, 13, 1),
            (2004, 0, 1),
            (2004, 1, 0),
            (2004, 1, 999),
        ] {
            assert_eq!(date(year, month, day), Err(Refused), "{year}-{month}-{day}");
        }
        assert_eq!(
            ["4", "0004", "", "+4", "1234567890", "x"].map(number),
            [Some(4), Some(4), None, None, None, None]
        );
    }
}
