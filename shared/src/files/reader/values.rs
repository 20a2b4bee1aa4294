//! What the values of a file show together: whether its dates have the day or the month first, and
//! whether it gives postal codes for birthplaces.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::FileError;
use super::place;
use crate::files::column::Column;
use crate::files::row::{Values, date_order, is_only_postal};

const DATES: [Column; 3] =
    [Column::DateNaissance, Column::DateDebutInscription, Column::DateFinInscription];
/// The columns that are looked at.
pub(super) const LOOKED_AT: [Column; 4] = [DATES[0], DATES[1], DATES[2], Column::LieuNaissance];
/// Most lines that are named for a column.
const MOST_NAMED: usize = 5;

/// Which of day and month a date has first, as far as it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The first number is beyond 12, and the second isn't.
    DayFirst,
    /// The second number is beyond 12, and the first isn't.
    MonthFirst,
    /// Both may be a month, and they differ.
    Either,
}

/// What was found, and rows are read by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ValueConventions {
    /// Whether some date shows that the day is before the month.
    pub(super) day_first: bool,
    /// Whether some birthplace can only be a postal code.
    pub(super) postal_birthplaces: bool,
}

/// What the values of a file have shown so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shown {
    found: ValueConventions,
    month_first: BTreeMap<Column, Seen>,
}

/// Dates of a column that can only be month first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    dates: u64,
    /// The places of the first ones.
    places: Vec<u64>,
}

impl Shown {
    /// Notes the values of a row, which is at this place ([`place::of`]).
    pub(super) fn note(&mut self, values: &impl Values, place: u64) {
        for column in DATES {
            match date_order(values.value(column)) {
                None | Some(Order::Either) => {}
                Some(Order::DayFirst) => self.found.day_first = true,
                Some(Order::MonthFirst) => {
                    let seen = self.month_first.entry(column).or_default();
                    seen.dates += 1;
                    if seen.places.len() < MOST_NAMED {
                        seen.places.push(place);
                    }
                }
            }
        }
        if !self.found.postal_birthplaces {
            let birth_date = values.value(Column::DateNaissance);
            self.found.postal_birthplaces =
                is_only_postal(values.value(Column::LieuNaissance), birth_date);
        }
    }

    /// What all values show.
    ///
    /// # Errors
    ///
    /// The columns in which the month is first in some dates: none of their dates can be believed,
    /// since whatever wrote those exchanged day and month in the others.
    pub(super) fn conventions(&self) -> Result<ValueConventions, FileError> {
        if self.month_first.is_empty() {
            return Ok(self.found);
        }
        Err(FileError::MonthFirst(Box::new(MonthFirst(self.month_first.clone()))))
    }
}

/// Columns of which some dates can only be month first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthFirst(BTreeMap<Column, Seen>);

/// In French, for the registrar. Lines are named, dates aren't: they may be birth dates.
impl fmt::Display for MonthFirst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (column, seen)) in self.0.iter().enumerate() {
            let places = seen.places.iter().map(|at| match place::read(*at) {
                (Some(sheet), line) => format!("{line} de la feuille {sheet}"),
                (None, line) => line.to_string(),
            });
            let places = places.collect::<Vec<_>>().join(", ");
            let (separator, more) = (
                if index == 0 { "" } else { " ; " },
                if seen.dates > seen.places.len() as u64 { "…" } else { "" },
            );
            write!(
                f,
                "{separator}la colonne {column} a {} dates qui ne peuvent avoir que le mois avant le jour (lignes {places}{more})",
                seen.dates
            )?;
        }
        f.write_str(
            " : jour et mois y sont intervertis, et on ne sait pas dans quelles autres dates ; les écrire AAAA-MM-JJ ou \
             JJ/MM/AAAA dans toute la colonne, et redéposer le fichier. Rien n'a été lu",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::json::Object;

    fn shown(rows: &[(Option<u16>, &str)]) -> Shown {
        let mut shown = Shown::default();
        for ((sheet, row), line) in rows.iter().zip(2..) {
            shown.note(&Object::parse(row).unwrap(), place::of(*sheet, line));
        }
        shown
    }

    #[test]
    fn all_values_show_what_one_does_not() {
        let found = |rows: &[(Option<u16>, &str)]| shown(rows).conventions().unwrap();
        assert_eq!(
            found(&[(None, r#"{"dateNaissance":"03/02/2004"}"#)]),
            ValueConventions::default()
        );
        assert!(
            found(&[
                (None, r#"{"dateNaissance":"03/02/2004"}"#),
                (None, r#"{"dateNaissance":"25/12/2004"}"#)
            ])
            .day_first
        );
        assert!(
            found(&[(None, r#"{"dateFinInscription":"31-08-2027"}"#)]).day_first,
            "of any column"
        );
        assert!(found(&[(None, r#"{"lieuNaissance":"44000"}"#)]).postal_birthplaces);
        let paris = r#"{"lieuNaissance":"75012","dateNaissance":"2004-03-02"}"#;
        assert!(found(&[(None, paris)]).postal_birthplaces, "no code of the Seine any more");
        assert!(!found(&[(None, r#"{"lieuNaissance":"13005"}"#)]).postal_birthplaces, "both");
    }

    #[test]
    fn columns_with_the_month_first_are_named_with_their_lines_and_no_date() {
        let row = r#"{"dateNaissance":"12/25/2004","dateFinInscription":"08/31/2027"}"#;
        let error = shown(&[(None, row), (Some(2), row)]).conventions().unwrap_err().to_string();
        for told in [
            "la colonne dateNaissance a 2 dates qui ne peuvent avoir que le mois avant le jour (lignes 2, 3 de la feuille 2)",
            "la colonne dateFinInscription a 2 dates",
        ] {
            assert!(error.contains(told), "{error}");
        }
        assert!(!error.contains("2004") && !error.contains("25"), "{error}");
        let many = shown(&[(None, row); 7]).conventions().unwrap_err().to_string();
        assert!(many.contains("(lignes 2, 3, 4, 5, 6…)"), "{many}");
    }
}
