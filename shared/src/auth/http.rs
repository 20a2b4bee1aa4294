//! The HTTP client of issuers' keys and of FranceConnect, behind a trait that tests replace.

use std::future::Future;
use std::time::Duration;

/// No document that we ask for is larger; FranceConnect's answers have some 3 KB.
pub const LARGEST_ANSWER: usize = 64 * 1024;
/// A caller waits 5 to 10 s (domain.md §1.1, §4.2), our own function 10 s: less, so that we still answer.
const TIMEOUT: Duration = Duration::from_secs(4);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// An answer, whatever its status.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
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
    /// `GET`.
    fn get(&self, url: &str) -> impl Future<Output = Result<Reply, HttpError>> + Send;

    /// `POST` of a form, as a browser would send it.
    fn post_form(&self, url: &str, form: &[(&str, &str)]) -> impl Future<Output = Result<Reply, HttpError>> + Send;

    /// `POST` of a JSON text.
    fn post_json(&self, url: &str, json: String) -> impl Future<Output = Result<Reply, HttpError>> + Send;
}

/// The real one. Follows no redirection and no proxy: it calls addresses of the configuration only.
#[derive(Debug, Clone)]
pub struct HttpClient(reqwest::Client);

impl HttpClient {
    /// A client; its connections are kept. `None` when the system has no TLS to offer.
    #[must_use]
    pub fn new() -> Option<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent("statut-etudiant")
            .build();
        client.ok().map(Self)
    }
}

impl Http for HttpClient {
    async fn get(&self, url: &str) -> Result<Reply, HttpError> {
        send(self.0.get(url)).await
    }

    async fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Result<Reply, HttpError> {
        send(self.0.post(url).form(form)).await
    }

    async fn post_json(&self, url: &str, json: String) -> Result<Reply, HttpError> {
        send(self.0.post(url).header("content-type", "application/json").body(json)).await
    }
}

async fn send(request: reqwest::RequestBuilder) -> Result<Reply, HttpError> {
    // reqwest's own errors quote the address, which is ours, and never a body; two words are enough all the same.
    let failed = |error: reqwest::Error| if error.is_timeout() { HttpError::Timeout } else { HttpError::Unreachable };
    let mut response = request.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(HttpError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, body })
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use super::*;

    /// Gives prepared answers, in their order, and notes what it was asked.
    #[derive(Default)]
    pub(crate) struct FakeHttp {
        answers: Mutex<VecDeque<Result<Reply, HttpError>>>,
        pub(crate) asked: Mutex<Vec<String>>,
    }

    impl FakeHttp {
        pub(crate) fn answer(&self, status: u16, body: impl Into<Vec<u8>>) {
            self.answers.lock().unwrap().push_back(Ok(Reply { status, body: body.into() }));
        }

        pub(crate) fn fail(&self, error: HttpError) {
            self.answers.lock().unwrap().push_back(Err(error));
        }

        pub(crate) fn calls(&self) -> usize {
            self.asked.lock().unwrap().len()
        }

        fn next(&self, asked: String) -> Result<Reply, HttpError> {
            self.asked.lock().unwrap().push(asked);
            self.answers.lock().unwrap().pop_front().unwrap_or(Err(HttpError::Unreachable))
        }
    }

    impl Http for FakeHttp {
        async fn get(&self, url: &str) -> Result<Reply, HttpError> {
            self.next(format!("GET {url}"))
        }

        async fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Result<Reply, HttpError> {
            self.next(format!("POST {url} {form:?}"))
        }

        async fn post_json(&self, url: &str, json: String) -> Result<Reply, HttpError> {
            self.next(format!("POST {url} {json}"))
        }
    }
}
