//! The HTTP client of issuers' keys, of FranceConnect and of INES, behind a trait that tests
//! replace.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::RETRY_AFTER;

/// No document that we ask for is larger; FranceConnect's answers have some 3 KB.
pub const LARGEST_ANSWER: usize = 64 * 1024;
/// A caller waits 5 to 10 s (domain.md §1.1, §4.2), our own function 10 s: less, so that we still
/// answer.
const TIMEOUT: Duration = Duration::from_secs(4);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// An answer, whatever its status.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    pub body: Vec<u8>,
    /// How long it asks to be left alone (`Retry-After` in seconds; its other form, a date, counts
    /// as none).
    pub retry_after: Option<Duration>,
}

/// What is sent with a `POST`.
#[derive(Clone, PartialEq, Eq)]
pub enum Content<'a> {
    /// A form, as a browser would send it.
    Form(&'a [(&'a str, &'a str)]),
    /// A JSON text.
    Json(String),
}

/// There was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Not in time.
    #[error("no answer in time")]
    Timeout,
    /// No connection, or it broke.
    #[error("out of reach")]
    Unreachable,
    /// More than [`LARGEST_ANSWER`].
    #[error("answer too large")]
    TooLarge,
}

/// What is asked of an HTTP client.
pub trait Http: Send + Sync {
    /// `GET`, with headers.
    fn get_with(
        &self,
        url: &str,
        headers: &[(&str, &str)],
    ) -> impl Future<Output = Result<Reply, HttpError>> + Send;

    fn get(&self, url: &str) -> impl Future<Output = Result<Reply, HttpError>> + Send {
        self.get_with(url, &[])
    }

    /// `POST`, with headers besides that of the content's type.
    fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        content: Content<'_>,
    ) -> impl Future<Output = Result<Reply, HttpError>> + Send;

    fn post_form(
        &self,
        url: &str,
        form: &[(&str, &str)],
    ) -> impl Future<Output = Result<Reply, HttpError>> + Send {
        self.post(url, &[], Content::Form(form))
    }

    /// `POST` of a JSON text.
    fn post_json(
        &self,
        url: &str,
        json: String,
    ) -> impl Future<Output = Result<Reply, HttpError>> + Send {
        self.post(url, &[], Content::Json(json))
    }
}

/// The real one. Follows no redirection and no proxy: it calls addresses of the configuration only.
#[derive(Debug, Clone)]
pub struct HttpClient(reqwest::Client);

impl HttpClient {
    /// A client; its connections are kept. `None` when the system has no TLS to offer.
    #[must_use]
    pub fn new() -> Option<Self> {
        Self::with_timeout(TIMEOUT)
    }

    /// A client that waits so long for an answer, from the first byte sent to the last one
    /// received.
    #[must_use]
    pub fn with_timeout(timeout: Duration) -> Option<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .user_agent("statut-etudiant")
            .build();
        client.ok().map(Self)
    }
}

impl Http for HttpClient {
    async fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Result<Reply, HttpError> {
        send(with(self.0.get(url), headers)).await
    }

    async fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        content: Content<'_>,
    ) -> Result<Reply, HttpError> {
        let request = match content {
            Content::Form(form) => self.0.post(url).form(form),
            Content::Json(json) => {
                self.0.post(url).header("content-type", "application/json").body(json)
            }
        };
        send(with(request, headers)).await
    }
}

/// A client that is made when it is first needed, because it reads the system's root certificates:
/// most instances of a function that may have to call somebody never do.
#[derive(Debug)]
pub struct LazyHttpClient {
    timeout: Duration,
    client: OnceLock<Option<HttpClient>>,
}

impl LazyHttpClient {
    /// Nothing is made yet.
    #[must_use]
    pub fn with_timeout(timeout: Duration) -> Self {
        Self { timeout, client: OnceLock::new() }
    }

    fn client(&self) -> Result<&HttpClient, HttpError> {
        self.client
            .get_or_init(|| HttpClient::with_timeout(self.timeout))
            .as_ref()
            .ok_or(HttpError::Unreachable)
    }
}

impl Http for LazyHttpClient {
    async fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Result<Reply, HttpError> {
        self.client()?.get_with(url, headers).await
    }

    async fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        content: Content<'_>,
    ) -> Result<Reply, HttpError> {
        self.client()?.post(url, headers, content).await
    }
}

/// A header that can't be written makes a request that can't be sent: it is out of reach, and
/// nothing is shown.
fn with(request: reqwest::RequestBuilder, headers: &[(&str, &str)]) -> reqwest::RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

async fn send(request: reqwest::RequestBuilder) -> Result<Reply, HttpError> {
    // reqwest's own errors quote the address, which is ours, and never a body; two words are enough
    // all the same.
    let failed = |error: reqwest::Error| {
        if error.is_timeout() { HttpError::Timeout } else { HttpError::Unreachable }
    };
    let mut response = request.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|seconds| seconds.to_str().ok()?.trim().parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(HttpError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, body, retry_after: retry_after.map(Duration::from_secs) })
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use super::*;

    /// Gives prepared answers, in their order, and notes what it was asked.
    #[derive(Default)]
    pub(crate) struct FakeHttp {
        answers: Mutex<VecDeque<Result<Reply, HttpError>>>,
        pub(crate) asked: Mutex<Vec<String>>,
        /// Those of each call, as `name: value`.
        pub(crate) headers: Mutex<Vec<Vec<String>>>,
    }

    impl FakeHttp {
        pub(crate) fn answer(&self, status: u16, body: impl Into<Vec<u8>>) {
            self.answer_later(status, body, None);
        }

        pub(crate) fn answer_later(
            &self,
            status: u16,
            body: impl Into<Vec<u8>>,
            retry_after: Option<Duration>,
        ) {
            self.answers.lock().unwrap().push_back(Ok(Reply {
                status,
                body: body.into(),
                retry_after,
            }));
        }

        pub(crate) fn fail(&self, error: HttpError) {
            self.answers.lock().unwrap().push_back(Err(error));
        }

        pub(crate) fn calls(&self) -> usize {
            self.asked.lock().unwrap().len()
        }

        fn next(&self, asked: String, headers: &[(&str, &str)]) -> Result<Reply, HttpError> {
            self.headers
                .lock()
                .unwrap()
                .push(headers.iter().map(|(name, value)| format!("{name}: {value}")).collect());
            self.asked.lock().unwrap().push(asked);
            self.answers.lock().unwrap().pop_front().unwrap_or(Err(HttpError::Unreachable))
        }
    }

    impl Http for FakeHttp {
        async fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Result<Reply, HttpError> {
            self.next(format!("GET {url}"), headers)
        }

        async fn post(
            &self,
            url: &str,
            headers: &[(&str, &str)],
            content: Content<'_>,
        ) -> Result<Reply, HttpError> {
            // As on a network, others come in between.
            tokio::task::yield_now().await;
            match content {
                Content::Form(form) => self.next(format!("POST {url} {form:?}"), headers),
                Content::Json(json) => self.next(format!("POST {url} {json}"), headers),
            }
        }
    }
}
