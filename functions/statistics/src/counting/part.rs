//! One part of a table, counted page by page for as long as there is time.

use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::registry::StoreError;
use shared::registry::segment::Position;
use tokio::time::Instant;

use super::Part;
use super::kept::{Kept, Unfinished};
use crate::handler::StatisticsError;

/// What is left of an invocation's time when it stops counting: a page takes a second at most, and
/// keeping what was counted some seconds.
const MARGIN: Duration = Duration::from_mins(1);

/// Whether a part was counted to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    End,
    /// The rest is for another invocation.
    Page,
}

/// A table as it is counted.
pub(crate) trait Counting: Send {
    /// What it comes to.
    type Counted: Serialize + DeserializeOwned + Send;

    /// Nothing counted yet.
    fn nothing(&self) -> Self::Counted;

    /// Gives back what isn't kept between two invocations.
    fn go_on(&self, _counted: &mut Self::Counted) {}

    /// Counts one page, and says where the next one begins.
    fn page(
        &self,
        after: Option<Position>,
        counted: &mut Self::Counted,
    ) -> impl Future<Output = Result<Option<Position>, StoreError>> + Send;
}

/// Goes on with a part, and keeps what it comes to.
pub(crate) async fn count<C: Counting>(
    counting: &C,
    kept: &Kept<'_>,
    part: Part,
    killed_at: Instant,
) -> Result<Reached, StatisticsError> {
    let (mut counted, mut after) = match kept.unfinished(part).await? {
        Some(Unfinished { mut counted, after }) => {
            counting.go_on(&mut counted);
            (counted, Some(after))
        }
        None => (counting.nothing(), None),
    };
    loop {
        let Some(next) = counting.page(after, &mut counted).await? else {
            kept.keep(part, &counted).await?;
            return Ok(Reached::End);
        };
        if Instant::now() + MARGIN >= killed_at {
            kept.interrupt(part, &Unfinished { counted, after: next }).await?;
            return Ok(Reached::Page);
        }
        after = Some(next);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use fakes::s3::{Buckets, Pieces};
    use jiff::Timestamp;

    use super::*;
    use crate::counting::{CountId, Table};
    use crate::store::SnapshotStore;

    /// Numbers in pages of two, which are added up.
    struct Numbers(Vec<u64>);

    impl Counting for Numbers {
        type Counted = u64;

        fn nothing(&self) -> u64 {
            0
        }

        async fn page(
            &self,
            after: Option<Position>,
            counted: &mut u64,
        ) -> Result<Option<Position>, StoreError> {
            let after = after.map(|after| serde_json::to_value(after).unwrap());
            let from: usize =
                after.map_or(0, |after| after["at"].as_str().unwrap().parse().unwrap());
            let page = self.0.iter().skip(from).take(2);
            *counted += page.sum::<u64>();
            let next = Some(from + 2).filter(|next| *next < self.0.len());
            Ok(next.map(|next| {
                let key = BTreeMap::from([("at", next.to_string())]);
                serde_json::from_value(serde_json::to_value(key).unwrap()).unwrap()
            }))
        }
    }

    #[tokio::test]
    async fn whoever_runs_out_of_time_keeps_what_it_has_and_another_goes_on() {
        let buckets = Arc::new(Buckets::default());
        let answering = Arc::clone(&buckets);
        let aws = fakes::aws::config(move |call| {
            answering.call(call, Timestamp::UNIX_EPOCH, |bytes| Pieces::new([Ok(bytes)]))
        });
        let store = SnapshotStore::new(shared::config::s3(&aws), "statistics".to_owned());
        let kept = Kept::of(&store, &CountId::try_from("a".to_owned()).unwrap());
        let part = Part { table: Table::Etudiants, at: 0 };
        let numbers = Numbers(vec![1, 2, 3, 4, 5]);
        let no_time = Instant::now();
        for _ in 0..2 {
            assert_eq!(count(&numbers, &kept, part, no_time).await.unwrap(), Reached::Page);
        }
        // One that is delivered again while another has gone on adds nothing twice.
        assert_eq!(count(&numbers, &kept, part, no_time).await.unwrap(), Reached::End);
        assert_eq!(count(&numbers, &kept, part, no_time).await.unwrap(), Reached::End);
        assert_eq!(kept.part::<u64>(part).await.unwrap(), Some(15));

        let kept = Kept::of(&store, &CountId::try_from("b".to_owned()).unwrap());
        let much = no_time + Duration::from_hours(1);
        assert_eq!(count(&numbers, &kept, part, much).await.unwrap(), Reached::End);
        assert_eq!(kept.part::<u64>(part).await.unwrap(), Some(15));
    }
}
