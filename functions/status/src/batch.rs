//! Up to a hundred people in one call: the order of [`crate::consultation`], with a line of answer
//! for each.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, Response};
use shared::access::route::Route;
use shared::api::reply::json;
use shared::audit::{self, Action, Disclosure};
use shared::contract::v3::answer::{self, StudentData};
use shared::contract::v3::batch::{self, BatchAnswer, Line, LineAnswer, LineQuestion};
use shared::contract::v3::request;
use shared::domain::academic_year::day_in_france;
use shared::domain::siret::Siret;
use shared::identity::engine::lookup::Mode;
use shared::identity::student::PublishedAnswer;
use shared::registry::StoreError;

use crate::caller::Caller;
use crate::consultation::count_unknown;
use crate::context::Context;
use crate::handler::RequestContext;
use crate::question::{StatusQuestion, parameters};
use crate::reply::{ApiError, Refusal};

/// Look-ups under way at a time.
const SIDE_BY_SIDE: usize = 20;

/// For whom a batch is asked, then about whom: the recipient is checked before the body is looked
/// at.
pub(crate) fn read(
    request: &Request,
    body: Result<&[u8], ApiError>,
) -> Result<(Siret, Vec<Line>), ApiError> {
    let recipient = request::recipient(&parameters(request))
        .map_err(|wrong| Refusal::InvalidParameters(vec![wrong]))?;
    Ok((recipient, batch::parse(body?).ok_or(Refusal::NotABatch)?))
}

/// Answers about each person of a batch. All traces are written, or nothing is told.
pub(crate) async fn answer(
    context: &Context,
    caller: &Caller,
    recipient: Siret,
    lines: &[Line],
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    if !caller.client.serves(&recipient) {
        return Err(Refusal::RecipientNotAllowed.into());
    }
    request_context.facts.people = lines.len();

    // Taken before anything is read: a refused batch must not cost a hundred reads.
    let people = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    request_context
        .take(&context.quotas, &caller.client, caller.relayed.as_deref(), people)
        .await?;
    let look_ups: Vec<_> =
        lines.iter().map(|line| look_up(context, line, caller.client.look_up)).collect();
    let found: Vec<Option<PublishedAnswer>> =
        stream::iter(look_ups).buffered(SIDE_BY_SIDE).try_collect().await?;

    let today = day_in_france(request_context.now);
    let fields = answer::fields(caller.scopes);
    let (mut told, mut answers) =
        (Vec::with_capacity(lines.len()), Vec::with_capacity(lines.len()));
    for (line, found) in lines.iter().zip(&found) {
        let data = found.as_ref().and_then(|answer| {
            StudentData::on(answer, today, context.starts_within_days, caller.scopes)
        });
        // A line that can't be read asks about nobody.
        if line.question.is_ok() {
            told.push(match (&data, found) {
                (Some(data), Some(answer)) => {
                    let (student, enrolments) = (Some(answer.student), data.enrolments());
                    Disclosure {
                        student,
                        enrolments,
                        fields: fields.clone(),
                        ..Disclosure::default()
                    }
                }
                _ => Disclosure::default(),
            });
        }
        answers.push(LineAnswer::new(line, data));
    }

    let trace = audit::Request {
        uid: &request_context.uid,
        at: request_context.now,
        client: Some(&caller.client.client_id),
        depositor: None,
        route: Route::Batch,
        action: Action::Consulted,
        caller: caller.relayed.as_deref(),
        recipient: Some(recipient),
    };
    let unknown = told.iter().filter(|told| told.student.is_none()).count();
    let (traced, suspected) = tokio::join!(
        context.access_log.write(&trace, &told),
        count_unknown(context, caller, u32::try_from(unknown).unwrap_or(u32::MAX), request_context)
    );
    traced?;
    request_context.facts.enumeration_suspected = suspected?;
    Ok(json(StatusCode::OK, &BatchAnswer::new(answers)))
}

async fn look_up(
    context: &Context,
    asked: &Line,
    mode: Mode,
) -> Result<Option<PublishedAnswer>, StoreError> {
    let question = match &asked.question {
        Ok(LineQuestion::Ine(ine)) => StatusQuestion::Ine(*ine),
        Ok(LineQuestion::Civil(question)) => StatusQuestion::Civil(question.clone()),
        Err(_) => return Ok(None),
    };
    question.look_up(context, mode).await
}
