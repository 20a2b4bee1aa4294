//! The parts of a status request, apart from each other: a Lambda function for `status_benchmark`,
//! which starts it.
//!
//! - `parts look-up` does the bare look-up alone: what Python's and Node's programs do.
//! - `parts each` calls one part after another, as the status function does, and answers what each
//!   one took.
//!
//! The status function's parts can't be switched off, on purpose: that is why they are called from
//! here.

mod each;
mod look_up;

use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use lambda_http::{Body, Error, Request, RequestExt as _, Response, run, service_fn};
use shared::config;

use self::each::Parts;
use self::look_up::LookUp;

// As the status function: one thread.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let dynamodb = aws_sdk_dynamodb::Client::new(&config::aws().await);
    let look_up = LookUp::new(&dynamodb)?;
    match std::env::args().nth(1).as_deref() {
        Some("look-up") => run(service_fn(|request| look_up_alone(&look_up, request))).await,
        Some("each") => {
            let parts = Parts::new(&dynamodb, look_up).await?;
            run(service_fn(|request| each(&parts, request))).await
        }
        _ => Err("usage: parts look-up | parts each".into()),
    }
}

async fn look_up_alone(look_up: &LookUp, request: Request) -> Result<Response<Body>, Error> {
    answer(look_up.by_ine(&ine(&request)).await?)
}

async fn each(parts: &Parts, request: Request) -> Result<Response<Body>, Error> {
    let took = parts.call(&ine(&request)).await?;
    answer(serde_json::to_string(&took)?)
}

fn ine(request: &Request) -> String {
    request.query_string_parameters().first("INE").unwrap_or_default().to_owned()
}

fn answer(body: String) -> Result<Response<Body>, Error> {
    let response = Response::builder()
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        .header(CACHE_CONTROL, "no-store")
        .body(Body::Text(body))?;
    Ok(response)
}
