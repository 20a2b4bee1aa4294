//! What changes a case: a vote, an undo, a dispute. Case, then pointer, then answer.
//!
//! The case is written over the version that was read, so of two officers at once one is asked to
//! read again. A crash between the case and its pointer leaves a case that says what is to be
//! applied and a caller without an answer: the same request again finds it said, changes nothing,
//! and sends the pointer. A pointer that is sent twice is applied once.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Asked, ReviewError, ReviewRefusal, Reviewer, Reviewing};
use crate::audit::Disclosure;
use crate::identity::digest::RecordId;
use crate::identity::engine::RULE_VERSION;
use crate::identity::review::{Case, CaseId, CaseQuestion, CaseVerdict, Reason};
use crate::identity::student::StudentId;
use crate::registry::StoreError;
use crate::registry::reviews::Saved;
use crate::registry::withdrawals::Withdrawn;

/// An answer to a case, about the version that was read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    pub version: u64,
    pub verdict: CaseVerdict,
    pub reason: Option<Reason>,
}

/// The case of a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disputed {
    /// It wasn't there before.
    New(Case),
    /// It was there, and is open.
    Known(Case),
}

impl Reviewing {
    /// Takes a vote, and returns the case with it.
    ///
    /// A decision is about what was read: one that names another version is refused, unless it is
    /// said already.
    pub async fn decide(
        &self,
        reviewer: &Reviewer,
        id: &CaseId,
        vote: Vote,
        now: Timestamp,
    ) -> Result<Case, ReviewError> {
        let Vote { version, verdict, reason } = vote;
        let read = self.cases.get(id).await?.ok_or(ReviewRefusal::CaseNotFound)?;
        self.refuse_involved(reviewer, &read).await?;
        let mut case = read.clone();
        case.vote(reviewer.officer.as_str(), verdict.clone(), reason, now)
            .map_err(ReviewRefusal::from)?;
        if case != read {
            if version != read.version {
                return Err(ReviewRefusal::Changed.into());
            }
            if let (CaseQuestion::Dispute { student }, CaseVerdict::Split(records)) =
                (&case.question, &verdict)
            {
                self.check_split(*student, records).await?;
            }
        }
        self.change(&read, case).await
    }

    /// Some of the student's enrolments leave, and some stay: else there is nobody to tell apart.
    async fn check_split(
        &self,
        student: StudentId,
        records: &BTreeSet<RecordId>,
    ) -> Result<(), ReviewError> {
        let student = self.students.get(student).await?.ok_or(ReviewRefusal::StudentNotFound)?;
        let own: BTreeSet<&RecordId> = student.edges().map(|edge| &edge.record).collect();
        if records.len() < own.len() && records.iter().all(|record| own.contains(record)) {
            return Ok(());
        }
        Err(ReviewRefusal::NotAPart.into())
    }

    /// Undoes the decision.
    pub async fn undo(
        &self,
        reviewer: &Reviewer,
        id: &CaseId,
        now: Timestamp,
    ) -> Result<Case, ReviewError> {
        let read = self.cases.get(id).await?.ok_or(ReviewRefusal::CaseNotFound)?;
        self.refuse_involved(reviewer, &read).await?;
        let mut case = read.clone();
        case.undo(reviewer.officer.as_str(), now).map_err(ReviewRefusal::from)?;
        self.change(&read, case).await
    }

    /// The student that has an enrolment.
    pub async fn student_of(&self, record: &RecordId) -> Result<Option<StudentId>, StoreError> {
        Ok(self.records.get(record).await?.and_then(|record| record.student))
    }

    /// Opens the case of a student who may be two people: nothing is told of it from the moment
    /// that the pointer is applied. It leaves a trace, like a reading: who made a student disappear
    /// must be known.
    pub async fn dispute(
        &self,
        reviewer: &Reviewer,
        student: StudentId,
        asked: Asked<'_>,
    ) -> Result<Disputed, ReviewError> {
        // The student may have been joined to another since.
        let student = self.students.get(student).await?.ok_or(ReviewRefusal::StudentNotFound)?.id;
        let told = Disclosure { student: Some(student), ..Disclosure::default() };
        self.trace(reviewer, asked, vec![told]).await?;
        let question = CaseQuestion::Dispute { student };
        let opened = Case::open(question.clone(), RULE_VERSION, asked.at);
        // Whoever hides a student, or opens a decision again, decides as well.
        self.refuse_involved(reviewer, &opened).await?;
        // Before the case: a restore that loses the case must not have the student told again.
        self.withdrawals.note(Withdrawn::Student { student }, asked.at).await?;
        let Some(read) = self.cases.get(&question.case()).await? else {
            return self.save(opened).await.map(Disputed::New);
        };
        let mut case = read.clone();
        case.ask_again(question, RULE_VERSION, asked.at);
        self.change(&read, case).await.map(Disputed::Known)
    }

    /// Writes what changed, if anything did; sends the pointer in either case.
    async fn change(&self, read: &Case, case: Case) -> Result<Case, ReviewError> {
        if case != *read {
            return self.save(case).await;
        }
        self.point(&case).await?;
        Ok(case)
    }

    async fn save(&self, mut case: Case) -> Result<Case, ReviewError> {
        match self.cases.save(&case).await? {
            Saved::Yes => case.version += 1,
            Saved::Overtaken => return Err(ReviewRefusal::Changed.into()),
        }
        self.point(&case).await?;
        Ok(case)
    }

    pub(super) async fn point(&self, case: &Case) -> Result<(), StoreError> {
        if case.pending().is_some() {
            self.queue.send_case(&case.id).await?;
        }
        Ok(())
    }
}
