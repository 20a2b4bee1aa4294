//! Logs: JSON lines with the request id, and nothing personal.
//!
//! What a line may hold is in `docs/logging.md`. The types that identify a person print as `…`, and errors of the
//! stores carry a code instead of the service's message, which may quote an item.

/// Starts logging. Lambda's own settings decide the format and the level
/// (`AWS_LAMBDA_LOG_FORMAT`, `AWS_LAMBDA_LOG_LEVEL`).
pub fn init() {
    lambda_runtime::tracing::init_default_subscriber();
}
