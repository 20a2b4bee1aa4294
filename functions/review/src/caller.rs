//! Which reviewing officer asks, shown by the key: a client each, since two people must be told apart.

use std::sync::Arc;

use jiff::Timestamp;
use lambda_http::http::HeaderMap;
use shared::access::client::Client;
use shared::access::route::Route;

use crate::context::Context;
use crate::refusal::Refusal;

/// Who reviews.
#[derive(Debug)]
pub(crate) struct Reviewer {
    pub(crate) client: Arc<Client>,
}

impl Reviewer {
    /// The reviewer, if the key opens reviews.
    pub(crate) async fn of(context: &Context, headers: &HeaderMap, now: Timestamp) -> Result<Self, Refusal> {
        let shown = headers.get("x-api-key").and_then(|key| key.to_str().ok());
        let shown = shown.ok_or(Refusal::Unauthenticated)?;
        let client = context.clients.by_key(shown, Some(Route::Review), now).await?;
        let client = client.filter(|client| client.may(Route::Review)).ok_or(Refusal::Unauthenticated)?;
        Ok(Self { client })
    }

    /// Under which name votes are kept.
    pub(crate) fn id(&self) -> &str {
        &self.client.client_id
    }
}
