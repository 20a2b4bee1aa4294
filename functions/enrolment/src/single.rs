//! One enrolment, in order: caller, statement, quota, once, pair, plan, trace, record and pointer,
//! answer.

use lambda_http::Request;
use lambda_http::http::StatusCode;
use shared::contract::enrolment::{Created, EnrolmentBody};
use shared::domain::academic_year::seconds_left_in_france;
use shared::registry::idempotency::Answered;

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::{EnrolmentAnswer, RequestContext, charge, count_unknown};
use crate::idempotent_request::{IdempotentRequest, Start};
use crate::pairs::{self, Checked};
use crate::plan::Plan;
use crate::refusal::{ApiError, Refusal};
use crate::statement::EnrolmentStatement;
use crate::store::store;
use crate::traces;

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
    let statement = EnrolmentStatement::read(context, caller, body, request_context.now);
    if let Err(refusal @ Refusal::Invalid(_)) = statement {
        return Err(refusal.into());
    }
    request_context.facts.enrolments = 1;
    // The pair is an oracle about people, so every question about one is paid for, whoever's it
    // turns out to be.
    charge(context, caller, request_context, 1).await?;
    let statement = match statement {
        Ok(statement) => statement,
        Err(refusal) => {
            count_unknown(context, caller, request_context, 1).await?;
            return Err(refusal.into());
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
    let result = say(context, caller, statement, &idempotent, request_context).await;
    idempotent.end(context, result).await.map(EnrolmentAnswer::Done)
}

async fn say(
    context: &Context,
    caller: &Caller,
    statement: EnrolmentStatement,
    idempotent: &IdempotentRequest,
    request_context: &mut RequestContext,
) -> Result<Answered, ApiError> {
    let checked =
        pairs::check(context, caller, request_context, statement.to_check(context)).await?;
    let checked = checked.into_values().next().unwrap_or(Checked::Nobody);
    match checked {
        Checked::Beyond => {
            return Err(Refusal::PairsExhausted {
                retry_after: seconds_left_in_france(request_context.now),
            }
            .into());
        }
        Checked::Nobody => {
            traces::sent(context, caller, request_context, [(Vec::new(), &checked)]).await?;
            count_unknown(context, caller, request_context, 1).await?;
            return Err(Refusal::PairNotFound { pair: statement.pair }.into());
        }
        Checked::Known(_) | Checked::Unanswered => {}
    }
    let plan = Plan::of(context, statement, &checked, false).await;
    let records = plan.as_ref().map_or_else(|_| Vec::new(), Plan::records);
    traces::sent(context, caller, request_context, [(records, &checked)]).await?;
    let plan = plan?;
    if !store(context, caller, &idempotent.moment, [(0, &plan)], request_context.now)
        .await?
        .is_empty()
    {
        return Err(Refusal::Superseded.into());
    }
    request_context.facts.stored = 1;
    Ok(Answered::new(
        StatusCode::OK.as_u16(),
        &Created::new(plan.id(), &plan.statement.declaration),
    ))
}
