//! Requests to the emulator: plain HTTP on this machine, never through a proxy.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ureq::Agent;
use ureq::http::{Request, Response};

/// Longer than any single answer takes, the statistics included.
const PATIENCE: Duration = Duration::from_mins(2);

/// How many times an answer that leads elsewhere is followed.
const REDIRECTS: u32 = 10;

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    /// The status code.
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Sends a request with a small body, or none.
pub(crate) async fn send(request: Request<String>) -> Result<HttpAnswer> {
    blocking(move || read(agent(PATIENCE, REDIRECTS).run(request)?)).await
}

/// A browser that goes where it is sent when it is told to, and keeps what it is given.
#[derive(Debug, Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
}

/// A page, or where another one is.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

impl Browser {
    /// Opens an address.
    pub(crate) async fn open(&mut self, url: &str) -> Result<Page> {
        self.visit(Request::get(url), String::new()).await
    }

    /// Sends a form, as the pages of `origin` do.
    pub(crate) async fn send(&mut self, url: &str, origin: &str, form: String) -> Result<Page> {
        let request = Request::post(url)
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded");
        self.visit(request, form).await
    }

    async fn visit(&mut self, request: ureq::http::request::Builder, body: String) -> Result<Page> {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let request = request.header("cookie", cookies).body(body)?;
        let (page, set) = blocking(move || {
            let mut response = agent(PATIENCE, 0).run(request)?;
            let text = |name: &str| {
                let values = response.headers().get_all(name).iter();
                values.filter_map(|value| Some(value.to_str().ok()?.to_owned())).collect::<Vec<_>>()
            };
            let (location, set) = (text("location").into_iter().next(), text("set-cookie"));
            let body = response.body_mut().read_to_string()?;
            Ok((Page { status: response.status().as_u16(), location, body }, set))
        })
        .await?;
        for cookie in set {
            let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(page)
    }
}

/// Sends a large body as it is read; `patience` bounds the whole upload.
pub(crate) async fn upload(
    request: ureq::http::request::Builder,
    body: impl Read + Send + 'static,
    patience: Duration,
) -> Result<HttpAnswer> {
    blocking(move || {
        let body = ureq::SendBody::from_owned_reader(body);
        read(agent(patience, REDIRECTS).run(request.body(body)?)?)
    })
    .await
}

/// `redirects` is how many times an answer that leads elsewhere is followed.
fn agent(patience: Duration, redirects: u32) -> Agent {
    Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(redirects)
        .max_redirects_will_error(false)
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
