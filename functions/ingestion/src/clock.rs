//! What time it is.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// The time of day, by a clock that tests can move.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    at: Timestamp,
    since: Instant,
}

impl Clock {
    /// A clock that shows `now` and goes on from there.
    #[must_use]
    pub fn showing(now: Timestamp) -> Self {
        Self { at: now, since: Instant::now() }
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        let elapsed =
            SignedDuration::try_from(self.since.elapsed()).unwrap_or(SignedDuration::ZERO);
        self.at.saturating_add(elapsed).unwrap_or(self.at)
    }
}
