//! The table `quotas`: how much each caller has taken, one item a caller (see
//! [`crate::access::quota`]).

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::StoreError;
use super::keys::{Item, number, text};
use crate::access::key::KeyDigest;
use crate::access::quota::{Micros, Rate};

/// How long an item is kept after its last use: as long as the hour that unknown people are counted
/// by, and some.
const KEPT_SECONDS: i64 = 2 * 60 * 60;
/// Others may take from the bucket between two of our attempts; beyond that many it is as good as
/// empty.
const ATTEMPTS: usize = 5;

/// Whose bucket it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject(String);

impl Subject {
    /// A client, all its callers together.
    #[must_use]
    pub fn client(client_id: &str) -> Self {
        Self(format!("C#{client_id}"))
    }

    /// Everybody who reads shares, together: a code is tried out by whoever likes to.
    #[must_use]
    pub fn share_readings() -> Self {
        Self("H#partage".to_owned())
    }

    /// One of those a relaying client asks for. Its `X-Caller` may hold a name, so the key holds a
    /// digest.
    #[must_use]
    pub fn caller(client_id: &str, caller: &str) -> Self {
        Self(format!("C#{client_id}#{}", KeyDigest::of(caller).locator()))
    }
}

/// What the store says of a caller's buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Buckets {
    /// Until when what was asked is paid for.
    pub spent_until: Micros,
    /// The same for unknown people.
    pub unknown_until: Micros,
}

/// Whether there was enough left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// There was, and it is taken.
    Granted(Buckets),
    /// There wasn't.
    Refused(Buckets),
}

/// The table `quotas`.
#[derive(Debug, Clone)]
pub struct QuotaStore {
    client: Client,
    table: String,
}

#[derive(Clone, Copy)]
enum Bucket {
    Spent,
    Unknown,
}

impl Bucket {
    fn attribute(self) -> &'static str {
        match self {
            Self::Spent => "spent_until",
            Self::Unknown => "unknown_until",
        }
    }

    fn of(self, buckets: Buckets) -> Micros {
        match self {
            Self::Spent => buckets.spent_until,
            Self::Unknown => buckets.unknown_until,
        }
    }
}

impl QuotaStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Takes `count` out of a caller's bucket if there is room for one: one write, two when the
    /// bucket is in use.
    ///
    /// Taken twice (a retried call) is charged twice, which is the safe side.
    pub async fn take(
        &self,
        subject: &Subject,
        rate: Rate,
        count: u32,
        now: Micros,
    ) -> Result<Taken, StoreError> {
        self.move_on(subject, Bucket::Spent, rate.cost(count), now, rate.latest(now)).await
    }

    /// Counts `count` people that nobody knows.
    pub async fn count_unknown(
        &self,
        subject: &Subject,
        rate: Rate,
        count: u32,
        now: Micros,
    ) -> Result<Buckets, StoreError> {
        match self.move_on(subject, Bucket::Unknown, rate.cost(count), now, Micros::MAX).await? {
            Taken::Granted(buckets) | Taken::Refused(buckets) => Ok(buckets),
        }
    }

    /// Moves a bucket on by `cost`, unless it is beyond `latest` already.
    async fn move_on(
        &self,
        subject: &Subject,
        bucket: Bucket,
        cost: Micros,
        now: Micros,
        latest: Micros,
    ) -> Result<Taken, StoreError> {
        // Idle is the usual case. If it isn't, the store says what it is instead.
        let mut buckets = Buckets::default();
        for _ in 0..ATTEMPTS {
            let idle = bucket.of(buckets) <= now;
            match self.charge(subject, bucket, cost, now, (!idle).then_some(latest)).await? {
                Ok(buckets) => return Ok(Taken::Granted(buckets)),
                Err(seen) => buckets = seen,
            }
            if bucket.of(buckets) > latest {
                break;
            }
        }
        Ok(Taken::Refused(buckets))
    }

    /// Moves a bucket on, in one write: an idle one from now, or, given the `latest` state from
    /// which it may be moved, one in use from where it is. The inner error is what it is when it is
    /// in neither case.
    async fn charge(
        &self,
        subject: &Subject,
        bucket: Bucket,
        cost: Micros,
        now: Micros,
        latest: Option<Micros>,
    ) -> Result<Result<Buckets, Buckets>, StoreError> {
        const OPERATION: &str = "quotas UpdateItem";
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("subject", text(&subject.0))
            .expression_attribute_names("#bucket", bucket.attribute())
            .expression_attribute_values(":now", number(now))
            .expression_attribute_values(":expires", number(now / 1_000_000 + KEPT_SECONDS))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let update = match latest {
            None => update
                .update_expression("SET #bucket = :then, expires_at = :expires")
                .condition_expression("attribute_not_exists(#bucket) OR #bucket <= :now")
                .expression_attribute_values(":then", number(now + cost)),
            Some(latest) => update
                .update_expression("SET #bucket = #bucket + :cost, expires_at = :expires")
                .condition_expression("#bucket > :now AND #bucket <= :latest")
                .expression_attribute_values(":cost", number(cost))
                .expression_attribute_values(":latest", number(latest)),
        };
        match update.send().await {
            Ok(output) => Ok(Ok(buckets(output.attributes.as_ref()))),
            Err(error) => {
                if let Some(UpdateItemError::ConditionalCheckFailedException(failed)) =
                    error.as_service_error()
                {
                    return Ok(Err(buckets(failed.item.as_ref())));
                }
                Err(StoreError::new(OPERATION, &error))
            }
        }
    }
}

fn buckets(item: Option<&Item>) -> Buckets {
    let number = |name: &str| {
        item.and_then(|item| item.get(name)?.as_n().ok()?.parse().ok()).unwrap_or_default()
    };
    Buckets {
        spent_until: number(Bucket::Spent.attribute()),
        unknown_until: number(Bucket::Unknown.attribute()),
    }
}
