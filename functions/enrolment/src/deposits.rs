//! Forms to send files with, and what became of the files.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::api::reply::json;
use shared::contract::deposit::{Confirmation, SaidColumns, Wish};
use shared::contract::finding::{Findings, LineFinding};
use shared::contract::parameters::Parameters;
use shared::registry::deposits::{Deposit, Sender};
use shared::registry::findings::{MOST_IN_PAGE, Page, Position};

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::{RequestContext, charge};
use crate::refusal::{ApiError, Refusal};
use crate::traces;

/// Gives the form of one upload.
///
/// Asked for twice, there are two forms, and each that is used is an import of its own. The deposit
/// is stored before its form is given: whatever is uploaded can be followed.
pub(crate) async fn open(
    context: &Context,
    caller: &Caller,
    wish: &Wish,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    let own = caller.depositor.establishment().uai;
    // The prefix of the inbox is who the depositor is, so a key writes under its own and no other.
    if wish.uai.is_some_and(|uai| uai != own) {
        return Err(Refusal::EstablishmentNotFound.into());
    }
    charge(context, caller, request_context, 1).await?;
    let now = request_context.now;
    let (id, deposit) = context.deposits.open(own, wish, sender(caller), now).await?;
    let form = context.deposits.form(&id, &deposit, None, now).await?;
    Ok(json(StatusCode::CREATED, &form))
}

/// Says how far the import of a deposit has come.
pub(crate) async fn follow(
    context: &Context,
    caller: &Caller,
    id: &str,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    charge(context, caller, request_context, 1).await?;
    let deposit = own(context, caller, id).await?;
    Ok(json(StatusCode::OK, &context.deposits.status(id, &deposit).await?))
}

/// Imports a file for good that was tried.
///
/// Sent again, the same confirmation finds what it asked for and asks for it once more: an import
/// that has begun or ended takes no notice.
pub(crate) async fn confirm(
    context: &Context,
    caller: &Caller,
    id: &str,
    confirmation: Confirmation,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    charge(context, caller, request_context, 1).await?;
    let deposit = own(context, caller, id).await?;
    let Confirmation { tried, order } = confirmation;
    let now = request_context.now;
    let ordered = context.deposits.order(id, &deposit, &tried, order, sender(caller), now).await?;
    ordered.map_err(Refusal::NotOrdered)?;
    let deposit = own(context, caller, id).await?;
    Ok(json(StatusCode::ACCEPTED, &context.deposits.status(id, &deposit).await?))
}

/// Tries a file anew by what the establishment calls its columns, which is kept for its next files.
///
/// Sent again, it finds what it asked for, as a confirmation does.
pub(crate) async fn call_columns(
    context: &Context,
    caller: &Caller,
    id: &str,
    said: &SaidColumns,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    charge(context, caller, request_context, 1).await?;
    let deposit = own(context, caller, id).await?;
    let (by, now) = (sender(caller), request_context.now);
    let SaidColumns { tried, mapping } = said;
    let ordered = context.deposits.call_columns(id, &deposit, tried, mapping, by, now).await?;
    ordered.map_err(Refusal::NotOrdered)?;
    let deposit = own(context, caller, id).await?;
    Ok(json(StatusCode::ACCEPTED, &context.deposits.status(id, &deposit).await?))
}

fn sender(caller: &Caller) -> Sender {
    Sender::Client(caller.client.client_id.clone())
}

/// Says what was found about the identity of its rows: some seconds after its import is over, and
/// later for those that a person or INES has to decide.
pub(crate) async fn findings(
    context: &Context,
    caller: &Caller,
    id: &str,
    request: &Request,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    let parameters = request.query_string_parameters();
    let parameters: Parameters = parameters.iter().collect();
    let after = parameters.one("apres").map_err(|_| not_a_place())?;
    let after = after.map(|after| Position::parse(after).ok_or_else(not_a_place)).transpose()?;
    charge(context, caller, request_context, 1).await?;
    let deposit = own(context, caller, id).await?;
    if let Some(import) = deposit.current() {
        traces::of_findings(context, caller, request_context, import).await?;
    }
    let page = match deposit.current() {
        Some(import) => context.findings.page(import, after.as_ref(), MOST_IN_PAGE).await?,
        None => Page::default(),
    };
    let constats = page.findings.iter().filter_map(LineFinding::of).collect();
    let suivant = page.after.map(|after| after.as_str().to_owned());
    Ok(json(StatusCode::OK, &Findings { id, constats, suivant }))
}

fn not_a_place() -> Refusal {
    Refusal::Invalid("apres : la valeur de suivant, telle quelle".to_owned())
}

/// A deposit of the caller's establishment.
async fn own(context: &Context, caller: &Caller, id: &str) -> Result<Deposit, ApiError> {
    let deposit = context.deposits.get(id).await?;
    let own = deposit.filter(|deposit| deposit.uai == caller.depositor.establishment().uai);
    Ok(own.ok_or(Refusal::DepositNotFound)?)
}
