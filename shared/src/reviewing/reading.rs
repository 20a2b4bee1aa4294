//! One case, with all that may be shown of it: what is stored of both sides, compared as of now,
//! masked.
//!
//! The comparison is made anew rather than told as it was stored: what a side says may have
//! changed, and a decision is about what is there. Whoever is shown is a person whose data were
//! consulted, even masked: the trace comes before the answer, and without it there is none.

use futures_util::future::try_join_all;

use super::{Asked, ReviewError, ReviewRefusal, Reviewer, Reviewing};
use crate::audit::Disclosure;
use crate::contract::review::{CaseDetail, Compared, Decided, Party, Possible, Source, Summary};
use crate::domain::enrolment::Declaration;
use crate::identity::block::Traits;
use crate::identity::digest::RecordId;
use crate::identity::engine::compare::Comparison;
use crate::identity::engine::decide::verdict;
use crate::identity::engine::explain::explain;
use crate::identity::engine::person::ComparedPerson;
use crate::identity::review::{Case, CaseId, CaseQuestion};
use crate::identity::student::{Student, StudentId};
use crate::registry::StoreError;

/// Students, or enrolments of a disputed one, shown of one case at most, the closest first: nobody
/// compares more.
const MOST_SHOWN: usize = 20;
/// What is shown of a person, masked.
const SHOWN: [&str; 7] =
    ["ine", "nom", "prenom", "autresPrenoms", "sexe", "dateNaissance", "lieuNaissance"];

impl Reviewing {
    /// Reads a case, with the detail that may be shown of it.
    pub async fn read(
        &self,
        reviewer: &Reviewer,
        id: &CaseId,
        asked: Asked<'_>,
    ) -> Result<(Case, CaseDetail), ReviewError> {
        let case = self.cases.get(id).await?.ok_or(ReviewRefusal::CaseNotFound)?;
        let sides = self.sides(&case).await?;
        let detail = CaseDetail {
            revue: Summary::of(&case),
            comparaisons: compared(&sides),
            reponses: Possible::answers(&case.question),
            decisions: Decided::all(&case),
            parties: sides.iter().map(Side::party).collect(),
        };
        self.trace(reviewer, asked, sides.iter().map(Side::told).collect()).await?;
        Ok((case, detail))
    }

    /// Both sides, or all of them, as of now. The first one is what the others are compared with.
    async fn sides(&self, case: &Case) -> Result<Vec<Side>, StoreError> {
        match &case.question {
            CaseQuestion::Attachment { record, master, near } => {
                let said =
                    self.records.get(record).await?.map(|record| (record.id, record.declaration));
                let waiting = Side {
                    student: None,
                    shown: None,
                    verified: master.is_some(),
                    said: said.into_iter().collect(),
                };
                let near = near.iter().take(MOST_SHOWN).map(|near| &near.side);
                let students = try_join_all(
                    near.map(|side| self.student(side.student, side.master.is_some())),
                )
                .await?;
                Ok([waiting].into_iter().chain(students).collect())
            }
            CaseQuestion::Duplicate { sides, .. } => {
                try_join_all(
                    sides.iter().map(|side| self.student(side.student, side.master.is_some())),
                )
                .await
            }
            // Each enrolment is a side: which of them are somebody else's is the question.
            CaseQuestion::Dispute { student: id } => {
                let Side { student, shown, said, .. } = self.student(*id, false).await?;
                let side = |said| Side { student, shown, verified: false, said: vec![said] };
                Ok(said.into_iter().take(MOST_SHOWN).map(side).collect())
            }
        }
    }

    async fn student(&self, id: StudentId, verified: bool) -> Result<Side, StoreError> {
        let student = self.students.get(id).await?;
        let said = student.iter().flat_map(Student::edges);
        let said = said.map(|edge| (edge.record.clone(), edge.declaration.clone())).collect();
        Ok(Side {
            student: Some(id),
            shown: student.as_ref().map(|student| student.id),
            verified,
            said,
        })
    }
}

/// Who is in question, and what is said of them.
struct Side {
    /// The student, as the case names it.
    student: Option<StudentId>,
    /// The student that it is now: it may have been joined to another.
    shown: Option<StudentId>,
    verified: bool,
    /// Empty for a side that is no more: erased, or joined with another since.
    said: Vec<(RecordId, Declaration)>,
}

impl Side {
    fn party(&self) -> Party {
        let source = |(id, Declaration { inscription, .. }): &(RecordId, Declaration)| Source {
            id: id.clone(),
            uai: inscription.uai,
            annee: inscription.academic_year(),
        };
        Party {
            etudiant: self.student.map(|student| student.to_string()),
            verifie: self.verified,
            inscriptions: self.said.iter().map(source).collect(),
        }
    }

    /// Who waits has a student that another one may take the place of, so its trace is the
    /// enrolment's.
    fn told(&self) -> Disclosure {
        let record =
            self.said.first().filter(|_| self.shown.is_none()).map(|(record, _)| record.clone());
        let (student, enrolments) = (self.shown, self.said.len());
        Disclosure { student, record, enrolments, fields: SHOWN.to_vec(), ..Disclosure::default() }
    }

    fn people(&self) -> Vec<ComparedPerson> {
        let person = |declaration: &Declaration| {
            Traits::said(declaration.ine, declaration.identite.clone()).person()
        };
        self.said.iter().map(|(_, declaration)| person(declaration)).collect()
    }
}

/// The first side with each of the others, by their closest enrolments.
fn compared(sides: &[Side]) -> Vec<Compared> {
    let Some((first, others)) = sides.split_first() else { return Vec::new() };
    let first = first.people();
    let compare = |(at, other): (usize, &Side)| {
        let other = other.people();
        let pairs = first.iter().flat_map(|left| other.iter().map(move |right| (left, right)));
        let compared = pairs.map(|(left, right)| (left, right, Comparison::of(left, right)));
        let closest =
            compared.max_by_key(|(.., comparison)| (verdict(comparison), comparison.bits));
        closest.map(|(left, right, comparison)| {
            Compared::new([0, at + 1], explain(left, right, &comparison))
        })
    };
    others.iter().enumerate().filter_map(compare).collect()
}
