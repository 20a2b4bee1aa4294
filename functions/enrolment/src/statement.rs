//! What one body says, and whether this caller may say it.

use shared::contract::enrolment::{EnrolmentBody, message};
use shared::files::column::Column;
use shared::files::row::Values as _;
use shared::statements::{EnrolmentStatement, StatementError};

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal, refused};

/// Reads a body, by the rules of files.
pub(crate) fn read(
    context: &Context,
    caller: &Caller,
    body: &EnrolmentBody,
    request_context: &RequestContext,
) -> Result<EnrolmentStatement, ApiError> {
    if let Some(sentence) = body.unreadable() {
        return Err(Refusal::Invalid(sentence).into());
    }
    // The contract names the person by the INE, which rows may lack.
    if body.value(Column::Ine).is_empty() {
        return Err(Refusal::Invalid(message::INVALID_INE.to_owned()).into());
    }
    let read = context.statements.read(caller.sender(request_context), body);
    read.map_err(|error: StatementError| refused(error, pair(body), request_context.now))
}

/// The pair in the caller's own words.
pub(crate) fn pair(body: &EnrolmentBody) -> [String; 2] {
    body.pair().map(str::to_owned)
}
