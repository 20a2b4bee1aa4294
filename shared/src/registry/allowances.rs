//! How much a caller may still ask: the shared buckets, and what this process knows of them.
//!
//! Every instance draws on the same buckets, so a quota holds whatever their number. To spare a
//! busy bucket a write for each request, an instance that a caller keeps busy draws ahead, twice as
//! much each time, and spends it within a second; one that sees the caller now and then draws one
//! by one. And an instance refuses by itself while it knows that a bucket is empty.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::Timestamp;

use super::StoreError;
use super::quotas::{Buckets, QuotaStore, Subject, Taken};
use crate::access::client::{Client, Quota};
use crate::access::quota::{Micros, Rate, micros};

/// What was drawn ahead is spent within this time, or lost.
const DRAWN_KEPT: Micros = 1_000_000;
/// A caller that has spent what was drawn within this time keeps the instance busy.
const BUSY: Micros = DRAWN_KEPT / 4;
/// No draw is larger than this part of a second's quota, so that the other instances find some.
const LARGEST_PART: u32 = 4;
/// One caller of a relaying client may meet this part of the unknown people that all of them may.
const LARGEST_SHARE: u32 = 10;
/// Callers remembered at most. What is forgotten costs one write to learn again.
const MOST: usize = 10_000;

/// The quotas of every caller.
#[derive(Debug)]
pub struct Quotas {
    store: QuotaStore,
    known: Mutex<HashMap<Subject, Known>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    buckets: Buckets,
    /// How much the last draw took.
    draw: u32,
    /// Drawn ahead and not spent.
    drawn: u32,
    drawn_at: Micros,
}

/// What a caller has left, as `RateLimit-*` headers say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    limit: u32,
    remaining: u32,
    /// When the bucket is full again, in seconds since 1970. The contract names the header, not its
    /// unit.
    reset: i64,
}

impl Allowance {
    /// The headers, by name.
    #[must_use]
    pub fn headers(self) -> [(&'static str, String); 3] {
        [
            ("ratelimit-limit", self.limit.to_string()),
            ("ratelimit-remaining", self.remaining.to_string()),
            ("ratelimit-reset", self.reset.to_string()),
        ]
    }
}

/// There isn't enough left, or it can't be known.
#[derive(Debug)]
pub enum Refused {
    /// Not before so many seconds.
    Empty {
        /// What is left: nothing, and when there will be more.
        allowance: Allowance,
        /// In seconds.
        retry_after: u64,
    },
    /// The store failed: without a quota there is no protection against enumeration, so there is no
    /// answer.
    Unavailable(StoreError),
}

impl Refused {
    /// What is left, if it is known.
    #[must_use]
    pub fn allowance(&self) -> Option<Allowance> {
        match self {
            Self::Empty { allowance, .. } => Some(*allowance),
            Self::Unavailable(_) => None,
        }
    }
}

/// One of the buckets that a request draws on.
struct Bucket {
    subject: Subject,
    per_second: u32,
    rate: Rate,
    unknown: Rate,
}

/// The client's bucket, and that of whom it asks for when it relays others.
fn buckets(client: &Client, relayed: Option<&str>) -> Vec<Bucket> {
    let Quota { per_second, per_caller, unknown_per_hour } = client.quota;
    let bucket = |subject, per_second: std::num::NonZeroU32, unknown| Bucket {
        subject,
        per_second: per_second.get(),
        rate: Rate::per_second(per_second),
        unknown: Rate::per_hour(unknown),
    };
    // All callers together have what the client has: `X-Caller` is the client's own word, and one
    // that changes it with each request gains nothing.
    let mut buckets =
        vec![bucket(Subject::client(&client.client_id), per_second, unknown_per_hour)];
    if let Some(each) = per_caller {
        let subject = Subject::caller(&client.client_id, relayed.unwrap_or_default());
        // A caller alone spends a tenth at most before it is slowed down, and the others not yet.
        let share = std::num::NonZeroU32::new(unknown_per_hour.get() / LARGEST_SHARE)
            .unwrap_or(unknown_per_hour);
        buckets.push(bucket(subject, each, share));
    }
    buckets
}

impl Quotas {
    /// The buckets of `store`.
    #[must_use]
    pub fn new(store: QuotaStore) -> Self {
        Self { store, known: Mutex::default() }
    }

    /// Takes the right to ask about `people` persons.
    pub async fn take(
        &self,
        client: &Client,
        relayed: Option<&str>,
        people: u32,
        now: Timestamp,
    ) -> Result<Allowance, Refused> {
        let now = micros(now);
        let mut tightest: Option<Allowance> = None;
        // The caller's own bucket first: a caller that is refused takes nothing from the others'.
        for bucket in buckets(client, relayed).iter().rev() {
            let allowance = self.take_from(bucket, people, now).await?;
            if tightest.is_none_or(|other| allowance.remaining < other.remaining) {
                tightest = Some(allowance);
            }
        }
        Ok(tightest.unwrap_or(Allowance { limit: 0, remaining: 0, reset: 0 }))
    }

    /// Counts people that nobody knows; says whether the caller looks like trying numbers out, from
    /// now on.
    pub async fn count_unknown(
        &self,
        client: &Client,
        relayed: Option<&str>,
        people: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let now = micros(now);
        let mut suspected = false;
        for bucket in &buckets(client, relayed) {
            let seen =
                self.store.count_unknown(&bucket.subject, bucket.unknown, people, now).await?;
            suspected |= bucket.unknown.is_overdrawn(seen.unknown_until, now);
            let known = self.known(&bucket.subject);
            self.remember(bucket, Known { buckets: seen, ..known });
        }
        Ok(suspected)
    }

    async fn take_from(
        &self,
        bucket: &Bucket,
        people: u32,
        now: Micros,
    ) -> Result<Allowance, Refused> {
        let known = self.known(&bucket.subject);
        let lowered = bucket.unknown.is_overdrawn(known.buckets.unknown_until, now);
        let rate = if lowered { bucket.rate.lowered() } else { bucket.rate };
        if known.drawn >= people && now - known.drawn_at < DRAWN_KEPT && !lowered {
            self.remember(bucket, Known { drawn: known.drawn - people, ..known });
            return Ok(bucket.allowance(rate, known.buckets, known.drawn - people, now));
        }
        // A bucket only ever moves on: what was empty by what we know is empty.
        if known.buckets.spent_until > rate.latest(now) {
            return Err(bucket.refusal(rate, known.buckets, now));
        }
        let draw = if lowered { people } else { people.max(bucket.next_draw(&known, now)) };
        match self
            .store
            .take(&bucket.subject, rate, draw, now)
            .await
            .map_err(Refused::Unavailable)?
        {
            Taken::Granted(buckets) => {
                self.remember(bucket, Known { buckets, draw, drawn: draw - people, drawn_at: now });
                Ok(bucket.allowance(rate, buckets, draw - people, now))
            }
            Taken::Refused(buckets) => {
                self.remember(bucket, Known { buckets, draw: 0, drawn: 0, drawn_at: now });
                Err(bucket.refusal(rate, buckets, now))
            }
        }
    }

    fn known(&self, subject: &Subject) -> Known {
        self.known.lock().ok().and_then(|known| known.get(subject).copied()).unwrap_or_default()
    }

    fn remember(&self, bucket: &Bucket, fresh: Known) {
        if let Ok(mut known) = self.known.lock() {
            if known.len() >= MOST && !known.contains_key(&bucket.subject) {
                known.clear();
            }
            known.insert(bucket.subject.clone(), fresh);
        }
    }
}

impl Bucket {
    /// How much to draw, when what was drawn is spent.
    fn next_draw(&self, known: &Known, now: Micros) -> u32 {
        let largest = (self.per_second / LARGEST_PART).max(1);
        let busy = known.drawn == 0 && now - known.drawn_at < BUSY;
        if busy { known.draw.saturating_mul(2).clamp(1, largest) } else { 1 }
    }

    fn allowance(&self, rate: Rate, buckets: Buckets, drawn: u32, now: Micros) -> Allowance {
        Allowance {
            limit: self.per_second,
            remaining: rate
                .remaining(buckets.spent_until, now)
                .saturating_add(drawn)
                .min(self.per_second),
            reset: (buckets.spent_until.max(now) + 999_999) / 1_000_000,
        }
    }

    fn refusal(&self, rate: Rate, buckets: Buckets, now: Micros) -> Refused {
        Refused::Empty {
            allowance: Allowance { remaining: 0, ..self.allowance(rate, buckets, 0, now) },
            retry_after: rate.retry_after_seconds(buckets.spent_until, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn a_busy_instance_draws_ahead_and_a_quiet_one_does_not() {
        let client = Client::new("client", "Client");
        let bucket = &buckets(&client, None)[0];
        let now = 1_800_000_000_000_000;
        let (mut known, mut draws) = (Known::default(), Vec::new());
        for _ in 0..5 {
            known = Known { draw: bucket.next_draw(&known, now), drawn_at: now, ..known };
            draws.push(known.draw);
        }
        assert_eq!(draws, [1, 2, 4, 5, 5], "a quarter of the twenty at most");
        assert_eq!(bucket.next_draw(&known, now + BUSY), 1);
        assert_eq!(
            bucket.next_draw(&Known { drawn: 3, ..known }, now + 1),
            1,
            "what it drew was not needed"
        );
    }

    #[test]
    fn a_relaying_client_has_a_bucket_of_its_own_and_one_for_each_caller() {
        let number = |number| NonZeroU32::new(number).unwrap();
        let mut client = Client::new("dinum", "DINUM");
        client.quota =
            Quota { per_second: number(2_000), per_caller: Some(number(20)), ..Quota::default() };
        let of = |caller| {
            buckets(&client, caller).into_iter().map(|bucket| bucket.subject).collect::<Vec<_>>()
        };
        assert_eq!(of(Some("DINUM - 1")).len(), 2);
        assert_eq!(of(Some("DINUM - 1"))[0], of(Some("DINUM - 2"))[0]);
        assert_ne!(of(Some("DINUM - 1"))[1], of(Some("DINUM - 2"))[1]);
        assert!(
            !format!("{:?}", of(Some("Camille Martin"))).contains("Martin"),
            "a caller may be a name"
        );
        assert_eq!(of(None).len(), 2, "without X-Caller there is one bucket for all of them");

        client.quota.per_caller = None;
        assert_eq!(buckets(&client, Some("DINUM - 1")).len(), 1);
    }

    #[test]
    fn a_caller_that_changes_its_name_has_no_more_unknown_people() {
        let number = |number| NonZeroU32::new(number).unwrap();
        let mut client = Client::new("dinum", "DINUM");
        let unknown_per_hour = number(3_600);
        client.quota =
            Quota { per_second: number(2_000), per_caller: Some(number(20)), unknown_per_hour };
        // What each bucket holds at once, its count per hour over six.
        let rates = |caller| {
            buckets(&client, Some(caller))
                .into_iter()
                .map(|bucket| bucket.unknown)
                .collect::<Vec<_>>()
        };
        let (uuid, legacy) =
            ("DINUM - 00000000-0000-0000-0000-000000000000", "1234 - Région Occitanie");
        assert_eq!(rates(uuid), [Rate::per_hour(unknown_per_hour), Rate::per_hour(number(360))]);
        assert_eq!(rates(legacy), rates(uuid), "the form of before passes alike");
        let subjects = |caller| buckets(&client, Some(caller)).into_iter().next().unwrap().subject;
        assert_eq!(subjects("a"), subjects("b"), "and all names draw on one bucket");
        client.quota.unknown_per_hour = number(5);
        assert_eq!(buckets(&client, Some("a"))[1].unknown, Rate::per_hour(number(5)));
    }
}
