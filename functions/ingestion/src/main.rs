//! The function `ingestion`: reads its environment, and hands each delivery of its queue to
//! [`ingestion::handler`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ingestion::clock::Clock;
use ingestion::handler;
use ingestion::world::World;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use tokio::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let (world, settings) = World::from_env().await?;
    run(service_fn(|event: LambdaEvent<_>| {
        let LambdaEvent { payload, context } = event;
        let (world, settings) = (&world, &settings);
        async move {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let left = Duration::from_millis(context.deadline).saturating_sub(now);
            let killed_at = Instant::now() + left;
            let clock = Clock::showing(Timestamp::now());
            // All that an import holds is in this future: 30 KB that are better moved as a pointer.
            let handled =
                handler::handle(world, settings, payload, &context.request_id, clock, killed_at);
            Ok::<_, std::convert::Infallible>(Box::pin(handled).await)
        }
    }))
    .await
}
