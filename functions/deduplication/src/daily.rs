//! What the daily message starts: records about which INES is asked again, and the line by which
//! alarms know that it came and how long doubts wait (infra/identity.tf).

use jiff::{Span, Timestamp};
use shared::contract::pointer::Pointer;
use shared::domain::academic_year::day_in_france;
use shared::registry::StoreError;

use crate::world::World;

/// Days that the daily message looks back: as many runs of the schedule may fail without a record
/// being forgotten.
const LOOKED_BACK_DAYS: i32 = 7;

/// Sends a pointer to every record about which INES is to be asked again by today, and says how
/// many they are and how old the oldest open case is.
///
/// Idempotent: a record is due until it was decided on again, which moves its day; a message that
/// comes twice, or again after a crash, sends pointers twice, and the second changes nothing. The
/// line comes last, so that a day of which a part failed is a day without one.
pub(crate) async fn look_after<W: World>(world: &W) -> Result<usize, StoreError> {
    let now = world.now();
    let records = ask_again(world, now).await?;
    let oldest = world.register().oldest_case().await?;
    let oldest_case_days = oldest.map_or(0, |opened| whole_days(opened, now));
    tracing::info!(records, oldest_case_days, "INES asked again");
    Ok(records)
}

async fn ask_again<W: World>(world: &W, now: Timestamp) -> Result<usize, StoreError> {
    let today = day_in_france(now);
    let mut sent = 0;
    for days in 0..=LOOKED_BACK_DAYS {
        let day = today.saturating_sub(Span::new().days(days));
        let due: Vec<Pointer> =
            world.register().due(day).await?.into_iter().map(Pointer::Reconsider).collect();
        if !due.is_empty() {
            world.queue().send_pointers(&due).await?;
        }
        sent += due.len();
    }
    Ok(sent)
}

/// Days that have passed, none for a clock that went back.
fn whole_days(since: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(since).as_hours().max(0) / 24
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_day_counts_once_it_is_over() {
        let opened: Timestamp = "2026-11-01T10:00:00Z".parse().unwrap();
        assert_eq!(whole_days(opened, opened + SignedDuration::from_hours(23)), 0);
        assert_eq!(whole_days(opened, opened + SignedDuration::from_hours(49)), 2);
        assert_eq!(whole_days(opened, opened - SignedDuration::from_hours(30)), 0);
    }
}
