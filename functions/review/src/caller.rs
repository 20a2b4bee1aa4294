//! Which reviewing officer asks, shown by the key: a client is one person's, and whoever has
//! several is one voice.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use lambda_http::http::HeaderMap;
use shared::access::client::Client;
use shared::access::route::Route;
use shared::reviewing::Reviewer;

use crate::context::Context;
use crate::refusal::{ApiError, Refusal};

/// The client and its person, if the key opens reviews and the client is registered in the name of
/// a person.
pub(crate) async fn recognised(
    context: &Context,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<(Arc<Client>, Reviewer), ApiError> {
    let shown = headers.get("x-api-key").and_then(|key| key.to_str().ok());
    let shown = shown.ok_or(Refusal::Unauthenticated)?;
    let client = context.reviewing.clients.by_key(shown, Some(Route::Review), now).await?;
    let client =
        client.filter(|client| client.may(Route::Review)).ok_or(Refusal::Unauthenticated)?;
    let officer = client.officer.clone().ok_or(Refusal::Unnamed)?;
    // Whoever comes by a key is a member of nothing: what they send for, their clients say.
    let reviewer = Reviewer { id: client.client_id.clone(), officer, member_of: BTreeSet::new() };
    Ok((client, reviewer))
}
