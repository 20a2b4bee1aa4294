//! So many questions a second at most, evenly: INES is somebody else's.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// Whose turn it is. One for each process.
#[derive(Debug)]
pub(super) struct Pace {
    between: Duration,
    next: Option<Instant>,
}

impl Pace {
    pub(super) fn of(per_second: NonZeroU32) -> Self {
        Self { between: Duration::from_secs(1) / per_second.get(), next: None }
    }

    /// When the next question may be asked, which is its turn from now on; none, and nobody's turn,
    /// if that is after `latest`.
    pub(super) fn turn(&mut self, now: Instant, latest: Instant) -> Option<Instant> {
        let turn = self.next.map_or(now, |next| next.max(now));
        (turn <= latest).then(|| {
            self.next = Some(turn + self.between);
            turn
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_evenly_spread_and_whoever_would_wait_too_long_has_none() {
        let mut pace = Pace::of(NonZeroU32::new(10).unwrap());
        let now = Instant::now();
        let ms = |number: u64| now + Duration::from_millis(number);
        let turns: Vec<_> = (0..4).map(|_| pace.turn(now, ms(250))).collect();
        assert_eq!(turns, [Some(now), Some(ms(100)), Some(ms(200)), None]);
        assert_eq!(pace.turn(ms(260), ms(400)), Some(ms(300)), "who left took nobody's turn");
        assert_eq!(pace.turn(ms(5_000), ms(5_000)), Some(ms(5_000)), "and none is saved up");
    }
}
