//! One enrolment, in order: caller, statement, quota, once, pair, trace, record and pointer, answer.

use lambda_http::Request;
use lambda_http::http::StatusCode;
use shared::api::body;
use shared::contract::enrolment::{Created, EnrolmentBody};
use shared::domain::academic_year::seconds_left_in_france;
use shared::registry::idempotency::Answered;

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::{Answer, Exchange};
use crate::once::{Once, Start};
use crate::pairs::{self, Checked};
use crate::refusal::{Refusal, not_an_object};
use crate::statement::Statement;
use crate::store::store;
use crate::traces;

/// A body has some 300 bytes.
const LARGEST_BODY: usize = 16 * 1024;

/// Takes what an establishment says of one enrolment.
///
/// The same body twice is one enrolment: its record's id depends only on what it is about, and the later version says
/// the same.
pub(crate) async fn tell(
    context: &Context,
    caller: &Caller,
    request: &Request,
    exchange: &mut Exchange,
) -> Result<Answer, Refusal> {
    let body = EnrolmentBody::parse(body::json(request, LARGEST_BODY)?).ok_or_else(not_an_object)?;
    let statement = Statement::read(context, caller, &body, exchange.now);
    if let Err(refusal @ Refusal::Invalid(_)) = statement {
        return Err(refusal);
    }
    exchange.enrolments = 1;
    // The pair is an oracle about people, so every question about one is paid for, whoever's it turns out to be.
    exchange.take(context, caller, 1).await?;
    let statement = match statement {
        Ok(statement) => statement,
        Err(refusal) => {
            exchange.count_unknown(context, caller, 1).await?;
            return Err(refusal);
        }
    };
    let once = match Once::begin(context, caller, "inscription", request, exchange.now).await? {
        Start::Do(once) => once,
        Start::Done(answered) => return Ok(Answer::Replayed(answered)),
    };
    let result = say(context, caller, &statement, &once, exchange).await;
    once.end(context, result).await.map(Answer::Done)
}

async fn say(
    context: &Context,
    caller: &Caller,
    statement: &Statement,
    once: &Once,
    exchange: &mut Exchange,
) -> Result<Answered, Refusal> {
    let Statement { id, declaration, pair } = statement;
    let checked = pairs::check(context, caller, exchange, statement.to_check(context)).await?;
    let checked = checked.into_values().next().unwrap_or(Checked::Nobody);
    if checked == Checked::Beyond {
        return Err(Refusal::PairsExhausted { retry_after: seconds_left_in_france(exchange.now) });
    }
    traces::sent(context, caller, exchange, [(id, checked)]).await?;
    if checked == Checked::Nobody {
        exchange.count_unknown(context, caller, 1).await?;
        return Err(Refusal::PairNotFound { pair: pair.clone() });
    }
    store(context, caller, &once.moment, [(0, id, &**declaration)], exchange.now).await?;
    exchange.stored = 1;
    Ok(Answered::new(StatusCode::OK.as_u16(), &Created::new(id, declaration)))
}
