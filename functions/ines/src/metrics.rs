//! What the line of each request holds (see [`shared::api::metrics`]).

use metrique::unit_of_work::metrics;
use shared::api::metrics::RequestMetrics;

/// What a request came to: `known`, `assigned`, `pending`…, or the refusal's name.
#[metrics(
    rename_all = "snake_case",
    emf::dimension_sets = [["environment"], ["environment", "route"]]
)]
#[derive(Debug)]
pub struct RequestLine {
    /// What every request says.
    #[metrics(flatten)]
    pub request: RequestMetrics,
    /// 1 when nobody was found, or nobody certain.
    pub unknown: u64,
    /// 1 when an INE was given.
    pub assigned: u64,
    /// 1 when a person has to decide.
    pub litigation: u64,
}
