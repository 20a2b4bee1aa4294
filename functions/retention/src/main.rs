//! Wires [`retention`] to AWS.

use std::time::SystemTime;

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use retention::context::Context;
use retention::handler::{self, Order};
use tokio::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let context = Context::from_env().await?;
    run(service_fn(|event: LambdaEvent<serde_json::Value>| {
        let context = &context;
        async move {
            // A deadline that is past gives no time, and the next run goes on.
            let left = event.context.deadline().duration_since(SystemTime::now());
            let until = Instant::now() + left.unwrap_or_default();
            handler::handle(context, Order::read(event.payload)?, Timestamp::now(), until).await
        }
    }))
    .await
}
