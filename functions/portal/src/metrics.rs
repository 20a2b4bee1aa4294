//! What the line of each request holds (see [`shared::api::metrics`]): no page of a person.

use metrique::unit_of_work::metrics;
use shared::api::metrics::RequestMetrics;

#[metrics(
    rename_all = "snake_case",
    emf::dimension_sets = [["environment"], ["environment", "route"]]
)]
#[derive(Debug)]
pub struct RequestLine {
    /// What every request says.
    #[metrics(flatten)]
    pub request: RequestMetrics,
}
