//! Cases: a question about somebody who is erased needs no answer, and a case about nobody who is
//! left is erased once it has been closed long enough. Until then what was decided can be undone,
//! for which the case is needed.

use shared::identity::review::{Case, CaseQuestion};
use shared::registry::StoreError;
use shared::registry::segment::Segment;
use shared::retention::{Counts, case_is_over};

use crate::context::Context;
use crate::run::{Run, StepEnd};

/// Whom a case is about, as far as they are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    Everybody,
    Some,
    Nobody,
}

/// One part of the cases. Repeated, it finds those that are left.
pub(crate) async fn step(run: &Run<'_>, part: Segment) -> Result<StepEnd, StoreError> {
    let done = StepEnd::Done(Counts::default());
    let terms = run.pass.terms;
    if terms.students.is_none() && terms.cases.is_none() {
        return Ok(done);
    }
    let first_kept = terms.cases.map(|days| days.first_kept(run.pass.as_of));
    let mut from = None;
    loop {
        let (cases, next) = run.context.reviews.scan_segment(part, from).await?;
        for case in cases {
            let is_over = first_kept.is_some_and(|first_kept| case_is_over(&case, first_kept));
            if !is_over && !case.is_open() {
                continue;
            }
            if !run.has_turn().await {
                return Ok(StepEnd::OutOfTime);
            }
            conclude(run, case, is_over).await?;
        }
        from = next;
        if from.is_none() {
            return Ok(done);
        }
    }
}

/// Erases a case that is over, or withdraws one that asks about somebody who isn't there. One that
/// somebody wrote meanwhile is left to the next pass.
async fn conclude(run: &Run<'_>, mut case: Case, is_over: bool) -> Result<(), StoreError> {
    let context = run.context;
    match left(context, &case).await? {
        Left::Nobody if is_over => {
            let erased = context.reviews.erase(&case);
            let erased =
                erased.map_err(|error| StoreError::encode("reviews TransactWriteItems", error))?;
            let counts = Counts { cases: 1, ..Counts::default() };
            context.retention.erase(&run.pass.id, erased, counts).await?;
        }
        Left::Nobody | Left::Some if case.withdraw() => {
            context.reviews.save(&case).await?;
        }
        _ => {}
    }
    Ok(())
}

async fn left(context: &Context, case: &Case) -> Result<Left, StoreError> {
    if let CaseQuestion::Attachment { record, .. } = &case.question {
        let there = context.records.get(record).await?.is_some();
        return Ok(if there { Left::Everybody } else { Left::Nobody });
    }
    let (mut there, mut gone) = (false, false);
    for student in case.question.students() {
        match context.students.get(student).await? {
            Some(_) => there = true,
            None => gone = true,
        }
    }
    Ok(match (there, gone) {
        (true, false) => Left::Everybody,
        (true, true) => Left::Some,
        (false, _) => Left::Nobody,
    })
}
