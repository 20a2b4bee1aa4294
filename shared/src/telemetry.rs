//! Logs: JSON lines with the request id, and nothing personal.
//!
//! What a line may hold is in `docs/logging.md`. The types that identify a person print as `…`, and
//! errors of the stores carry a code instead of the service's message, which may quote an item.

use tracing_subscriber::EnvFilter;

/// Starts logging, one JSON object a line. The level is Lambda's own setting,
/// `AWS_LAMBDA_LOG_LEVEL`.
///
/// The runtime's own subscriber writes JSON only where `AWS_LAMBDA_LOG_FORMAT` says so; with this
/// one a line looks the same wherever the function runs, so the tests read what operators will.
pub fn init() {
    let level = EnvFilter::builder()
        .with_default_directive(tracing::Level::INFO.into())
        .with_env_var("AWS_LAMBDA_LOG_LEVEL")
        .from_env_lossy();
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_env_filter(level)
        .init();
}
