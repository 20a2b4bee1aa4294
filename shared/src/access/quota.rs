//! How much may be asked, as buckets that refill (GCRA, the generic cell rate algorithm).
//!
//! A bucket is one number: until when what was taken is paid for. Asking about one person moves it
//! on by the time that one person takes at the allowed rate; an idle bucket stays in the past. So a
//! quota is one item in the store and one conditional write, it holds whatever the number of warm
//! instances, and how long to wait is exact.

use std::num::NonZeroU32;

use jiff::Timestamp;

/// An instant in microseconds since 1970, as the store holds it.
pub type Micros = i64;

const SECOND: Micros = 1_000_000;
const HOUR: Micros = 3_600 * SECOND;

/// The instant of a timestamp.
#[must_use]
pub fn micros(now: Timestamp) -> Micros {
    now.as_microsecond()
}

/// How fast a bucket refills, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// What one costs.
    interval: Micros,
    /// How far ahead of the clock a bucket may be.
    depth: Micros,
}

impl Rate {
    /// So many a second, all of them at once if nothing was taken in the second before.
    #[must_use]
    pub fn per_second(limit: NonZeroU32) -> Self {
        Self { interval: (SECOND / Micros::from(limit.get())).max(1), depth: SECOND }
    }

    /// So many an hour, ten minutes' worth of them at once.
    #[must_use]
    pub fn per_hour(limit: NonZeroU32) -> Self {
        Self { interval: (HOUR / Micros::from(limit.get())).max(1), depth: HOUR / 6 }
    }

    /// A tenth of the speed: what is left to a caller that looks like trying numbers out.
    #[must_use]
    pub fn lowered(self) -> Self {
        Self { interval: self.interval * 10, ..self }
    }

    /// What `count` cost.
    #[must_use]
    pub fn cost(self, count: u32) -> Micros {
        self.interval.saturating_mul(Micros::from(count))
    }

    /// The latest state of a bucket from which one more may be taken.
    ///
    /// A batch is let in when there is room for one, and is paid for afterwards: it may be larger
    /// than the bucket.
    #[must_use]
    pub fn latest(self, now: Micros) -> Micros {
        (now + self.depth - self.interval).max(now)
    }

    /// Whether a bucket in this state has more taken out than it holds.
    #[must_use]
    pub fn is_overdrawn(self, spent_until: Micros, now: Micros) -> bool {
        spent_until > now + self.depth
    }

    /// How many may still be taken at once.
    #[must_use]
    pub fn remaining(self, spent_until: Micros, now: Micros) -> u32 {
        let room = now + self.depth - spent_until.max(now);
        u32::try_from(room.max(0) / self.interval).unwrap_or(u32::MAX)
    }

    /// How many seconds until one may be taken, at least one.
    #[must_use]
    pub fn retry_after_seconds(self, spent_until: Micros, now: Micros) -> u64 {
        let wait = spent_until - self.latest(now);
        u64::try_from(wait.max(1)).unwrap_or(1).div_ceil(SECOND.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Micros = 1_800_000_000 * SECOND;

    fn twenty() -> Rate {
        Rate::per_second(NonZeroU32::new(20).unwrap())
    }

    /// What the store does: in from `latest` at the latest, then paid for.
    fn take(rate: Rate, spent_until: &mut Micros, count: u32, now: Micros) -> bool {
        if *spent_until > rate.latest(now) {
            return false;
        }
        *spent_until = (*spent_until).max(now) + rate.cost(count);
        true
    }

    #[test]
    fn twenty_a_second_are_twenty_at_once_and_then_one_every_fiftieth() {
        let (rate, mut spent) = (twenty(), 0);
        let taken = (0..25).filter(|_| take(rate, &mut spent, 1, NOW)).count();
        assert_eq!(taken, 20);
        assert_eq!(rate.remaining(spent, NOW), 0);
        assert_eq!(rate.retry_after_seconds(spent, NOW), 1);
        assert!(!take(rate, &mut spent, 1, NOW + 49_999));
        assert!(take(rate, &mut spent, 1, NOW + 50_000));
        assert!(!take(rate, &mut spent, 1, NOW + 50_000));
    }

    #[test]
    fn a_batch_larger_than_the_bucket_is_let_in_and_paid_for() {
        let (rate, mut spent) = (twenty(), 0);
        assert!(take(rate, &mut spent, 100, NOW));
        assert!(!take(rate, &mut spent, 1, NOW + 4 * SECOND));
        assert_eq!(rate.retry_after_seconds(spent, NOW), 5);
        assert!(take(rate, &mut spent, 100, NOW + 4 * SECOND + 50_000));
    }

    #[test]
    fn one_a_second_is_one_a_second() {
        let (rate, mut spent) = (Rate::per_second(NonZeroU32::MIN), 0);
        assert!(take(rate, &mut spent, 1, NOW));
        assert!(!take(rate, &mut spent, 1, NOW + SECOND - 1));
        assert!(take(rate, &mut spent, 1, NOW + SECOND));
    }

    #[test]
    fn unknown_people_are_counted_by_the_hour() {
        let rate = Rate::per_hour(NonZeroU32::new(1_800).unwrap());
        let spent = NOW + rate.cost(300);
        assert!(!rate.is_overdrawn(spent, NOW) && rate.is_overdrawn(spent + 1, NOW));
        assert!(!rate.is_overdrawn(spent + 1, NOW + SECOND), "it is forgiven as time goes by");
    }

    proptest! {
        #[test]
        fn over_any_minute_no_more_than_the_rate_and_one_bucket(
            limit in 1_u32..200,
            counts in prop::collection::vec((1_u32..=100, 0_i64..2_000_000), 1..300),
        ) {
            let rate = Rate::per_second(NonZeroU32::new(limit).unwrap());
            let (mut spent, mut now, mut taken) = (0, NOW, 0_u64);
            for (count, pause) in counts {
                now += pause;
                if take(rate, &mut spent, count, now) {
                    taken += u64::from(count);
                }
                prop_assert!(rate.remaining(spent, now) <= limit);
            }
            let elapsed = u64::try_from(now - NOW).unwrap();
            // One bucket, and the batch that was let in last.
            prop_assert!(taken <= elapsed * u64::from(limit) / 1_000_000 + u64::from(limit) + 101);
        }
    }
}
