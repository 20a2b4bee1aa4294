//! Nobody decides on what they send: the establishments of a case, and those that a person sends
//! for.

use std::collections::BTreeSet;

use shared::domain::uai::Uai;
use shared::identity::review::{Case, CaseQuestion};
use shared::identity::student::{Student, StudentId};
use shared::registry::StoreError;

use crate::caller::Reviewer;
use crate::context::Context;
use crate::refusal::{ApiError, Refusal};

/// Refuses a person who sends for an establishment that has an enrolment in the case, on whichever
/// side: joined to a student of theirs or told apart from it, their own word would gain or lose.
///
/// Any client of the person counts, revoked ones too, for what they sent is still there. Nothing is
/// written here, so a request that comes twice is judged twice.
pub(crate) async fn refuse(
    context: &Context,
    reviewer: &Reviewer,
    case: &Case,
) -> Result<(), ApiError> {
    let mut sends_for = BTreeSet::new();
    for client in context.clients.of_officer(&reviewer.officer).await? {
        let Some(uai) = client.depositor else { continue };
        sends_for.insert(uai);
        if let Some(depositor) = context.establishments.get(uai).await? {
            sends_for.extend(depositor.sends_for);
        }
    }
    if sends_for.is_empty()
        || establishments(context, &case.question).await?.is_disjoint(&sends_for)
    {
        return Ok(());
    }
    Err(Refusal::Involved.into())
}

/// The establishments that have an enrolment on either side. What is shown of a case is bounded;
/// this is not.
async fn establishments(
    context: &Context,
    question: &CaseQuestion,
) -> Result<BTreeSet<Uai>, StoreError> {
    let mut establishments = BTreeSet::new();
    if let CaseQuestion::Attachment { record, .. } = question {
        let record = context.records.get(record).await?;
        establishments.extend(record.map(|record| record.declaration.inscription.uai));
    }
    let students: Vec<StudentId> = question.students().into_iter().collect();
    for student in students {
        let student = context.students.get(student).await?;
        let edges = student.iter().flat_map(Student::edges);
        establishments.extend(edges.map(|edge| edge.declaration.inscription.uai));
    }
    Ok(establishments)
}
