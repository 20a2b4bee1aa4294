//! Identity: which student each record is about, and its publication.

mod context;
mod handler;
mod resolve;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let context = context::Context::from_env().await?;
    run(service_fn(|event: LambdaEvent<_>| {
        let context = &context;
        async move { Ok::<_, std::convert::Infallible>(handler::handle(context, event.payload).await) }
    }))
    .await
}
