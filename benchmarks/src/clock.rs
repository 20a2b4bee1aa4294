//! Processor time of the calling thread: what else runs on the machine isn't counted.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Started at some moment.
#[derive(Debug)]
pub struct Clock(Duration);

impl Clock {
    /// Now.
    #[must_use]
    pub fn start() -> Self {
        Self(now())
    }

    /// What the thread had since, user and system.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        now().saturating_sub(self.0)
    }
}

fn now() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
