//! Nobody decides on what they send: the establishments of a case, and those that a person sends
//! for.

use std::collections::BTreeSet;

use super::{ReviewError, ReviewRefusal, Reviewer, Reviewing};
use crate::domain::uai::Uai;
use crate::identity::review::{Case, CaseQuestion};
use crate::identity::student::{Student, StudentId};
use crate::registry::StoreError;

impl Reviewing {
    /// Whether the person sends, or is a member, of an establishment that has an enrolment in the
    /// case, on whichever side: joined to a student of theirs or told apart from it, their own word
    /// would gain or lose.
    ///
    /// Any client of the person counts, revoked ones too, and any membership that has ended, for
    /// what they sent is still there. Nothing is written here, so a request that comes twice is
    /// judged twice.
    pub async fn is_involved(&self, reviewer: &Reviewer, case: &Case) -> Result<bool, StoreError> {
        let mut sends_for = reviewer.member_of.clone();
        let clients = self.clients.of_officer(&reviewer.officer).await?;
        sends_for.extend(clients.iter().filter_map(|client| client.depositor));
        for uai in sends_for.clone() {
            if let Some(depositor) = self.establishments.get(uai).await? {
                sends_for.extend(depositor.sends_for);
            }
        }
        if sends_for.is_empty() {
            return Ok(false);
        }
        Ok(!self.establishments_of(&case.question).await?.is_disjoint(&sends_for))
    }

    pub(super) async fn refuse_involved(
        &self,
        reviewer: &Reviewer,
        case: &Case,
    ) -> Result<(), ReviewError> {
        if self.is_involved(reviewer, case).await? {
            return Err(ReviewRefusal::Involved.into());
        }
        Ok(())
    }

    /// The establishments that have an enrolment on either side. What is shown of a case is
    /// bounded; this is not.
    async fn establishments_of(
        &self,
        question: &CaseQuestion,
    ) -> Result<BTreeSet<Uai>, StoreError> {
        let mut establishments = BTreeSet::new();
        if let CaseQuestion::Attachment { record, .. } = question {
            let record = self.records.get(record).await?;
            establishments.extend(record.map(|record| record.declaration.inscription.uai));
        }
        let students: Vec<StudentId> = question.students().into_iter().collect();
        for student in students {
            let student = self.students.get(student).await?;
            let edges = student.iter().flat_map(Student::edges);
            establishments.extend(edges.map(|edge| edge.declaration.inscription.uai));
        }
        Ok(establishments)
    }
}
