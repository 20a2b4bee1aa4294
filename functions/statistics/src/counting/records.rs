//! The records, counted for the quality of what establishments send.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shared::domain::academic_year::AcademicYear;
use shared::domain::uai::Uai;
use shared::registry::StoreError;
use shared::registry::records::RecordStore;
use shared::registry::segment::{Position, Segment};

use super::part::Counting;
use crate::quality::OfRecords;

/// How they are counted.
pub(crate) struct CountingRecords<'a> {
    pub(crate) records: &'a RecordStore,
    pub(crate) segment: Segment,
    pub(crate) year: AcademicYear,
    /// The first instant from which on it is counted how long records took.
    pub(crate) from: Timestamp,
}

impl Counting for CountingRecords<'_> {
    /// By establishment that sends.
    type Counted = BTreeMap<Uai, OfRecords>;

    fn nothing(&self) -> Self::Counted {
        BTreeMap::new()
    }

    async fn page(
        &self,
        after: Option<Position>,
        counted: &mut Self::Counted,
    ) -> Result<Option<Position>, StoreError> {
        let (records, next) = self.records.judged_page(self.segment, after).await?;
        // What can't be read has no sender here; the observations of the students count it.
        for judged in records.into_iter().flatten() {
            if judged.enrolment().academic_year() == self.year {
                counted.entry(judged.sent_by()).or_default().add(&judged, self.from);
            }
        }
        Ok(next)
    }
}
