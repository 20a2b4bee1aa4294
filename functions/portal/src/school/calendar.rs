//! The dates of an academic year by which a register that is fed is read by others.

use jiff::civil::{Date, date};
use shared::domain::academic_year::AcademicYear;

use crate::words;

/// A date, with what is read on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Milestone {
    /// `20/10/2026`.
    pub(crate) day: String,
    pub(crate) what: &'static str,
    pub(crate) is_next: bool,
    pub(crate) is_past: bool,
}

/// What is read when: months and days of an academic year. 20 October and 15 January are the days at
/// which the ministry's statisticians look at enrolments (SIES, first results and SISE); a status is
/// asked for from the first day on, and until the year is over.
const DATES: [(i8, i8, &str); 4] = [
    (
        9,
        1,
        "Les administrations demandent les premiers statuts de l'année : envoyez les admis et les inscrits connus.",
    ),
    (10, 20, "Premiers constats statistiques : les inscriptions de la rentrée sont là."),
    (
        1,
        15,
        "Observation de référence des statistiques de l'année : annulations et changements compris.",
    ),
    (8, 31, "Fin de l'année universitaire."),
];

/// The dates of the academic year that `today` is in.
pub(crate) fn of(today: Date) -> Vec<Milestone> {
    let first = AcademicYear::starting_on(today).first_year();
    let days = DATES.map(|(month, day, what)| {
        let year = if month >= 9 { first } else { first + 1 };
        (date(year, month, day), what)
    });
    let next = days.iter().map(|(day, _)| *day).find(|day| *day >= today);
    days.into_iter()
        .map(|(day, what)| Milestone {
            day: words::date(day),
            what,
            is_next: Some(day) == next,
            is_past: day < today,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_year_and_one_is_next() {
        let milestones = of(date(2026, 11, 30));
        let days: Vec<_> = milestones.iter().map(|one| one.day.as_str()).collect();
        assert_eq!(days, ["01/09/2026", "20/10/2026", "15/01/2027", "31/08/2027"]);
        let next: Vec<_> = milestones.iter().filter(|one| one.is_next).collect();
        assert!(next.len() == 1 && next[0].day == "15/01/2027", "{next:?}");
        assert_eq!(milestones.iter().filter(|one| one.is_past).count(), 2);
        // On the day itself it isn't past yet.
        assert!(of(date(2027, 1, 15)).iter().any(|one| one.is_next && one.day == "15/01/2027"));
    }
}
