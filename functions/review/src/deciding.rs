//! What changes a case: a vote, an undo, a dispute. Case, then pointer, then answer.
//!
//! The case is written over the version that was read, so of two officers at once one is asked to
//! read again. A crash between the case and its pointer leaves a case that says what is to be
//! applied and a caller without an answer: the same request again finds it said, changes nothing,
//! and sends the pointer. A pointer that is sent twice is applied once.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::reply::json;
use shared::audit::Disclosure;
use shared::contract::review::{Changed, DecisionRequest, DisputeRequest, Disputed, Summary};
use shared::identity::digest::RecordId;
use shared::identity::engine::RULE_VERSION;
use shared::identity::review::{Case, CaseId, CaseQuestion, CaseVerdict};
use shared::identity::student::StudentId;
use shared::registry::reviews::Saved;
use shared::registry::withdrawals::Withdrawn;

use crate::caller::Reviewer;
use crate::context::Context;
use crate::handler::RequestContext;
use crate::involved;
use crate::reading::trace;
use crate::refusal::{ApiError, Refusal};

/// Takes a vote.
///
/// A decision is about what was read: one that names another version is refused, unless it is said
/// already.
pub(crate) async fn decide(
    context: &Context,
    reviewer: &Reviewer,
    id: &CaseId,
    body: &[u8],
    now: Timestamp,
) -> Result<Response<Body>, ApiError> {
    let request = DecisionRequest::parse(body).map_err(Refusal::from)?;
    let verdict = request.verdict().map_err(Refusal::from)?;
    let read = context.reviews.get(id).await?.ok_or(Refusal::CaseNotFound)?;
    involved::refuse(context, reviewer, &read).await?;
    let mut case = read.clone();
    case.vote(reviewer.voice(), verdict.clone(), request.motif.map(Into::into), now)
        .map_err(Refusal::from)?;
    if case != read {
        if request.version != read.version {
            return Err(Refusal::Changed.into());
        }
        if let (CaseQuestion::Dispute { student }, CaseVerdict::Split(records)) =
            (&case.question, &verdict)
        {
            check_split(context, *student, records).await?;
        }
    }
    let message =
        if case.decision().is_some() { "décision enregistrée" } else { "réponse enregistrée" };
    change(context, &read, case, StatusCode::OK, message).await
}

/// Some of the student's enrolments leave, and some stay: else there is nobody to tell apart.
async fn check_split(
    context: &Context,
    student: StudentId,
    records: &BTreeSet<RecordId>,
) -> Result<(), ApiError> {
    let student = context.students.get(student).await?.ok_or(Refusal::StudentNotFound)?;
    let own: BTreeSet<&RecordId> = student.edges().map(|edge| &edge.record).collect();
    if records.len() < own.len() && records.iter().all(|record| own.contains(record)) {
        return Ok(());
    }
    Err(Refusal::Invalid(
        "inscriptions : une partie de celles de l'étudiant, et non toutes".to_owned(),
    )
    .into())
}

/// Undoes the decision.
pub(crate) async fn undo(
    context: &Context,
    reviewer: &Reviewer,
    id: &CaseId,
    now: Timestamp,
) -> Result<Response<Body>, ApiError> {
    let read = context.reviews.get(id).await?.ok_or(Refusal::CaseNotFound)?;
    let mut case = read.clone();
    involved::refuse(context, reviewer, &read).await?;
    case.undo(reviewer.voice(), now).map_err(Refusal::from)?;
    change(context, &read, case, StatusCode::OK, "décision annulée").await
}

/// Opens the case of a student who may be two people: nothing is told of it from the moment that
/// the pointer is applied. It leaves a trace, like a reading: who made a student disappear must be
/// known.
pub(crate) async fn dispute(
    context: &Context,
    reviewer: &Reviewer,
    student: StudentId,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    trace(
        context,
        reviewer,
        request_context,
        vec![Disclosure { student: Some(student), ..Disclosure::default() }],
    )
    .await?;
    let question = CaseQuestion::Dispute { student };
    let opened = Case::open(question.clone(), RULE_VERSION, request_context.now);
    // Whoever hides a student, or opens a decision again, decides as well.
    involved::refuse(context, reviewer, &opened).await?;
    // Before the case: a restore that loses the case must not have the student told again.
    let withdrawn = Withdrawn::Student { student };
    context.withdrawals.note(withdrawn, request_context.now).await?;
    let Some(read) = context.reviews.get(&question.case()).await? else {
        return save(context, opened, StatusCode::CREATED, "contestation enregistrée").await;
    };
    let mut case = read.clone();
    case.ask_again(question, RULE_VERSION, request_context.now);
    change(context, &read, case, StatusCode::OK, "contestation enregistrée").await
}

/// The student that is meant, if there is one.
pub(crate) async fn disputed(context: &Context, body: &[u8]) -> Result<StudentId, ApiError> {
    let student = match DisputeRequest::parse(body).map_err(Refusal::from)? {
        Disputed::Student(student) => Some(student),
        Disputed::Record(record) => {
            context.records.get(&record).await?.and_then(|record| record.student)
        }
    };
    let student = student.ok_or(Refusal::StudentNotFound)?;
    Ok(context
        .students
        .get(student)
        .await?
        .map(|student| student.id)
        .ok_or(Refusal::StudentNotFound)?)
}

/// Writes what changed, if anything did; sends the pointer in either case.
async fn change(
    context: &Context,
    read: &Case,
    case: Case,
    status: StatusCode,
    message: &'static str,
) -> Result<Response<Body>, ApiError> {
    if case != *read {
        return save(context, case, status, message).await;
    }
    answer(context, &case, status, message).await
}

async fn save(
    context: &Context,
    mut case: Case,
    status: StatusCode,
    message: &'static str,
) -> Result<Response<Body>, ApiError> {
    match context.reviews.save(&case).await? {
        Saved::Yes => case.version += 1,
        Saved::Overtaken => return Err(Refusal::Changed.into()),
    }
    answer(context, &case, status, message).await
}

async fn answer(
    context: &Context,
    case: &Case,
    status: StatusCode,
    message: &'static str,
) -> Result<Response<Body>, ApiError> {
    if case.pending().is_some() {
        context.queue.send_case(&case.id).await?;
    }
    Ok(json(status, &Changed { message, revue: Summary::of(case) }))
}
