//! Which establishment sends, shown by its key.

use std::sync::Arc;

use jiff::Timestamp;
use lambda_http::http::HeaderMap;
use shared::access::client::Client;
use shared::access::key::KeyDigest;
use shared::access::route::Route;
use shared::files::reader::Depositor;
use shared::statements::{Sender, Way};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};

/// Who sends, and as which establishment.
#[derive(Debug)]
pub struct Caller {
    pub(crate) client: Arc<Client>,
    pub(crate) depositor: Arc<Depositor>,
}

impl Caller {
    /// The caller, if its key opens this route and its client sends as an establishment that is
    /// registered.
    pub(crate) async fn of(
        context: &Context,
        headers: &HeaderMap,
        route: Route,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let shown = headers.get("x-api-key").and_then(|key| key.to_str().ok());
        let shown = shown.ok_or(Refusal::Unauthenticated { token: None })?;
        let unknown = || Refusal::Unauthenticated { token: Some(number(shown)) };
        let client = context.clients.by_key(shown, Some(route), now).await?.ok_or_else(unknown)?;
        let uai = client.depositor.filter(|_| client.may(route)).ok_or_else(unknown)?;
        let depositor = context.depositor(uai).await?.ok_or_else(unknown)?;
        Ok(Self { client, depositor })
    }

    /// Who makes the statements of a request.
    pub(crate) fn sender<'a>(&'a self, request_context: &'a RequestContext) -> Sender<'a> {
        Sender {
            client: &self.client.client_id,
            depositor: &self.depositor,
            uid: &request_context.uid,
            now: request_context.now,
            way: Way::Push,
        }
    }
}

/// What the contract calls the token's number, `le token 384 n'est pas valide`. There it is a row
/// of a table; a row tells how many there are, and the key itself must not come back, for answers
/// end up in logs. Ours is [`KeyDigest::number`], by which the establishment and its support can
/// name the key that was shown without either of them writing it down.
fn number(shown: &str) -> u32 {
    KeyDigest::of(shown).number()
}
