//! The APIs, from their own descriptions: what is documented there is what is listed here.

use askama::Template;
use lambda_http::{Body, Response};
use serde_json::Value;

use crate::context::Context;
use crate::session::Visitor;
use crate::view::{View, page};

/// The committed descriptions, and where each is served below the APIs' address.
const DOCUMENTS: [(&str, &str, &str); 3] = [
    ("consultation", "/openapi.json", include_str!("../../../../docs/openapi/status.json")),
    (
        "alimentation",
        "/api/inscription/openapi.json",
        include_str!("../../../../docs/openapi/enrolment.json"),
    ),
    ("revues", "/api/revues/openapi.json", include_str!("../../../../docs/openapi/review.json")),
];
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[derive(Template)]
#[template(path = "public/apis.html")]
struct ApisPage {
    view: View,
    apis: Vec<Described>,
}

/// One API.
#[derive(Debug)]
struct Described {
    id: &'static str,
    title: String,
    document: String,
    calls: Vec<Call>,
}

#[derive(Debug)]
struct Call {
    method: String,
    path: String,
    summary: String,
}

pub(crate) fn apis(context: &Context, visitor: &Visitor) -> Response<Body> {
    let view = View::new(context, "/api", "Les API", visitor);
    let apis = DOCUMENTS.map(|(id, path, text)| described(id, path, text, context)).into();
    let template = ApisPage { view: view.clone(), apis };
    page(context, &view, &template)
}

fn described(id: &'static str, path: &str, text: &str, context: &Context) -> Described {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let mut calls = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                calls.push(Call {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    summary: operation["summary"].as_str().unwrap_or_default().to_owned(),
                });
            }
        }
    }
    let title = document["info"]["title"].as_str().unwrap_or_default().to_owned();
    Described { id, title, document: format!("{}{path}", context.address.api_base), calls }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_has_a_title_and_each_call_a_summary() {
        for (id, _, text) in DOCUMENTS {
            let document: Value = serde_json::from_str(text).unwrap();
            assert!(document["info"]["title"].is_string(), "{id}");
            for (path, item) in document["paths"].as_object().unwrap() {
                for operation in METHODS.iter().filter_map(|method| item.get(method)) {
                    assert!(operation["summary"].is_string(), "{path}");
                }
            }
        }
    }
}
