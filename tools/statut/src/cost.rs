//! What a deployment costs a month, and which limit it meets first, on paper: counts of work that
//! were measured or estimated, times prices that are assumptions of a date.

mod assumptions;
mod bill;
mod limits;

use serde::Serialize;

pub(crate) use self::assumptions::Assumptions;
pub(crate) use self::bill::{Bill, Line};
pub(crate) use self::limits::{Limit, limits};

/// How much a deployment has to do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Load {
    /// Students of a year.
    pub(crate) students: f64,
    /// Enrolments of a student.
    pub(crate) enrolments_per_student: f64,
    /// Questions about a student, in an ordinary month.
    pub(crate) questions_per_student: f64,
    /// How many times more questions the month of the rentrée has.
    pub(crate) rentree_questions: f64,
    /// The share of the year's enrolments that the month of the rentrée brings, 0 to 1.
    pub(crate) rentree_share: f64,
    /// The share of the enrolments whose establishment sends everything again every night, 0 to 1.
    pub(crate) resent_share: f64,
    /// The share of what is sent again that has changed, 0 to 1.
    pub(crate) changed_share: f64,
    /// How many times the mean the busiest second has.
    pub(crate) peak: f64,
    /// The share of the questions that the largest client asks, 0 to 1.
    pub(crate) largest_client_share: f64,
}

/// Nights of a month.
const NIGHTS: f64 = 30.0;
const SECONDS_OF_A_DAY: f64 = 86_400.0;

/// A month of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Month {
    /// When most enrolments arrive.
    Rentree,
    /// One of the eleven others.
    Ordinary,
}

impl Load {
    /// As many times the students.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self { students: self.students * factor, ..self }
    }

    fn enrolments(&self) -> f64 {
        self.students * self.enrolments_per_student
    }

    /// Rows that a full re-send has although nothing changed, in a month.
    fn unchanged_rows(&self) -> f64 {
        self.resent_rows() * (1.0 - self.changed_share)
    }

    fn resent_rows(&self) -> f64 {
        self.enrolments() * self.resent_share * NIGHTS
    }

    /// Rows that are resolved: new ones, and those that changed.
    fn resolved_rows(&self, month: Month) -> f64 {
        let new = match month {
            Month::Rentree => self.enrolments() * self.rentree_share,
            Month::Ordinary => self.enrolments() * (1.0 - self.rentree_share) / 11.0,
        };
        new + self.resent_rows() * self.changed_share
    }

    fn questions(&self, month: Month) -> f64 {
        let ordinary = self.students * self.questions_per_student;
        match month {
            Month::Rentree => ordinary * self.rentree_questions,
            Month::Ordinary => ordinary,
        }
    }

    /// Questions in the busiest second of the rentrée.
    fn peak_questions(&self) -> f64 {
        self.questions(Month::Rentree) / (NIGHTS * SECONDS_OF_A_DAY) * self.peak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const FRANCE: Load = Load {
        students: 3e6,
        enrolments_per_student: 1.1,
        questions_per_student: 1.0,
        rentree_questions: 4.0,
        rentree_share: 0.8,
        resent_share: 0.3,
        changed_share: 0.005,
        peak: 10.0,
        largest_client_share: 0.6,
    };

    /// Every row is either resolved or unchanged, over a whole year.
    #[test]
    fn a_year_brings_each_enrolment_once() {
        let nothing_again = Load { resent_share: 0.0, ..FRANCE };
        let year = nothing_again.resolved_rows(Month::Rentree)
            + 11.0 * nothing_again.resolved_rows(Month::Ordinary);
        assert!((year - nothing_again.enrolments()).abs() < 1.0);
        assert!(nothing_again.unchanged_rows() == 0.0);
        let resent = FRANCE.unchanged_rows() + FRANCE.resent_rows() * FRANCE.changed_share;
        assert!((resent - FRANCE.enrolments() * 0.3 * 30.0).abs() < 1.0);
    }
}
