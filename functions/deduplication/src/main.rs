//! Wires [`deduplication`] to AWS.

use deduplication::handler;
use deduplication::world::Deployed;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let world = Deployed::from_env().await?;
    run(service_fn(|event: LambdaEvent<_>| {
        let world = &world;
        // Milliseconds since 1970. One that means nothing gives no time, and everything is sent
        // again.
        let deadline = i64::try_from(event.context.deadline)
            .ok()
            .and_then(|at| Timestamp::from_millisecond(at).ok());
        let deadline = deadline.unwrap_or_default();
        async move {
            Ok::<_, std::convert::Infallible>(handler::handle(world, event.payload, deadline).await)
        }
    }))
    .await
}
