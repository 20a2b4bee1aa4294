//! Responses that are the same whatever the contract.

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;

/// A JSON response that no cache on the way may keep.
#[must_use]
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    json_text(status, serde_json::to_string(body).unwrap_or_default())
}

/// The same, of JSON that is written already.
#[must_use]
pub fn json_text(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A public one, which may be kept for some minutes.
#[must_use]
pub fn public(body: String) -> Response<Body> {
    let mut response = json_text(StatusCode::OK, body);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

/// Sets a header of numbers or of words of ours.
pub fn set_header(
    response: &mut Response<Body>,
    name: &'static str,
    value: impl std::fmt::Display,
) {
    if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
        response.headers_mut().insert(name, value);
    }
}
