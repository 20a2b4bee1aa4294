//! Feeding: a file dropped in the inbox becomes source records, pointers and a report.

mod context;
mod handler;
mod import;
mod object;
mod rows;
mod writer;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};

// The file is parsed on a thread of its own while this one waits for DynamoDB.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let context = context::Context::from_env().await?;
    run(service_fn(|event: LambdaEvent<_>| {
        let LambdaEvent { payload, context: invocation } = event;
        let context = &context;
        async move { handler::handle(context, payload, &invocation.request_id).await }
    }))
    .await
}
