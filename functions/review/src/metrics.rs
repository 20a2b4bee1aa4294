//! What the line of each request holds (see [`shared::api::metrics`]).

use metrique::unit_of_work::metrics;
use shared::api::metrics::RequestMetrics;

/// What a request came to: `done`, or the refusal's name.
#[metrics(
    rename_all = "snake_case",
    emf::dimension_sets = [["environment"], ["environment", "route"]]
)]
#[derive(Debug)]
pub struct RequestLine {
    /// What every request says.
    #[metrics(flatten)]
    pub request: RequestMetrics,
    /// The case, once it is known: made of ids that say nothing.
    pub case: Option<String>,
    /// 1 for a quota that was used up.
    pub refused_quota: u64,
}
