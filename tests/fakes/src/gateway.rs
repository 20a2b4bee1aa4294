//! Requests as API Gateway hands them over, and what a caller gets.

use std::collections::HashMap;

use lambda_http::{Body, Request, RequestExt as _, Response, http};
use serde_json::Value;

/// A request for a path, with its query.
pub fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut request = http::Request::builder().method(method).uri("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut parameters = HashMap::<String, Vec<String>>::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        parameters.entry(name.to_owned()).or_default().push(value.to_owned());
    }
    request
        .body(body.into())
        .unwrap()
        .with_raw_http_path(path)
        .with_query_string_parameters(parameters)
}

/// A response: its status, its text, its headers.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// Its body.
    pub text: String,
    pub headers: http::HeaderMap,
}

impl Reply {
    /// What a handler answered.
    #[must_use]
    pub fn by(response: &Response<Body>) -> Self {
        let text = String::from_utf8(response.body().as_ref().to_vec()).unwrap();
        Self { status: response.status().as_u16(), text, headers: response.headers().clone() }
    }

    /// Its body, read.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The text with the correlation id masked.
    #[must_use]
    pub fn masked(&self) -> String {
        match self.json()["uid"].as_str() {
            Some(uid) => {
                assert!(uid.len() == 18 && uid.ends_with("_0000"), "{uid}");
                self.text.replace(uid, "<uid>")
            }
            None => self.text.clone(),
        }
    }
}
