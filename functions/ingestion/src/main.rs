//! The function `ingestion`: reads its environment, and hands each delivery of its queue to
//! [`ingestion::handler`].

use ingestion::clock::Clock;
use ingestion::handler;
use ingestion::world::World;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let (world, settings) = World::from_env().await?;
    run(service_fn(|event: LambdaEvent<_>| {
        let LambdaEvent { payload, context } = event;
        let (world, settings) = (&world, &settings);
        async move {
            let killed_at = shared::deadline::killed_at(context.deadline);
            let clock = Clock::showing(Timestamp::now());
            // All that an import holds is in this future: 30 KB that are better moved as a pointer.
            let handled =
                handler::handle(world, settings, payload, &context.request_id, clock, killed_at);
            Ok::<_, std::convert::Infallible>(Box::pin(handled).await)
        }
    }))
    .await
}
