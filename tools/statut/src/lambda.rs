//! Runs a function now. One call is signed here: the SDK for Lambda is larger than the rest of this
//! tool.

use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;

use crate::http;

/// Where functions are invoked, and as whom.
#[derive(Debug, Clone)]
pub(crate) struct Lambda {
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
}

impl Lambda {
    /// Invokes a function with an event, and gives what it answers.
    pub(crate) async fn invoke(&self, function: &str, event: &str) -> Result<String> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint);
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("lambda")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .context("the request can't be signed")?;
        let signable = SignableRequest::new(
            "POST",
            &url,
            std::iter::empty(),
            SignableBody::Bytes(event.as_bytes()),
        )
        .context("the request can't be signed")?;
        let (signature, _) =
            sign(signable, &parameters.into()).context("the request can't be signed")?.into_parts();
        let mut request = http::client(&url)?.post(&url).body(event.to_owned());
        for (name, value) in signature.headers() {
            request = request.header(name, value);
        }
        let answer = request
            .send()
            .await
            .with_context(|| format!("the function {function} doesn't answer"))?;
        let status = answer.status();
        let has_failed = answer.headers().contains_key("x-amz-function-error");
        let body = answer
            .text()
            .await
            .with_context(|| format!("the answer of {function} was cut short"))?;
        if !status.is_success() || has_failed {
            bail!("the function {function} failed (status {status}): {body}");
        }
        Ok(body)
    }
}
