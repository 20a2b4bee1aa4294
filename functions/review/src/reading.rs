//! One case, with all that may be shown of it: what is stored of both sides, compared as of now,
//! masked.
//!
//! The comparison is made anew rather than told as it was stored: what a side says may have
//! changed, and a decision is about what is there. Whoever is shown is a person whose data were
//! consulted, even masked: the trace comes before the answer, and without it there is none.

use futures_util::future::try_join_all;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::access::route::Route;
use shared::api::reply::json;
use shared::audit::{self, Action, Disclosure};
use shared::contract::review::{CaseDetail, Compared, Decided, Party, Possible, Source, Summary};
use shared::domain::enrolment::Declaration;
use shared::identity::block::Traits;
use shared::identity::digest::RecordId;
use shared::identity::engine::compare::Comparison;
use shared::identity::engine::decide::verdict;
use shared::identity::engine::explain::explain;
use shared::identity::engine::person::ComparedPerson;
use shared::identity::review::{Case, CaseId, CaseQuestion};
use shared::identity::student::{Student, StudentId};
use shared::registry::StoreError;

use crate::caller::Reviewer;
use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};

/// Students, or enrolments of a disputed one, shown of one case at most, the closest first: nobody
/// compares more.
const MOST_SHOWN: usize = 20;
/// What is shown of a person, masked.
const SHOWN: [&str; 7] =
    ["ine", "nom", "prenom", "autresPrenoms", "sexe", "dateNaissance", "lieuNaissance"];

/// Reads a case.
pub(crate) async fn read(
    context: &Context,
    reviewer: &Reviewer,
    id: &CaseId,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let case = context.reviews.get(id).await?.ok_or(Refusal::CaseNotFound)?;
    let sides = sides(context, &case).await?;
    let detail = CaseDetail {
        revue: Summary::of(&case),
        comparaisons: compared(&sides),
        reponses: Possible::answers(&case.question),
        decisions: Decided::all(&case),
        parties: sides.iter().map(Side::party).collect(),
    };
    trace(context, reviewer, request_context, sides.iter().map(Side::told).collect()).await?;
    Ok(json(StatusCode::OK, &detail))
}

/// Writes who was shown to whom.
pub(crate) async fn trace(
    context: &Context,
    reviewer: &Reviewer,
    request_context: &RequestContext,
    told: Vec<Disclosure>,
) -> Result<(), StoreError> {
    let request = audit::Request {
        uid: &request_context.uid,
        at: request_context.now,
        client: Some(reviewer.id()),
        depositor: None,
        route: Route::Review,
        action: Action::Consulted,
        caller: None,
        recipient: None,
    };
    context.traces.write(&request, &told).await
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

/// Both sides, or all of them, as of now. The first one is what the others are compared with.
async fn sides(context: &Context, case: &Case) -> Result<Vec<Side>, StoreError> {
    match &case.question {
        CaseQuestion::Attachment { record, master, near } => {
            let said =
                context.records.get(record).await?.map(|record| (record.id, record.declaration));
            let waiting = Side {
                student: None,
                shown: None,
                verified: master.is_some(),
                said: said.into_iter().collect(),
            };
            let near = near.iter().take(MOST_SHOWN).map(|near| &near.side);
            let students = try_join_all(
                near.map(|side| student(context, side.student, side.master.is_some())),
            )
            .await?;
            Ok([waiting].into_iter().chain(students).collect())
        }
        CaseQuestion::Duplicate { sides, .. } => {
            try_join_all(
                sides.iter().map(|side| student(context, side.student, side.master.is_some())),
            )
            .await
        }
        // Each enrolment is a side: which of them are somebody else's is the question.
        CaseQuestion::Dispute { student: id } => {
            let Side { student, shown, said, .. } = student(context, *id, false).await?;
            let side = |said| Side { student, shown, verified: false, said: vec![said] };
            Ok(said.into_iter().take(MOST_SHOWN).map(side).collect())
        }
    }
}

async fn student(context: &Context, id: StudentId, verified: bool) -> Result<Side, StoreError> {
    let student = context.students.get(id).await?;
    let said = student.iter().flat_map(Student::edges);
    let said = said.map(|edge| (edge.record.clone(), edge.declaration.clone())).collect();
    Ok(Side {
        student: Some(id),
        shown: student.as_ref().map(|student| student.id),
        verified,
        said,
    })
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
