//! What whoever verifies needs: our public keys, and which attestations were revoked. Anybody may
//! have both, from any page, and keep them for a day: off-line is what they are for.

use attestation::KeySet;
use attestation::status_list::{FRESH, UnsignedList};
use jiff::Timestamp;
use lambda_http::http::{HeaderValue, header};
use lambda_http::{Body, Response};
use shared::api::reply::set_header;

use crate::attesting::Attesting;
use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::ApiError;

/// Where the status list is, below the portal.
const LIST: &str = "/attestation/etats";

/// A status list, and as of when it is true.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub(crate) text: String,
    as_of: Timestamp,
}

/// The address of the status list, by which attestations name it.
pub(crate) fn list_address(context: &Context) -> String {
    context.address.url(LIST)
}

/// Our public keys, as a JWK Set.
pub(crate) async fn keys(context: &Context) -> Result<Response<Body>, ApiError> {
    let keys = context.own()?.attesting.signer.keys().await?;
    let json = KeySet::new(keys.to_vec()).json();
    Ok(published(json, "application/jwk-set+json", FRESH.as_secs()))
}

/// Which attestations were revoked, as a Token Status List. It may be kept until it is a day old, and
/// no longer: nobody believes an older one.
pub(crate) async fn list(
    context: &Context,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let (attesting, now) = (&context.own()?.attesting, request_context.now);
    let name = list_address(context);
    let signed = attesting.list.get_or((), async |()| sign(attesting, &name, now).await).await?;
    let left = FRESH - now.duration_since(signed.as_of);
    Ok(published(signed.text, "application/statuslist+jwt", left.as_secs().max(0)))
}

/// The list as of now.
pub(crate) async fn sign(
    attesting: &Attesting,
    name: &str,
    now: Timestamp,
) -> Result<Signed, ApiError> {
    let revoked = attesting.store.revoked(now).await?;
    let list = UnsignedList::new(name, &revoked, now, attesting.signer.key().await?.id());
    let signature = attesting.signer.sign(list.message()).await?;
    Ok(Signed { text: list.signed(&signature), as_of: now })
}

/// What tells `lambda_http` that a body of a media type which it doesn't know is text. It would be in
/// base64 otherwise, and the gateway passes that on as it is.
const TEXT: &str = "x-lambda-http-content-encoding";

fn published(text: String, media_type: &'static str, seconds: i64) -> Response<Body> {
    let mut response = Response::new(Body::Text(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(TEXT, HeaderValue::from_static("text"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    set_header(&mut response, "cache-control", format!("public, max-age={seconds}"));
    response
}
