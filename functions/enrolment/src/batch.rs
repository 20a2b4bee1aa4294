//! Up to five hundred enrolments in one call: the order of [`crate::single`], with a result for
//! each, in their order.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lambda_http::Request;
use lambda_http::http::StatusCode;
use shared::contract::enrolment::{
    BatchAnswer, BatchBody, BatchResult, Created, EnrolmentBody, PairNotFound,
};
use shared::contract::error::{Details, ErrorBody};
use shared::files::problem::Problem;
use shared::registry::idempotency::Answered;
use shared::statements::{Checked, EnrolmentStatement, Plan, StatementError};

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::{EnrolmentAnswer, RequestContext, charge, count_unknown};
use crate::idempotent_request::{IdempotentRequest, RequestOutcome, Start};
use crate::refusal::{ApiError, Refusal, not_an_object, refused};
use crate::shared_key;
use crate::statement;

/// Statements whose records are looked for side by side.
const SIDE_BY_SIDE: usize = 20;

/// Takes what an establishment says of many enrolments.
///
/// A failure of a store ends the whole, even when some are stored: sent again, all of them are
/// stored again, and the same records say the same.
pub(crate) async fn tell(
    context: &Context,
    caller: &Caller,
    request: &Request,
    bodies: &[Option<EnrolmentBody>],
    request_context: &mut RequestContext,
) -> Result<EnrolmentAnswer, ApiError> {
    request_context.facts.enrolments = bodies.len();
    charge(context, caller, request_context, u32::try_from(bodies.len()).unwrap_or(u32::MAX))
        .await?;
    let idempotent =
        match IdempotentRequest::begin(context, caller, "lot", request, request_context.now).await?
        {
            Start::Do(idempotent) => idempotent,
            Start::Done(answered) => return Ok(EnrolmentAnswer::Replayed(answered)),
        };
    let result = say(context, caller, bodies, &idempotent, request_context).await;
    idempotent.end_with(context, result).await.map(EnrolmentAnswer::Done)
}

async fn say(
    context: &Context,
    caller: &Caller,
    bodies: &[Option<EnrolmentBody>],
    idempotent: &IdempotentRequest,
    request_context: &mut RequestContext,
) -> Result<RequestOutcome, ApiError> {
    let read = |body: &Option<EnrolmentBody>| match body {
        Some(body) => statement::read(context, caller, body, request_context),
        None => Err(not_an_object().into()),
    };
    let read: Vec<Result<EnrolmentStatement, ApiError>> = bodies.iter().map(read).collect();
    let statements = &context.statements;
    let pairs = read.iter().flatten().filter_map(|statement| statement.to_check(statements));
    let checked = statements.check(caller.sender(request_context), pairs).await?;
    request_context.facts.enumeration_suspected |=
        checked.values().any(|checked| *checked == Checked::Beyond);
    let found: Vec<Option<Checked>> = read
        .iter()
        .map(|statement| {
            let pair = statement.as_ref().ok()?.to_check(statements);
            Some(
                pair.and_then(|pair| checked.get(&pair.digest).cloned()).unwrap_or(Checked::Nobody),
            )
        })
        .collect();
    let shared = &shared_key::problems(context, read.iter().zip(&found));
    let follows = &follow(&read);
    let now = request_context.now;
    let each: Vec<_> = read
        .into_iter()
        .zip(&found)
        .zip(bodies)
        .enumerate()
        .map(|(place, ((statement, checked), body))| async move {
            let statement = match statement {
                Ok(statement) => statement,
                Err(ApiError::Refused(refusal)) => return Ok(Err(refusal)),
                Err(error) => return Err(error),
            };
            let checked = checked.as_ref().unwrap_or(&Checked::Nobody);
            let (problem, follows) = (shared.get(&place).copied(), follows.contains(&place));
            let planned = plan(context, statement, checked, problem, follows).await;
            let pair = body.as_ref().map(statement::pair).unwrap_or_default();
            match planned.map_err(|error| refused(error, pair, now)) {
                Ok(plan) => Ok(Ok(plan)),
                Err(ApiError::Refused(refusal)) => Ok(Err(refusal)),
                Err(error) => Err(error),
            }
        })
        .collect();
    let mut planned: Vec<Result<Plan, Refusal>> =
        stream::iter(each).buffered(SIDE_BY_SIDE).try_collect().await?;
    let records =
        planned.iter().map(|plan| plan.as_ref().map_or_else(|_| Vec::new(), Plan::records));
    let sent =
        records.zip(&found).filter_map(|(records, checked)| Some((records, checked.as_ref()?)));
    statements.trace_sent(caller.sender(request_context), sent).await?;

    let unknown =
        planned.iter().filter(|plan| matches!(plan, Err(Refusal::PairNotFound { .. }))).count();
    count_unknown(context, caller, request_context, u32::try_from(unknown).unwrap_or(u32::MAX))
        .await?;
    let said =
        (0..).zip(&planned).filter_map(|(position, plan)| Some((position, plan.as_ref().ok()?)));
    let sender = caller.sender(request_context);
    let superseded = statements.store(sender, &idempotent.moment, said).await?;
    for (position, plan) in (0..).zip(&mut planned) {
        if superseded.contains(&position) {
            *plan = Err(Refusal::Superseded);
        }
    }
    request_context.facts.stored = planned.iter().filter(|plan| plan.is_ok()).count();

    let resultats = planned.iter().map(|plan| result(plan, request_context)).collect();
    let answered = Answered::new(StatusCode::OK.as_u16(), &BatchAnswer { resultats });
    let exhausted = planned.iter().any(|plan| matches!(plan, Err(Refusal::PairsExhausted { .. })));
    // What wasn't checked is worth another try: an answer that is kept would say the same until
    // tomorrow.
    Ok(if exhausted { RequestOutcome::Partly(answered) } else { RequestOutcome::Done(answered) })
}

/// The places, from 0, of cancellations of what an earlier statement makes: of two about one record
/// the later counts.
fn follow(statements: &[Result<EnrolmentStatement, ApiError>]) -> BTreeSet<usize> {
    let mut made = BTreeSet::new();
    let mut follows = BTreeSet::new();
    for (place, statement) in statements.iter().enumerate() {
        match statement {
            Ok(statement) if statement.cancels() && made.contains(&statement.id) => {
                follows.insert(place);
            }
            Ok(statement) if !statement.cancels() => {
                made.insert(&statement.id);
            }
            Ok(_) | Err(_) => {}
        }
    }
    follows
}

/// Where a statement goes, or why nowhere.
async fn plan(
    context: &Context,
    statement: EnrolmentStatement,
    checked: &Checked,
    shared: Option<Problem>,
    follows: bool,
) -> Result<Plan, StatementError> {
    match (checked, shared) {
        (Checked::Nobody, _) => Err(StatementError::Nobody),
        (Checked::Beyond, _) => Err(StatementError::PairsExhausted),
        (Checked::Known(_) | Checked::Unanswered, Some(problem)) => {
            Err(StatementError::Invalid(vec![problem]))
        }
        (Checked::Known(_) | Checked::Unanswered, None) => {
            Plan::of(&context.statements, statement, checked, follows).await
        }
    }
}

/// What the enrolment would have been answered alone.
fn result<'a>(
    plan: &'a Result<Plan, Refusal>,
    request_context: &'a RequestContext,
) -> BatchResult<'a> {
    let (uid, endpoint) = (&request_context.uid, "inscription");
    let refusal = match plan {
        Ok(plan) => {
            let created = Created::new(plan.id(), &plan.statement.declaration);
            return BatchResult {
                code: StatusCode::OK.as_u16(),
                reponse: BatchBody::Created(created),
            };
        }
        Err(refusal) => refusal,
    };
    let (message, parameter) = refusal.words();
    let reponse = match refusal {
        Refusal::PairNotFound { pair: [ine, birth_date] }
        | Refusal::NothingToCancel { pair: [ine, birth_date] } => {
            BatchBody::NotFound(PairNotFound::new(message, uid, endpoint, [ine, birth_date]))
        }
        _ => BatchBody::Invalid(ErrorBody {
            message,
            uid,
            details: Details { method: "POST", endpoint, parameter },
        }),
    };
    BatchResult { code: refusal.status().as_u16(), reponse }
}
