//! Which of a student's enrolments of a year is the main one.
//!
//! The ministry's SISE has it from establishments (`inspr`); the register has none, so it follows
//! from a rule, the same for the country. One for each student and year makes every table a sum.

use std::cmp::Reverse;

use shared::domain::status::Status;

use crate::facts::EnrolmentFact;

/// The place of the main enrolment: *inscrit* before *admis*, a CPGE before the university that its
/// students are enrolled at too, the highest cursus, the earliest start, then UAI and diploma, so
/// that two runs agree. `None` without an enrolment.
#[must_use]
pub fn main_enrolment(enrolments: &[EnrolmentFact]) -> Option<usize> {
    let rank = |enrolment: &EnrolmentFact| {
        let cursus = match enrolment.cursus {
            "D" => 0,
            "M" => 1,
            "L" => 2,
            _ => 3,
        };
        (Reverse(enrolment.status == Status::Inscrit), Reverse(enrolment.cpge), cursus)
    };
    let order = |enrolment: &EnrolmentFact| {
        let tie = (enrolment.first_day, enrolment.uai, enrolment.diploma.clone());
        (rank(enrolment), tie, enrolment.level.clone())
    };
    enrolments.iter().enumerate().min_by_key(|(_, one)| order(one)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::facts::fixtures::enrolment;

    #[test]
    fn enrolled_before_admitted_then_cpge_cursus_start_and_code() {
        let base = enrolment("0751967F");
        let later = EnrolmentFact { first_day: date(2026, 10, 1), ..base.clone() };
        let licence = EnrolmentFact { cursus: "L", ..later.clone() };
        let master = EnrolmentFact { cursus: "M", ..later.clone() };
        let doctorate = EnrolmentFact { cursus: "D", ..later.clone() };
        let cpge = EnrolmentFact { cpge: true, ..later.clone() };
        let admitted = EnrolmentFact { status: Status::Admis, cpge: true, ..base.clone() };
        let ranked = [cpge, doctorate, master, licence, base, later, admitted];
        for (at, better) in ranked.iter().enumerate() {
            for worse in &ranked[at + 1..] {
                assert_eq!(main_enrolment(&[better.clone(), worse.clone()]), Some(0));
                assert_eq!(main_enrolment(&[worse.clone(), better.clone()]), Some(1));
            }
        }
        assert_eq!(main_enrolment(&[]), None);
    }
}
