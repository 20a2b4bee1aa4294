//! Wires [`deduplication`] to AWS.

use deduplication::aws::Aws;
use deduplication::handler;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let world = Aws::from_env().await?;
    run(service_fn(|event: LambdaEvent<_>| {
        let world = &world;
        async move { Ok::<_, std::convert::Infallible>(handler::handle(world, event.payload).await) }
    }))
    .await
}
