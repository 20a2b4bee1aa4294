//! Records that never became a student's, whose enrolment ended long enough ago: nobody is told of
//! them, nothing is derived from them, and each is erased by itself.

use shared::registry::StoreError;
use shared::registry::segment::Segment;
use shared::retention::Counts;

use crate::run::{Run, StepEnd};

/// One part of the records. Repeated, it finds those that are left.
pub(crate) async fn step(run: &Run<'_>, part: Segment) -> Result<StepEnd, StoreError> {
    let context = run.context;
    let done = StepEnd::Done(Counts::default());
    let Some(days) = run.pass.terms.students else { return Ok(done) };
    let first_kept = days.first_kept(run.pass.as_of);
    let mut from = None;
    loop {
        let page = context.records.scan_unattached(part, first_kept, from).await?;
        for (record, version) in page.records {
            if !run.has_turn().await {
                return Ok(StepEnd::OutOfTime);
            }
            let erased = context.records.erase_unattached(&record, &version);
            let erased =
                erased.map_err(|error| StoreError::encode("records TransactWriteItems", error))?;
            let counts = Counts { records: 1, ..Counts::default() };
            // One that was sent again or attached meanwhile is looked at by the next pass.
            context.retention.erase(&run.pass.id, erased, counts).await?;
        }
        from = page.next;
        if from.is_none() {
            return Ok(done);
        }
    }
}
