//! Wires [`statistics`] to AWS.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use statistics::context::Context;
use statistics::handler::{self, Asked, Invocation};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let context = Context::from_env().await?;
    run(service_fn(|event: LambdaEvent<serde_json::Value>| {
        let context = &context;
        let invocation = Invocation {
            killed_at: shared::deadline::killed_at(event.context.deadline),
            request: event.context.request_id,
        };
        async move { handler::handle(context, Asked::read(event.payload)?, &invocation).await }
    }))
    .await
}
