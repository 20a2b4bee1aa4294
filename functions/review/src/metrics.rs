//! What the line of each request holds (see [`shared::api::metrics`]).

use std::time::SystemTime;

use metrique::emf::flags::NoMetric;
use metrique::unit_of_work::metrics;

/// What a request came to.
#[metrics(
    rename_all = "snake_case",
    emf::dimension_sets = [["environment"], ["environment", "route"]]
)]
#[derive(Debug)]
pub struct RequestMetrics {
    #[metrics(timestamp)]
    /// When it was answered.
    pub timestamp: SystemTime,
    /// Several environments may share an account.
    pub environment: String,
    /// The endpoint's name; `unknown` for a path that isn't ours.
    pub route: &'static str,
    /// Lambda's id of the invocation.
    pub request_id: String,
    /// The correlation id that the caller has.
    pub uid: String,
    /// The reviewer's client, once it is known.
    pub client: Option<String>,
    /// The case, once it is known: made of ids that say nothing.
    pub case: Option<String>,
    /// `done`, or the refusal's name.
    pub outcome: &'static str,
    /// The HTTP status.
    #[metrics(flags(NoMetric))]
    pub status: u16,
    /// Always 1: what CloudWatch sums up.
    pub requests: u64,
    /// From the event to the answer.
    pub duration_ms: f64,
    /// 1 for the first request of a process.
    pub cold_starts: u64,
    /// 1 for a status of 500 or more.
    pub server_errors: u64,
    /// 1 for a quota that was used up.
    pub refused_quota: u64,
}
