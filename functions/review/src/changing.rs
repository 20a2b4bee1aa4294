//! A vote, an undo, a dispute: what a body says, and how the change is told.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::reply::json;
use shared::contract::review::{Changed, DecisionRequest, DisputeRequest, Subject, Summary};
use shared::identity::review::{Case, CaseId};
use shared::reviewing::{Disputed, ReviewRefusal, Reviewer, Vote};

use crate::context::Context;
use crate::handler::{RequestContext, asked};
use crate::refusal::{ApiError, Refusal, of};

/// Takes a vote.
pub(crate) async fn decide(
    context: &Context,
    reviewer: &Reviewer,
    id: &CaseId,
    body: &[u8],
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let request = DecisionRequest::parse(body).map_err(Refusal::from)?;
    let verdict = request.verdict().map_err(Refusal::from)?;
    let reason = request.motif.map(Into::into);
    let vote = Vote { version: request.version, verdict, reason };
    let decided = context.reviewing.decide(reviewer, id, vote, request_context.now).await;
    let case = decided.map_err(of)?;
    let message =
        if case.decision().is_some() { "décision enregistrée" } else { "réponse enregistrée" };
    Ok(changed(StatusCode::OK, message, &case))
}

/// Undoes the decision.
pub(crate) async fn undo(
    context: &Context,
    reviewer: &Reviewer,
    id: &CaseId,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let case = context.reviewing.undo(reviewer, id, request_context.now).await.map_err(of)?;
    Ok(changed(StatusCode::OK, "décision annulée", &case))
}

/// Opens the case of a student who may be two people.
pub(crate) async fn dispute(
    context: &Context,
    reviewer: &Reviewer,
    body: &[u8],
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let student = match DisputeRequest::parse(body).map_err(Refusal::from)? {
        Subject::Student(student) => Some(student),
        Subject::Record(record) => context.reviewing.student_of(&record).await?,
    };
    let student = student.ok_or(Refusal::Review(ReviewRefusal::StudentNotFound))?;
    let disputed = context.reviewing.dispute(reviewer, student, asked(request_context)).await;
    let (status, case) = match disputed.map_err(of)? {
        Disputed::New(case) => (StatusCode::CREATED, case),
        Disputed::Known(case) => (StatusCode::OK, case),
    };
    Ok(changed(status, "contestation enregistrée", &case))
}

fn changed(status: StatusCode, message: &'static str, case: &Case) -> Response<Body> {
    json(status, &Changed { message, revue: Summary::of(case) })
}
