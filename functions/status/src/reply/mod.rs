//! What goes back: answers, and refusals in the words of each contract.

mod refusal;

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;

pub(crate) use refusal::{Refusal, Style, Unauthenticated};

/// A JSON response that no cache on the way may keep.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    text(status, "application/json; charset=utf-8", serde_json::to_string(body).unwrap_or_default())
}

/// A public one, which may be kept for some minutes.
pub(crate) fn public(body: String) -> Response<Body> {
    let mut response = text(StatusCode::OK, "application/json; charset=utf-8", body);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

fn text(status: StatusCode, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Sets a header of numbers or of words of ours.
pub(crate) fn set_header(response: &mut Response<Body>, name: &'static str, value: impl std::fmt::Display) {
    if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
        response.headers_mut().insert(name, value);
    }
}
