//! Requests to the emulator: plain HTTP on this machine, never through a proxy.

use std::io::Read;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ureq::Agent;
use ureq::http::{Request, Response};

/// Longer than any single answer takes, the statistics included.
const PATIENCE: Duration = Duration::from_mins(2);

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    /// The status code.
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Sends a request with a small body, or none.
pub(crate) async fn send(request: Request<String>) -> Result<HttpAnswer> {
    blocking(move || read(agent(PATIENCE).run(request)?)).await
}

/// Sends a large body as it is read; `patience` bounds the whole upload.
pub(crate) async fn upload(
    request: ureq::http::request::Builder,
    body: impl Read + Send + 'static,
    patience: Duration,
) -> Result<HttpAnswer> {
    blocking(move || {
        let body = ureq::SendBody::from_owned_reader(body);
        read(agent(patience).run(request.body(body)?)?)
    })
    .await
}

fn agent(patience: Duration) -> Agent {
    Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .timeout_global(Some(patience))
        .build()
        .new_agent()
}

fn read(mut response: Response<ureq::Body>) -> Result<HttpAnswer> {
    let body = response.body_mut().read_to_string()?;
    Ok(HttpAnswer { status: response.status().as_u16(), body })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("a request was cut short")?
}
