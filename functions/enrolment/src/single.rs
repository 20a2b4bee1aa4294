//! One enrolment, in order: caller, statement, quota, once, pair, plan, trace, record and pointer,
//! answer.

use lambda_http::Request;
use lambda_http::http::StatusCode;
use shared::contract::enrolment::{Created, EnrolmentBody};
use shared::registry::idempotency::Answered;
use shared::statements::{EnrolmentStatement, StatementError};

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::{EnrolmentAnswer, RequestContext, charge, count_unknown};
use crate::idempotent_request::{IdempotentRequest, Start};
use crate::refusal::{ApiError, Refusal, refused};
use crate::statement;

/// Takes what an establishment says of one enrolment.
///
/// The same body twice is one enrolment: its record's id depends only on what it is about, and the
/// later version says the same.
pub(crate) async fn tell(
    context: &Context,
    caller: &Caller,
    request: &Request,
    body: &EnrolmentBody,
    request_context: &mut RequestContext,
) -> Result<EnrolmentAnswer, ApiError> {
    let statement = statement::read(context, caller, body, request_context);
    if let Err(invalid @ ApiError::Refused(Refusal::Invalid(_))) = statement {
        return Err(invalid);
    }
    request_context.facts.enrolments = 1;
    // The pair is an oracle about people, so every question about one is paid for, whoever's it
    // turns out to be.
    charge(context, caller, request_context, 1).await?;
    let statement = match statement {
        Ok(statement) => statement,
        Err(refusal) => {
            count_unknown(context, caller, request_context, 1).await?;
            return Err(refusal);
        }
    };
    let idempotent = match IdempotentRequest::begin(
        context,
        caller,
        "inscription",
        request,
        request_context.now,
    )
    .await?
    {
        Start::Do(idempotent) => idempotent,
        Start::Done(answered) => return Ok(EnrolmentAnswer::Replayed(answered)),
    };
    let result = say(context, caller, (body, statement), &idempotent, request_context).await;
    idempotent.end(context, result).await.map(EnrolmentAnswer::Done)
}

async fn say(
    context: &Context,
    caller: &Caller,
    (body, statement): (&EnrolmentBody, EnrolmentStatement),
    idempotent: &IdempotentRequest,
    request_context: &mut RequestContext,
) -> Result<Answered, ApiError> {
    let sender = caller.sender(request_context);
    match context.statements.say(sender, statement, &idempotent.moment).await {
        Ok(plan) => {
            request_context.facts.stored = 1;
            let created = Created::new(plan.id(), &plan.statement.declaration);
            Ok(Answered::new(StatusCode::OK.as_u16(), &created))
        }
        Err(error) => {
            let exhausted = matches!(error, StatementError::PairsExhausted);
            request_context.facts.enumeration_suspected |= exhausted;
            let unknown = matches!(error, StatementError::Nobody);
            count_unknown(context, caller, request_context, unknown.into()).await?;
            Err(refused(error, statement::pair(body), request_context.now))
        }
    }
}
