//! A person asks that nothing be told of them (RGPD, article 18), and it ends with their request: by
//! the case that a dispute is, which hides its student in any way that they may be asked for, and
//! which a restore opens again.
//!
//! Both are written over the version that was read, and done again they change nothing. A crash
//! between the case and its pointer leaves a case that says what is to be applied: done again, the
//! pointer is sent, as long as the student isn't as the case wants it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Reviewing;
use crate::identity::engine::RULE_VERSION;
use crate::identity::review::{Case, CaseQuestion};
use crate::identity::student::StudentId;
use crate::registry::reviews::Saved;
use crate::registry::withdrawals::Withdrawn;
use crate::registry::{StoreError, backoff};
use crate::rights::RequestId;

impl Reviewing {
    /// Nothing is told of the student from the moment that the case's pointer is applied. A student
    /// that was joined to another since is that other; one that was erased is nobody.
    pub async fn contest(
        &self,
        student: StudentId,
        request: RequestId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(found) = self.students.get(student).await? else { return Ok(()) };
        for named in BTreeSet::from([student, found.id]) {
            // The case went with the student that was joined: that one is hidden by it already.
            let question = CaseQuestion::Dispute { student: named };
            if found.on_hold.contains_key(&question.case())
                && let Some(case) = self.cases.get(&question.case()).await?
                && case.contest.is_some_and(|contest| contest.requests.contains(&request))
            {
                return Ok(());
            }
        }
        let question = CaseQuestion::Dispute { student: found.id };
        let mut waits = backoff();
        loop {
            let read = self.cases.get(&question.case()).await?;
            let mut case = read.unwrap_or_else(|| Case::open(question.clone(), RULE_VERSION, now));
            // One that is being applied is asked about again, some milliseconds later.
            if let Ok(changed) = case.contest_by(request, now) {
                if changed {
                    // Before the case: a restore that loses the case must not have the student told
                    // again.
                    let student = found.id;
                    self.withdrawals.note(Withdrawn::Student { student }, now).await?;
                }
                if !changed || self.cases.save(&case).await? == Saved::Yes {
                    return self.point(&case).await;
                }
            }
            let wait = waits.next().ok_or_else(|| StoreError::contention("contesting"))?;
            tokio::time::sleep(wait).await;
        }
    }

    /// The request ended: the student is told of again, unless another request or somebody's doubt
    /// keeps them from it.
    pub async fn lift(
        &self,
        student: StudentId,
        request: RequestId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let joined = self.students.get(student).await?.map(|found| found.id);
        let named: BTreeSet<StudentId> = [student].into_iter().chain(joined).collect();
        for student in named {
            self.lift_one(student, request, now).await?;
        }
        Ok(())
    }

    async fn lift_one(
        &self,
        student: StudentId,
        request: RequestId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let id = CaseQuestion::Dispute { student }.case();
        let mut waits = backoff();
        loop {
            let Some(mut case) = self.cases.get(&id).await? else { return Ok(()) };
            if !case.lift(request, now) || self.cases.save(&case).await? == Saved::Yes {
                return self.point(&case).await;
            }
            let wait = waits.next().ok_or_else(|| StoreError::contention("lifting"))?;
            tokio::time::sleep(wait).await;
        }
    }
}
