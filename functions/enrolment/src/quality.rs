//! What an establishment is told of the quality of what it sends.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use shared::api::reply::json_text;

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::{RequestContext, charge};
use crate::refusal::{ApiError, Refusal};

/// Its own, as statistics counted it last: served as it was made. It is counts alone, so it leaves
/// no trace.
pub(crate) async fn own(
    context: &Context,
    caller: &Caller,
    request_context: &mut RequestContext,
) -> Result<Response<Body>, ApiError> {
    charge(context, caller, request_context, 1).await?;
    let uai = caller.depositor.establishment().uai;
    let told = context.quality.of(uai).await?.ok_or(Refusal::NotCounted)?;
    Ok(json_text(StatusCode::OK, told))
}
