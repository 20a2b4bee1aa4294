//! Who did what about whom, in the access log: before the answer, and without it there is none.
//!
//! A trace is kept under the enrolment, whose student may not be there yet, or be another one
//! tomorrow; one of a pair that nobody has, under the client. A request that comes twice leaves
//! two: both were made.

use shared::access::route::Route;
use shared::audit::{Action, Disclosure, MOST_AT_ONCE, Request};
use shared::identity::digest::RecordId;
use shared::registry::StoreError;
use shared::registry::imports::ImportId;
use shared::registry::records::Record;

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::RequestContext;
use crate::pairs::Checked;

/// Enrolments were sent, and their pairs checked. One that wasn't looked up was answered nothing,
/// and leaves none.
///
/// A statement that is refused after its pair was checked names no record.
pub(crate) async fn sent<'a>(
    context: &Context,
    caller: &Caller,
    request_context: &RequestContext,
    statements: impl IntoIterator<Item = (Vec<RecordId>, &'a Checked)>,
) -> Result<(), StoreError> {
    let mut told = Vec::new();
    for (records, checked) in statements {
        // Whom the register has under the pair was found, whatever becomes of the enrolment: it
        // stays found from there.
        match checked {
            Checked::Known(Some(student)) => {
                told.push(Disclosure { student: Some(student.id), ..Disclosure::default() });
            }
            Checked::Nobody => told.push(Disclosure::default()),
            Checked::Known(None) | Checked::Unanswered | Checked::Beyond => {}
        }
        if matches!(checked, Checked::Known(_) | Checked::Unanswered) {
            told.extend(records.into_iter().map(|record| Disclosure {
                record: Some(record),
                enrolments: 1,
                ..Disclosure::default()
            }));
        }
    }
    for some in told.chunks(MOST_AT_ONCE) {
        context
            .traces
            .write(&request(caller, request_context, Route::Enrolment, Action::Sent), some)
            .await?;
    }
    Ok(())
}

/// An enrolment was read, or is about to be cancelled.
pub(crate) async fn of_record(
    context: &Context,
    caller: &Caller,
    request_context: &RequestContext,
    action: Action,
    record: &Record,
) -> Result<(), StoreError> {
    let told = Disclosure {
        student: record.student,
        record: Some(record.id.clone()),
        enrolments: 1,
        ..Disclosure::default()
    };
    context.traces.write(&request(caller, request_context, Route::Enrolment, action), &[told]).await
}

/// A page of findings is about to be told: one trace for all of it, under the file whose rows they
/// are about.
pub(crate) async fn of_findings(
    context: &Context,
    caller: &Caller,
    request_context: &RequestContext,
    import: &ImportId,
) -> Result<(), StoreError> {
    let told = Disclosure { import: Some(import.as_str().to_owned()), ..Disclosure::default() };
    context
        .traces
        .write(&request(caller, request_context, Route::Deposit, Action::FindingsRead), &[told])
        .await
}

fn request<'a>(
    caller: &'a Caller,
    request_context: &'a RequestContext,
    route: Route,
    action: Action,
) -> Request<'a> {
    Request {
        uid: &request_context.uid,
        at: request_context.now,
        client: Some(&caller.client.client_id),
        depositor: Some(caller.depositor.establishment().uai),
        route,
        action,
        caller: None,
        recipient: None,
    }
}
