//! Statistics: aggregates that disclose nobody, published on a schedule.

mod context;
mod handler;
mod table;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let context = context::Context::from_env().await?;
    // What the scheduler sends carries nothing that the work depends on.
    run(service_fn(|_: LambdaEvent<serde_json::Value>| handler::handle(&context))).await
}
