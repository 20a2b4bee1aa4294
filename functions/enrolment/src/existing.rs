//! What an establishment said before: reading it back, and cancelling it.
//!
//! Only of its own: any other id is unknown, whether or not it exists.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::reply::json;
use shared::audit::Action;
use shared::contract::enrolment::{Existing, Progress};
use shared::domain::record_state::RecordState;
use shared::domain::status::Status;
use shared::identity::digest::RecordId;
use shared::identity::edge::Edge;
use shared::identity::same_enrolment;
use shared::registry::StoreError;
use shared::registry::records::{Cancelled, Record};

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::{RequestContext, charge};
use crate::plan;
use crate::refusal::{ApiError, Refusal};
use crate::store::VersionStamp;
use crate::traces;

/// Reads an enrolment back.
pub(crate) async fn read(
    context: &Context,
    caller: &Caller,
    id: &str,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    charge(context, caller, request_context, 1).await?;
    let record = own(context, caller, id).await?;
    traces::of_record(context, caller, request_context, Action::Read, &record).await?;
    let found = Existing::found(&record.id, &record.declaration, progress(&record));
    Ok(json(StatusCode::OK, &found.with_identity(record.statut_ine, record.finding)))
}

/// Cancels an enrolment: a statement like any other, that it is no longer, as of now. What was said
/// later stands, and what is said later brings it back.
///
/// Cancelled twice is the same: the second time finds it cancelled, and sends its pointer again if
/// it still waits, which covers a crash between the two.
pub(crate) async fn cancel(
    context: &Context,
    caller: &Caller,
    id: &str,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    charge(context, caller, request_context, 1).await?;
    let mut record = own(context, caller, id).await?;
    let others = others_of(context, &record).await?;
    for cancelled in others.iter().chain([&record]) {
        traces::of_record(context, caller, request_context, Action::Cancelled, cancelled).await?;
    }
    request_context.facts.enrolments = 1;
    let version = VersionStamp::after_reading(request_context.now).version(0);
    // Others before this one: after a crash in between, it is still found to be cancelled.
    for other in &others {
        match context.records.cancel(&other.id, &version).await? {
            Cancelled::Pending => context.queue.send(std::slice::from_ref(&other.id)).await?,
            Cancelled::Before | Cancelled::Unknown => {}
            Cancelled::Superseded => return Err(Refusal::Superseded.into()),
        }
    }
    match context.records.cancel(&record.id, &version).await? {
        Cancelled::Pending => {
            record.state = RecordState::Pending;
            request_context.facts.stored = 1;
            context.queue.send(std::slice::from_ref(&record.id)).await?;
        }
        Cancelled::Before => record.state = RecordState::Resolved,
        // Someone said something later between the reading and now.
        Cancelled::Superseded => return Err(Refusal::Superseded.into()),
        Cancelled::Unknown => {
            return Err(Refusal::EnrolmentNotFound { id: record.id.as_str().to_owned() }.into());
        }
    }
    record.declaration.inscription.statut = Status::Annule;
    Ok(json(
        StatusCode::OK,
        &Existing::cancelled(&record.id, &record.declaration, progress(&record)),
    ))
}

/// The other records that tell of the enrolment of a record: of a file that gives numbers, beside a
/// push that doesn't.
async fn others_of(context: &Context, record: &Record) -> Result<Vec<Record>, StoreError> {
    let Some(student) = record.student else { return Ok(Vec::new()) };
    let Some(student) = context.students.get(student).await? else { return Ok(Vec::new()) };
    let told = same_enrolment::enrolments(student.edges());
    let is_its =
        |edge: &Edge| edge.record == record.id && edge.declaration.names_as(&record.declaration);
    let Some(told) = told.iter().find(|told| told.records().any(is_its)) else {
        return Ok(Vec::new());
    };
    let mut others = Vec::new();
    for edge in told.records().filter(|edge| edge.record != record.id) {
        others.extend(plan::attached(context, edge).await?);
    }
    Ok(others)
}

/// The record of an id, if it is about one of the establishments that the caller sends for.
async fn own(context: &Context, caller: &Caller, id: &str) -> Result<Record, ApiError> {
    // What hasn't the form of an id may be anything, and isn't given back.
    let id = RecordId::parse(id).ok_or_else(|| Refusal::EnrolmentNotFound { id: String::new() })?;
    let record = context.records.get(&id).await?;
    let own = record.filter(|record| {
        caller.depositor.may_send_for(record.declaration.inscription.uai).is_some()
    });
    Ok(own.ok_or_else(|| Refusal::EnrolmentNotFound { id: id.as_str().to_owned() })?)
}

/// How far a record has come. One that is to be cancelled waits like any other until it is.
fn progress(record: &Record) -> Progress {
    match record.state {
        RecordState::Pending => Progress::Pending,
        RecordState::OnHold => Progress::OnHold,
        RecordState::Resolved if record.declaration.inscription.statut == Status::Annule => {
            Progress::Cancelled
        }
        RecordState::Resolved => Progress::Published,
    }
}
