//! Wires [`statistics`] to AWS.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use statistics::context::Context;
use statistics::handler::{self, Order};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let context = Context::from_env().await?;
    run(service_fn(|event: LambdaEvent<serde_json::Value>| {
        let context = &context;
        async move { handler::handle(context, Order::read(event.payload)?).await }
    }))
    .await
}
