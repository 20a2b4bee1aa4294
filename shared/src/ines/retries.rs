//! When a failed attempt is made again: exponential backoff with full jitter, within a budget.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// The longest first wait; each next one is twice as long.
const FIRST: Duration = Duration::from_millis(200);
/// What is left of the budget must be enough for an answer that comes at its usual speed.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(500);

/// The waits of one question.
#[derive(Debug)]
pub(super) struct Retries {
    ceilings: ExponentialBackoff,
    deadline: Instant,
}

impl Retries {
    /// Attempts that are over by `deadline`.
    pub(super) fn until(deadline: Instant) -> Self {
        let ceilings = ExponentialBuilder::default()
            .with_min_delay(FIRST)
            .without_max_delay()
            .without_max_times();
        Self { ceilings: ceilings.build(), deadline }
    }

    /// How long to wait before the next attempt; `None` to make none. `chance` is drawn between 0
    /// and 1: everybody who failed together comes back apart. INES's own `Retry-After` is kept to,
    /// and when it goes past the budget there is no use in an attempt before it.
    pub(super) fn next(
        &mut self,
        now: Instant,
        retry_after: Option<Duration>,
        chance: f64,
    ) -> Option<Duration> {
        let wait = self
            .ceilings
            .next()?
            .mul_f64(chance.clamp(0.0, 1.0))
            .max(retry_after.unwrap_or_default());
        let left = self.deadline.saturating_duration_since(now);
        (wait.saturating_add(SHORTEST_ATTEMPT) <= left).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BUDGET: Duration = Duration::from_secs(8);

    #[test]
    fn the_ceiling_doubles() {
        let now = Instant::now();
        let mut retries = Retries::until(now + BUDGET);
        let waits: Vec<_> = (0..4)
            .map_while(|_| retries.next(now, None, 1.0))
            .map(|wait| wait.as_millis())
            .collect();
        assert_eq!(waits, [200, 400, 800, 1600]);
    }

    #[test]
    fn what_ines_asks_for_is_kept_to_or_nothing_is_tried() {
        let now = Instant::now();
        let mut retries = Retries::until(now + BUDGET);
        assert_eq!(
            retries.next(now, Some(Duration::from_secs(2)), 0.5),
            Some(Duration::from_secs(2))
        );
        assert_eq!(retries.next(now, Some(Duration::from_secs(8)), 0.5), None);
        assert_eq!(retries.next(now, Some(Duration::MAX), 0.5), None);
    }

    proptest! {
        #[test]
        fn attempts_end_within_the_budget(
            failures in prop::collection::vec((0_u64..5_000, prop::option::of(0_u64..20), 0.0_f64..1.0), 1..40),
        ) {
            let start = Instant::now();
            let (mut retries, mut now) = (Retries::until(start + BUDGET), start);
            for (took, after, chance) in failures {
                now += Duration::from_millis(took);
                let after = after.map(Duration::from_secs);
                let Some(wait) = retries.next(now, after, chance) else { break };
                prop_assert!(after.is_none_or(|after| wait >= after));
                now += wait;
                prop_assert!(now + SHORTEST_ATTEMPT <= start + BUDGET);
            }
        }
    }
}
