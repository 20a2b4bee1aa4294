//! What an establishment said before: reading it back, and cancelling it.
//!
//! Only of its own: any other id is unknown, whether or not it exists.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::reply::json;
use shared::audit::Action;
use shared::contract::enrolment::{Existing, Progress};
use shared::identity::digest::RecordId;
use shared::registry::records::Record;
use shared::statements::StatementError;

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::{RequestContext, charge};
use crate::refusal::{ApiError, Refusal, refused};

/// Reads an enrolment back.
pub(crate) async fn read(
    context: &Context,
    caller: &Caller,
    id: &str,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    charge(context, caller, request_context, 1).await?;
    let record = own(context, caller, id).await?;
    let sender = caller.sender(request_context);
    context.statements.trace_record(sender, Action::Read, &record).await?;
    let found = Existing::found(&record.id, &record.declaration, progress(&record));
    Ok(json(StatusCode::OK, &found.with_identity(record.statut_ine, record.finding)))
}

/// Cancels an enrolment. Cancelled twice is the same ([`shared::statements::Statements::cancel`]).
pub(crate) async fn cancel(
    context: &Context,
    caller: &Caller,
    id: &str,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    charge(context, caller, request_context, 1).await?;
    let record = own(context, caller, id).await?;
    let id = record.id.clone();
    request_context.facts.enrolments = 1;
    let cancelled = context.statements.cancel(caller.sender(request_context), record).await;
    let (record, waits) = cancelled.map_err(|error| match error {
        StatementError::NotFound => not_found(&id),
        error => refused(error, [String::new(), String::new()], request_context.now),
    })?;
    request_context.facts.stored = usize::from(waits);
    Ok(json(
        StatusCode::OK,
        &Existing::cancelled(&record.id, &record.declaration, progress(&record)),
    ))
}

async fn own(context: &Context, caller: &Caller, id: &str) -> Result<Record, ApiError> {
    // What hasn't the form of an id may be anything, and isn't given back.
    let id = RecordId::parse(id).ok_or_else(|| Refusal::EnrolmentNotFound { id: String::new() })?;
    context.statements.own(&caller.depositor, &id).await.map_err(|error| match error {
        StatementError::Store(error) => error.into(),
        _ => not_found(&id),
    })
}

fn not_found(id: &RecordId) -> ApiError {
    Refusal::EnrolmentNotFound { id: id.as_str().to_owned() }.into()
}

fn progress(record: &Record) -> Progress {
    Progress::of(record.state, record.declaration.inscription.statut)
}
