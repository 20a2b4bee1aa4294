//! Which limit a load meets first, and what raises it.

use serde::Serialize;

use super::assumptions::{Assumptions, Capacity};
use super::{Load, Month, NIGHTS};

/// How much of a limit is used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Limit {
    pub(crate) what: &'static str,
    pub(crate) needed: f64,
    pub(crate) given: f64,
    pub(crate) unit: &'static str,
    /// What to raise.
    pub(crate) parameter: String,
}

impl Limit {
    /// Needed by given: above 1 it doesn't hold.
    pub(crate) fn used(&self) -> f64 {
        self.needed / self.given
    }
}

/// The hours in which what arrives in the busiest day, or night, is to be through.
const HOURS: f64 = 8.0;
/// The share of the rentrée's enrolments that its busiest day brings.
const BUSIEST_DAY: f64 = 0.1;

/// Every limit, the one that is met first before the others.
pub(crate) fn limits(load: &Load, assumptions: &Assumptions) -> Vec<Limit> {
    let Assumptions { work, limits, .. } = assumptions;
    let questions = load.peak_questions();
    let seconds = HOURS * 3_600.0;
    let busiest = load.resolved_rows(Month::Rentree) * BUSIEST_DAY / seconds;
    let per_resolution = 2.0 * work.resolution_writes.value * work.resolution_write_kilobytes.value;
    let night = load.resent_rows() / NIGHTS / seconds;
    let limit = |what, needed, scale: f64, unit, capacity: &Capacity| Limit {
        what,
        needed,
        given: capacity.value * scale,
        unit,
        parameter: capacity.parameter.clone(),
    };
    let mut all = vec![
        limit(
            "questions of the busiest second, through the gateway",
            questions,
            1.0,
            "a second",
            &limits.api_requests_per_second,
        ),
        limit(
            "the same, of the account",
            questions,
            1.0,
            "a second",
            &limits.account_api_requests_per_second,
        ),
        limit(
            "the same, by status",
            questions * work.question_reserved_seconds.value,
            1.0,
            "at a time",
            &limits.status_concurrency,
        ),
        limit(
            "all functions, with the feed at its pace",
            questions * work.question_reserved_seconds.value
                + limits.identity_concurrency.value
                + limits.imports_concurrency.value,
            1.0,
            "at a time",
            &limits.account_concurrency,
        ),
        limit(
            "the busiest day's rows, resolved in eight hours",
            busiest,
            work.resolutions_per_second_and_function.value,
            "rows a second",
            &limits.identity_concurrency,
        ),
        limit(
            "a night's full re-sends, read in eight hours",
            night,
            work.rows_per_second_and_import.value,
            "rows a second",
            &limits.imports_concurrency,
        ),
        limit(
            "writes of the table of students",
            busiest * per_resolution,
            1.0,
            "units a second",
            &limits.table_write_units_per_second,
        ),
        limit(
            "the largest client's quota, one item",
            questions * load.largest_client_share * (work.question_writes.value - 1.0),
            1.0,
            "units a second",
            &limits.item_write_units_per_second,
        ),
    ];
    all.sort_by(|left, right| right.used().total_cmp(&left.used()));
    all
}

#[cfg(test)]
mod tests {
    use super::super::tests::FRANCE;
    use super::*;

    #[test]
    fn the_first_limit_is_first_and_a_hundred_frances_do_not_fit() {
        let ours = Assumptions::ours().unwrap();
        let once = limits(&FRANCE, &ours);
        assert!(once.windows(2).all(|pair| pair[0].used() >= pair[1].used()));
        assert!(once[0].used() < 1.0, "{:?}", once[0]);
        let hundred = limits(&FRANCE.times(100.0), &ours);
        assert!(hundred[0].used() > 1.0);
        assert!(!hundred[0].parameter.is_empty());
    }
}
