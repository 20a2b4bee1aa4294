//! The portal's pages. See the library's page.

use lambda_http::{Error, run, service_fn};
use portal::context::Context;
use portal::handler;

// One request at a time per process, and all its work is waiting: a second thread would only cost
// memory.
#[tokio::main(flavor = "local")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init();
    let api: &'static _ = Box::leak(Box::new(handler::api(Box::pin(Context::from_env()).await?)));
    // A task of its own: each wake-up of the future that `block_on` drives costs a system call, a
    // task's doesn't.
    tokio::task::spawn_local(run(service_fn(move |request| api.handle(request)))).await?
}
