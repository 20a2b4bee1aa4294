//! What the line of each request holds (see [`shared::api::metrics`]).

use metrique::unit_of_work::metrics;
use shared::api::metrics::RequestMetrics;

/// What a request came to: `done`, `replayed` for an answer that was given before, or the refusal's
/// name.
#[metrics(
    rename_all = "snake_case",
    emf::dimension_sets = [["environment"], ["environment", "route"]]
)]
#[derive(Debug)]
pub struct RequestLine {
    /// What every request says.
    #[metrics(flatten)]
    pub request: RequestMetrics,
    /// The establishment that it sends as, once it is known.
    pub uai: Option<String>,
    /// Enrolments told of.
    pub enrolments: u64,
    /// Of these, those that were stored.
    pub stored: u64,
    /// Of these, those about a pair or an establishment that isn't known.
    pub unknown: u64,
    /// 1 for a quota that was used up.
    pub refused_quota: u64,
    /// 1 when the caller looks like trying numbers out.
    pub enumeration_suspected: u64,
}
