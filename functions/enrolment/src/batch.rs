//! Up to five hundred enrolments in one call: the order of [`crate::single`], with a result for each, in their order.

use lambda_http::Request;
use lambda_http::http::StatusCode;
use shared::contract::enrolment::{BatchAnswer, BatchBody, BatchResult, Created, EnrolmentBody, PairNotFound};
use shared::contract::error::{Details, ErrorBody, message};
use shared::domain::academic_year::seconds_left_in_france;
use shared::registry::idempotency::Answered;

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::{Answer, Exchange, charge, count_unknown};
use crate::once::{Once, Outcome, Start};
use crate::pairs::{self, Checked};
use crate::refusal::{ApiError, Refusal, not_an_object};
use crate::statement::Statement;
use crate::store::store;
use crate::traces;

/// Takes what an establishment says of many enrolments.
///
/// A failure of a store ends the whole, even when some are stored: sent again, all of them are stored again, and the
/// same records say the same.
pub(crate) async fn tell(
    context: &Context,
    caller: &Caller,
    request: &Request,
    bodies: &[Option<EnrolmentBody>],
    exchange: &mut Exchange,
) -> Result<Answer, ApiError> {
    exchange.facts.enrolments = bodies.len();
    charge(context, caller, exchange, u32::try_from(bodies.len()).unwrap_or(u32::MAX)).await?;
    let once = match Once::begin(context, caller, "lot", request, exchange.now).await? {
        Start::Do(once) => once,
        Start::Done(answered) => return Ok(Answer::Replayed(answered)),
    };
    let result = say(context, caller, bodies, &once, exchange).await;
    once.end_with(context, result).await.map(Answer::Done)
}

async fn say(
    context: &Context,
    caller: &Caller,
    bodies: &[Option<EnrolmentBody>],
    once: &Once,
    exchange: &mut Exchange,
) -> Result<Outcome, ApiError> {
    let read = |body: &Option<EnrolmentBody>| match body {
        Some(body) => Statement::read(context, caller, body, exchange.now),
        None => Err(not_an_object()),
    };
    let read: Vec<Result<Statement, Refusal>> = bodies.iter().map(read).collect();
    let pairs = read.iter().flatten().filter_map(|statement| statement.to_check(context));
    let checked = pairs::check(context, caller, exchange, pairs).await?;
    let found = |statement: &Statement| {
        let pair = statement.to_check(context);
        pair.and_then(|pair| checked.get(&pair.digest).copied()).unwrap_or(Checked::Nobody)
    };
    let sent = read.iter().flatten().map(|statement| (&statement.id, found(statement)));
    traces::sent(context, caller, exchange, sent).await?;
    let retry_after = seconds_left_in_france(exchange.now);
    let checked: Vec<Result<Statement, Refusal>> = read
        .into_iter()
        .map(|statement| {
            let statement = statement?;
            match found(&statement) {
                Checked::Known(_) | Checked::Unanswered => Ok(statement),
                Checked::Nobody => Err(Refusal::PairNotFound { pair: statement.pair }),
                Checked::Beyond => Err(Refusal::PairsExhausted { retry_after }),
            }
        })
        .collect();

    let unknown = checked.iter().filter(|statement| matches!(statement, Err(Refusal::PairNotFound { .. }))).count();
    count_unknown(context, caller, exchange, u32::try_from(unknown).unwrap_or(u32::MAX)).await?;
    let said = (0..).zip(&checked).filter_map(|(position, statement)| {
        let statement = statement.as_ref().ok()?;
        Some((position, &statement.id, &*statement.declaration))
    });
    store(context, caller, &once.moment, said, exchange.now).await?;
    exchange.facts.stored = checked.iter().filter(|statement| statement.is_ok()).count();

    let resultats = checked.iter().map(|statement| result(statement, exchange)).collect();
    let answered = Answered::new(StatusCode::OK.as_u16(), &BatchAnswer { resultats });
    let exhausted = checked.iter().any(|statement| matches!(statement, Err(Refusal::PairsExhausted { .. })));
    // What wasn't checked is worth another try: an answer that is kept would say the same until tomorrow.
    Ok(if exhausted { Outcome::Partly(answered) } else { Outcome::Done(answered) })
}

/// What the enrolment would have been answered alone.
fn result<'a>(statement: &'a Result<Statement, Refusal>, exchange: &'a Exchange) -> BatchResult<'a> {
    let (uid, endpoint) = (&exchange.uid, "inscription");
    let (code, reponse) = match statement {
        Ok(Statement { id, declaration, .. }) => (StatusCode::OK, BatchBody::Created(Created::new(id, declaration))),
        Err(Refusal::PairNotFound { pair: [ine, birth_date] }) => {
            (StatusCode::NOT_FOUND, BatchBody::NotFound(PairNotFound::new(uid, endpoint, [ine, birth_date])))
        }
        Err(refusal @ Refusal::PairsExhausted { .. }) => {
            let details = Details { method: "POST", endpoint, parameter: "" };
            let (message, _) = refusal.words();
            (StatusCode::TOO_MANY_REQUESTS, BatchBody::Invalid(ErrorBody { message, uid, details }))
        }
        Err(refusal) => {
            let parameter = if let Refusal::Invalid(sentence) = refusal { sentence } else { "" };
            let details = Details { method: "POST", endpoint, parameter };
            (
                StatusCode::BAD_REQUEST,
                BatchBody::Invalid(ErrorBody { message: message::INVALID_PARAMETER, uid, details }),
            )
        }
    };
    BatchResult { code: code.as_u16(), reponse }
}
