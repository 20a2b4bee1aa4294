//! Which reviewing officer asks, shown by the key: a client is one person's, and whoever has
//! several is one voice.

use std::sync::Arc;

use jiff::Timestamp;
use lambda_http::http::HeaderMap;
use shared::access::client::Client;
use shared::access::officer::Officer;
use shared::access::route::Route;

use crate::context::Context;
use crate::refusal::{ApiError, Refusal};

/// Who reviews.
#[derive(Debug)]
pub struct Reviewer {
    pub(crate) client: Arc<Client>,
    /// The person whose client it is.
    pub(crate) officer: Officer,
}

impl Reviewer {
    /// The reviewer, if the key opens reviews and its client is registered in the name of a person.
    pub(crate) async fn of(
        context: &Context,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let shown = headers.get("x-api-key").and_then(|key| key.to_str().ok());
        let shown = shown.ok_or(Refusal::Unauthenticated)?;
        let client = context.clients.by_key(shown, Some(Route::Review), now).await?;
        let client =
            client.filter(|client| client.may(Route::Review)).ok_or(Refusal::Unauthenticated)?;
        let officer = client.officer.clone().ok_or(Refusal::Unnamed)?;
        Ok(Self { client, officer })
    }

    /// The client, as logs, traces and metrics name it.
    pub(crate) fn id(&self) -> &str {
        &self.client.client_id
    }

    /// Whose votes they are: two clients of one person are one voice.
    pub(crate) fn voice(&self) -> &str {
        self.officer.as_str()
    }
}
