//! Numbers and dates as French readers write them.

use jiff::civil::Date;

use crate::dimensions::ALL;
use crate::snapshot::PublishedRows;
use crate::tables::published::{Row, Told};

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
/// Between groups of three digits: narrow, and no line is broken there.
const GROUPS: char = '\u{202f}';

/// `2 327 058`.
pub(super) fn grouped(count: i64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * GROUPS.len_utf8());
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(GROUPS);
        }
        text.push(digit);
    }
    text
}

pub(super) fn count(count: usize) -> String {
    grouped(i64::try_from(count).unwrap_or(i64::MAX))
}

/// `1er septembre 2026`.
pub(super) fn long_date(date: Date) -> String {
    let day = if date.day() == 1 { "1er".to_owned() } else { date.day().to_string() };
    let month = usize::try_from(date.month()).ok().and_then(|month| MONTHS.get(month - 1));
    format!("{day} {} {}", month.copied().unwrap_or_default(), date.year())
}

/// A share of a whole in per cent, to a tenth: `12,3 %`.
pub(super) fn share(part: i64, whole: i64) -> Option<String> {
    let thousandths = (part * 1000 + whole / 2).checked_div(whole)?;
    Some(format!("{},{}\u{202f}%", thousandths / 10, thousandths % 10))
}

/// How much more or less there are, in per cent, to a tenth: `+1,2 %`.
pub(super) fn change(now: i64, then: i64) -> Option<String> {
    let more = now - then;
    let thousandths = (more.abs() * 1000 + then / 2).checked_div(then)?;
    let sign = match (thousandths, more) {
        (0, _) => "",
        (_, ..0) => "−",
        _ => "+",
    };
    Some(format!("{sign}{},{}\u{202f}%", thousandths / 10, thousandths % 10))
}

/// The students and the enrolments of everybody, where they are told.
pub(super) fn everybody(tables: &PublishedRows) -> Option<(i64, Option<i64>)> {
    let (table, rows) = tables.iter().find(|(table, _)| table.name == "territoire_pays")?;
    let everybody = |row: &&Row| {
        row.codes
            .iter()
            .zip(table.columns)
            .all(|(code, column)| column.name == "nom" || code == ALL)
    };
    match rows.iter().find(everybody)?.told {
        Told::Counts { students, enrolments } => Some((students, enrolments)),
        Told::Secret => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_shares_rounded() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(2_327_058), "2\u{202f}327\u{202f}058");
        assert_eq!(share(1, 3).as_deref(), Some("33,3\u{202f}%"));
        assert_eq!(share(2, 3).as_deref(), Some("66,7\u{202f}%"));
        assert_eq!(share(0, 0), None);
        assert_eq!(change(1_012, 1_000).as_deref(), Some("+1,2\u{202f}%"));
        assert_eq!(change(995, 1_000).as_deref(), Some("−0,5\u{202f}%"));
        assert_eq!(change(1_000_001, 1_000_000).as_deref(), Some("0,0\u{202f}%"));
        assert_eq!(change(7, 0), None);
    }

    #[test]
    fn dates_are_in_words() {
        assert_eq!(long_date(jiff::civil::date(2026, 9, 1)), "1er septembre 2026");
        assert_eq!(long_date(jiff::civil::date(2026, 10, 20)), "20 octobre 2026");
    }
}
