//! The doubts about identities, counted for the quality of the register.

use shared::registry::StoreError;
use shared::registry::reviews::ReviewStore;
use shared::registry::segment::{Position, Segment};

use super::part::Counting;
use crate::quality::OfCases;

/// How they are counted.
pub(crate) struct CountingCases<'a> {
    pub(crate) reviews: &'a ReviewStore,
    pub(crate) segment: Segment,
}

impl Counting for CountingCases<'_> {
    type Counted = OfCases;

    fn nothing(&self) -> OfCases {
        OfCases::default()
    }

    async fn page(
        &self,
        after: Option<Position>,
        counted: &mut OfCases,
    ) -> Result<Option<Position>, StoreError> {
        let (cases, next) = self.reviews.scan_segment(self.segment, after).await?;
        for case in &cases {
            counted.add(case);
        }
        Ok(next)
    }
}
