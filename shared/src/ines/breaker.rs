//! A circuit breaker: after failures in a row INES is left alone for a while, so that what waits
//! for it costs a batch no time, and so that it isn't pressed while it gets up.

use std::time::{Duration, Instant};

use crate::identity::ines::InesError;

/// Failed attempts in a row after which INES is left alone. A question makes two when nothing comes
/// back at all (`client::BUDGET`), so a batch loses 16 s of its function's 30 before the rest of it
/// is spared.
pub(super) const FAILURES: u32 = 4;
/// How long it is left alone.
pub(super) const REST: Duration = Duration::from_secs(30);

/// Whether INES may be asked, from how it answered. It knows no clock: whoever calls says what time
/// it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Breaker {
    /// It is asked freely.
    Closed {
        /// Failures since the last answer.
        failures: u32,
    },
    /// It is left alone until then; whoever comes first after that finds out for all.
    Open { until: Instant, why: InesError },
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self::Closed { failures: 0 }
    }

    /// Lets an attempt through, or says why not. Once a rest is over one attempt passes and the
    /// rest starts again, so that an attempt that never ends holds up nobody for longer than that.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), InesError> {
        match self {
            Self::Closed { .. } => Ok(()),
            Self::Open { until, why } if now < *until => Err(*why),
            Self::Open { until, .. } => {
                *until = now + REST;
                Ok(())
            }
        }
    }

    /// INES answered, whatever it said.
    pub(super) fn answered(&mut self) {
        *self = Self::new();
    }

    /// INES didn't answer, or said that it can't.
    pub(super) fn failed(&mut self, now: Instant) {
        *self = match *self {
            Self::Closed { failures } if failures + 1 < FAILURES => {
                Self::Closed { failures: failures + 1 }
            }
            _ => Self::Open { until: now + REST, why: InesError::Resting },
        };
    }

    /// INES refuses our credentials: once is enough, and many refusals in a row may have them
    /// locked.
    pub(super) fn refused(&mut self, now: Instant) {
        *self = Self::Open { until: now + REST, why: InesError::Unauthorized };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn failures_in_a_row_open_it_and_one_attempt_passes_after_each_rest() {
        let (mut breaker, start) = (Breaker::new(), Instant::now());
        for _ in 1..FAILURES {
            breaker.failed(start);
            assert_eq!(breaker.admit(start), Ok(()));
        }
        breaker.failed(start);
        assert_eq!(breaker.admit(start), Err(InesError::Resting));
        assert_eq!(breaker.admit(start + REST), Ok(()));
        assert_eq!(
            breaker.admit(start + REST),
            Err(InesError::Resting),
            "one is enough to find out"
        );
        breaker.failed(start + REST);
        assert_eq!(
            breaker.admit(start + (2 * REST).saturating_sub(Duration::from_nanos(1))),
            Err(InesError::Resting)
        );
        assert_eq!(breaker.admit(start + 2 * REST), Ok(()));
        breaker.answered();
        assert_eq!(breaker.admit(start + 2 * REST), Ok(()));
        assert_eq!(breaker, Breaker::new());
    }

    #[test]
    fn an_attempt_that_never_ends_holds_up_nobody_for_ever() {
        let (mut breaker, start) = (Breaker::new(), Instant::now());
        (0..FAILURES).for_each(|_| breaker.failed(start));
        assert_eq!(breaker.admit(start + REST), Ok(()));
        assert_eq!(breaker.admit(start + 2 * REST), Ok(()));
    }

    #[test]
    fn refused_credentials_open_it_at_once_and_it_says_so() {
        let (mut breaker, start) = (Breaker::new(), Instant::now());
        breaker.refused(start);
        assert_eq!(breaker.admit(start), Err(InesError::Unauthorized));
        assert_eq!(breaker.admit(start + REST), Ok(()));
    }

    #[derive(Debug, Clone, Copy)]
    enum Event {
        Ask,
        Answered,
        Failed,
        Refused,
        Later(u64),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            4 => Just(Event::Ask),
            1 => Just(Event::Answered),
            3 => Just(Event::Failed),
            1 => Just(Event::Refused),
            2 => (0_u64..40).prop_map(Event::Later),
        ]
    }

    proptest! {
        /// Against the plainest account of what it promises: the whole history.
        #[test]
        fn it_rests_exactly_when_the_history_says_so(events in prop::collection::vec(event(), 0..60)) {
            let (mut breaker, mut now) = (Breaker::new(), Instant::now());
            let (mut in_a_row, mut rests_until) = (0_u32, None);
            for event in events {
                match event {
                    Event::Later(seconds) => now += Duration::from_secs(seconds),
                    Event::Answered => {
                        breaker.answered();
                        (in_a_row, rests_until) = (0, None);
                    }
                    Event::Failed => {
                        breaker.failed(now);
                        in_a_row += 1;
                        if in_a_row >= FAILURES || rests_until.is_some() {
                            rests_until = Some(now + REST);
                        }
                    }
                    Event::Refused => {
                        breaker.refused(now);
                        rests_until = Some(now + REST);
                    }
                    Event::Ask => {
                        let rests = rests_until.is_some_and(|until| now < until);
                        prop_assert_eq!(breaker.admit(now).is_err(), rests);
                        if rests_until.is_some() && !rests {
                            rests_until = Some(now + REST);
                        }
                    }
                }
            }
        }
    }
}
