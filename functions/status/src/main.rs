//! Consultation: is this person a student? `GET` and `POST /api/etudiant` behind API Gateway.

mod cache;
mod context;
mod handler;
mod reply;

use lambda_http::{Error, run, service_fn};

// One request at a time per process, and all its work is waiting: a second thread would only cost memory.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let context = context::Context::from_env().await?;
    context.warm_up().await;
    run(service_fn(|request| handler::handle(&context, request))).await
}
