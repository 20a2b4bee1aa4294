//! How many calls to the table run side by side: as many as it takes, and no more.
//!
//! Additive increase, multiplicative decrease, as TCP does: every round of calls that goes through
//! adds one, a call that is throttled takes a third away, once for all those that were sent at the
//! same speed. At one call at a time it slows down further by waiting longer and longer before each
//! repetition. So a table at its limit is approached smoothly, left to the others, and found again
//! when it has grown.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use shared::registry::StoreError;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Four transactions of a hundred records every 100 ms are the 4,000 writes a second of a new
/// on-demand table.
const FIRST: f64 = 4.0;
/// More would not be faster: one core parses and writes some thirty transactions in the time of
/// one.
const MOST: f64 = 32.0;
/// The share of the limit that is left when the table says that it is too much.
const DECREASE: f64 = 2.0 / 3.0;

/// The number of calls side by side, and what is known of the table's limit.
#[derive(Debug)]
pub struct Limiter {
    pace: RefCell<Pace>,
    running: Cell<usize>,
    freed: Notify,
    seed: Cell<u64>,
}

/// The arithmetic, without waiting.
#[derive(Debug, Clone, Copy)]
struct Pace {
    limit: f64,
    slowed: Option<Instant>,
}

impl Pace {
    fn room(self) -> usize {
        // From 1 to 32, so nothing is cut off.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let room = self.limit as usize;
        room
    }

    fn went_through(&mut self) {
        self.limit = (self.limit + 1.0 / self.limit).min(MOST);
    }

    /// A call that started at `started` was throttled. Those that started before the last decrease
    /// say nothing about the speed since.
    fn throttled(&mut self, started: Instant, now: Instant) {
        if self.slowed.is_none_or(|slowed| started >= slowed) {
            self.limit = (self.limit * DECREASE).max(1.0);
            self.slowed = Some(now);
        }
    }
}

impl Limiter {
    /// A limiter whose jitter follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let pace = RefCell::new(Pace { limit: FIRST, slowed: None });
        Self { pace, running: Cell::new(0), freed: Notify::new(), seed: Cell::new(seed) }
    }

    /// Calls that may run side by side now.
    #[must_use]
    pub fn room(&self) -> usize {
        self.pace.borrow().room()
    }

    /// Makes a call once there is room, and again for as long as the service is slowing: who calls
    /// has a time limit of its own. Other errors are passed on. `slowed` says whether an answer
    /// means "too fast" as well.
    pub async fn call<T>(
        &self,
        mut call: impl AsyncFnMut() -> Result<T, StoreError>,
        slowed: impl Fn(&T) -> bool,
    ) -> Result<T, StoreError> {
        let mut waits = self.waits();
        loop {
            let permit = self.permit().await;
            let started = Instant::now();
            let result = call().await;
            let answer = match result {
                Ok(answer) if !slowed(&answer) => {
                    self.pace.borrow_mut().went_through();
                    return Ok(answer);
                }
                Ok(answer) => Some(answer),
                Err(error) if error.is_slowing() => None,
                Err(error) => return Err(error),
            };
            self.pace.borrow_mut().throttled(started, Instant::now());
            drop(permit);
            tokio::time::sleep(waits.next().unwrap_or(LONGEST_WAIT)).await;
            if let Some(answer) = answer {
                return Ok(answer);
            }
        }
    }

    fn waits(&self) -> ExponentialBackoff {
        self.seed.set(self.seed.get().wrapping_add(1));
        ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(20))
            .with_max_delay(LONGEST_WAIT)
            .without_max_times()
            .with_jitter()
            .with_jitter_seed(self.seed.get())
            .build()
    }

    async fn permit(&self) -> Permit<'_> {
        while self.running.get() >= self.room() {
            self.freed.notified().await;
        }
        self.running.set(self.running.get() + 1);
        Permit(self)
    }
}

/// Longest wait before a call is repeated.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A call that runs. Dropped with it, also when the call is given up.
struct Permit<'a>(&'a Limiter);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.running.set(self.0.running.get().saturating_sub(1));
        // The limit may have grown by more than the place that is freed.
        self.0.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use futures_util::stream::FuturesUnordered;

    use super::*;

    /// A table that takes so many calls in 100 ms, and throttles the rest.
    struct Table {
        capacity: Cell<u32>,
        window: Cell<Instant>,
        taken: Cell<u32>,
        throttled: Cell<u32>,
    }

    impl Table {
        fn new(capacity: u32) -> Self {
            let window = Cell::new(Instant::now());
            Self {
                capacity: Cell::new(capacity),
                window,
                taken: Cell::new(0),
                throttled: Cell::new(0),
            }
        }

        async fn call(&self) -> Result<(), StoreError> {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if self.window.get().elapsed() >= Duration::from_millis(100) {
                self.window.set(Instant::now());
                self.taken.set(0);
            }
            if self.taken.get() >= self.capacity.get() {
                self.throttled.set(self.throttled.get() + 1);
                return Err(StoreError::overloaded("a test", "ThrottlingException"));
            }
            self.taken.set(self.taken.get() + 1);
            Ok(())
        }

        /// The calls that go through in `time`, with as many wanting to as there may be.
        async fn throughput(&self, limiter: &Limiter, time: Duration) -> u32 {
            let end = Instant::now() + time;
            let (mut running, mut done) = (FuturesUnordered::new(), 0);
            while Instant::now() < end {
                while running.len() < 40 {
                    running.push(limiter.call(|| self.call(), |()| false));
                }
                if let Some(Ok(())) = running.next().await {
                    done += 1;
                }
            }
            done
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_as_fast_as_the_table_and_follows_it_down_and_up() {
        let limiter = Limiter::new(1);
        let table = Table::new(1_000);
        table.throughput(&limiter, Duration::from_secs(10)).await;
        assert_eq!(limiter.room(), 32, "nothing holds it back");

        table.capacity.set(10);
        let slow = table.throughput(&limiter, Duration::from_mins(1)).await;
        assert!(
            (3_000..=6_100).contains(&slow),
            "at least half of the 6,000 that the table takes: {slow}"
        );
        assert!(limiter.room() < 8, "{}", limiter.room());
        assert!(table.throttled.get() < slow, "most calls go through");

        table.capacity.set(1_000);
        table.throughput(&limiter, Duration::from_secs(10)).await;
        assert_eq!(limiter.room(), 32, "it speeds up again");
    }

    #[tokio::test(start_paused = true)]
    async fn calls_of_one_speed_slow_it_down_once() {
        let start = Instant::now();
        let mut pace = Pace { limit: 30.0, slowed: None };
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        for ended in 10..20 {
            pace.throttled(start, after(ended));
        }
        assert_eq!(pace.room(), 20);
        pace.throttled(after(11), after(30));
        assert_eq!(pace.room(), 13);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_that_is_no_limit_is_passed_on() {
        let limiter = Limiter::new(1);
        let denied = limiter
            .call(async || Err::<(), _>(StoreError::refused("a test", "AccessDenied")), |()| false)
            .await;
        assert!(denied.is_err());
        assert_eq!(limiter.running.get(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_given_up_makes_room() {
        let limiter = Limiter::new(1);
        let never = limiter.call(std::future::pending::<Result<(), StoreError>>, |()| false);
        let given_up = tokio::time::timeout(Duration::from_secs(1), never).await;
        assert!(given_up.is_err());
        assert_eq!(limiter.running.get(), 0);
    }
}
