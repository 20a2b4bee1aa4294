//! Wires [`retention`] to AWS.

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use retention::context::Context;
use retention::handler::{self, Order};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let context = Context::from_env().await?;
    run(service_fn(|event: LambdaEvent<serde_json::Value>| {
        let context = &context;
        async move {
            let until = shared::deadline::killed_at(event.context.deadline);
            handler::handle(context, Order::read(event.payload)?, Timestamp::now(), until).await
        }
    }))
    .await
}
