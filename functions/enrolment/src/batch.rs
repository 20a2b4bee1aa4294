//! Up to five hundred enrolments in one call: the order of [`crate::single`], with a result for
//! each, in their order.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lambda_http::Request;
use lambda_http::http::StatusCode;
use shared::contract::enrolment::{
    BatchAnswer, BatchBody, BatchResult, Created, EnrolmentBody, PairNotFound, sentence,
};
use shared::contract::error::{Details, ErrorBody};
use shared::domain::academic_year::seconds_left_in_france;
use shared::files::problem::Problem;
use shared::registry::idempotency::Answered;

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::{EnrolmentAnswer, RequestContext, charge, count_unknown};
use crate::idempotent_request::{IdempotentRequest, RequestOutcome, Start};
use crate::pairs::{self, Checked};
use crate::plan::Plan;
use crate::refusal::{ApiError, Refusal, not_an_object};
use crate::shared_key;
use crate::statement::EnrolmentStatement;
use crate::store::store;
use crate::traces;

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
        Some(body) => EnrolmentStatement::read(context, caller, body, request_context.now),
        None => Err(not_an_object()),
    };
    let read: Vec<Result<EnrolmentStatement, Refusal>> = bodies.iter().map(read).collect();
    let pairs = read.iter().flatten().filter_map(|statement| statement.to_check(context));
    let checked = pairs::check(context, caller, request_context, pairs).await?;
    let found: Vec<Option<Checked>> = read
        .iter()
        .map(|statement| {
            let pair = statement.as_ref().ok()?.to_check(context);
            Some(
                pair.and_then(|pair| checked.get(&pair.digest).cloned()).unwrap_or(Checked::Nobody),
            )
        })
        .collect();
    let shared = shared_key::problems(context, read.iter().zip(&found));
    let retry_after = seconds_left_in_france(request_context.now);
    let follows = follow(&read);
    let each: Vec<_> = read
        .into_iter()
        .zip(&found)
        .enumerate()
        .map(|(place, (statement, checked))| {
            let checked = checked.as_ref().unwrap_or(&Checked::Nobody);
            plan(
                context,
                statement,
                checked,
                shared.get(&place).copied(),
                follows.contains(&place),
                retry_after,
            )
        })
        .collect();
    let mut planned: Vec<Result<Plan, Refusal>> =
        stream::iter(each).buffered(SIDE_BY_SIDE).try_collect().await?;
    let records =
        planned.iter().map(|plan| plan.as_ref().map_or_else(|_| Vec::new(), Plan::records));
    let sent =
        records.zip(&found).filter_map(|(records, checked)| Some((records, checked.as_ref()?)));
    traces::sent(context, caller, request_context, sent).await?;

    let unknown =
        planned.iter().filter(|plan| matches!(plan, Err(Refusal::PairNotFound { .. }))).count();
    count_unknown(context, caller, request_context, u32::try_from(unknown).unwrap_or(u32::MAX))
        .await?;
    let said =
        (0..).zip(&planned).filter_map(|(position, plan)| Some((position, plan.as_ref().ok()?)));
    let superseded = store(context, caller, &idempotent.moment, said, request_context.now).await?;
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
fn follow(statements: &[Result<EnrolmentStatement, Refusal>]) -> BTreeSet<usize> {
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
    statement: Result<EnrolmentStatement, Refusal>,
    checked: &Checked,
    shared: Option<Problem>,
    follows: bool,
    retry_after: u64,
) -> Result<Result<Plan, Refusal>, ApiError> {
    let statement = match statement {
        Ok(statement) => statement,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(match (checked, shared) {
        (Checked::Nobody, _) => Err(Refusal::PairNotFound { pair: statement.pair }),
        (Checked::Beyond, _) => Err(Refusal::PairsExhausted { retry_after }),
        (Checked::Known(_) | Checked::Unanswered, Some(problem)) => {
            Err(Refusal::Invalid(sentence(&[problem])))
        }
        (Checked::Known(_) | Checked::Unanswered, None) => {
            match Plan::of(context, statement, checked, follows).await {
                Ok(plan) => Ok(plan),
                Err(ApiError::Refused(refusal)) => Err(refusal),
                Err(error) => return Err(error),
            }
        }
    })
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
