//! When an invocation is stopped.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// When Lambda stops an invocation, from what it says of it: milliseconds since 1970.
#[must_use]
pub fn killed_at(deadline: u64) -> Instant {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant::now() + Duration::from_millis(deadline).saturating_sub(now)
}
