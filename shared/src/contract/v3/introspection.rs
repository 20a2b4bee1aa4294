//! `/api/introspect`: what a token's holder may ask, told to itself.

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::client::Client;
use crate::access::scope::Scopes;

/// The body of a 200 answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Introspection<'a> {
    /// The client's id.
    #[serde(rename = "_id")]
    #[schema(example = "ville-de-nantes")]
    id: &'a str,
    /// Its name.
    name: &'a str,
    /// The scopes that the token and the client's record both grant.
    scopes: Vec<&'static str>,
}

impl<'a> Introspection<'a> {
    /// What a holder is told.
    #[must_use]
    pub fn of(client: &'a Client, scopes: Scopes) -> Self {
        Self { id: &client.client_id, name: &client.name, scopes: scopes.names() }
    }
}
