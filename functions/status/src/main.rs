//! Consultation: is this person a student? See the library's page.

use lambda_http::{Error, run, service_fn};
use status::context::Context;
use status::handler;

// One request at a time per process, and all its work is waiting: a second thread would only cost memory.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let context = Context::from_env().await?;
    context.warm_up().await;
    run(service_fn(|request| handler::handle(&context, request))).await
}
