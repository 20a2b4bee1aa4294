//! Processor time of the calling thread: what else runs on the machine isn't counted.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Started at some moment.
pub(crate) struct Clock(Duration);

impl Clock {
    /// Now.
    pub(crate) fn start() -> Self {
        Self(now())
    }

    /// What the thread had since, user and system.
    pub(crate) fn elapsed(&self) -> Duration {
        now().saturating_sub(self.0)
    }
}

fn now() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
