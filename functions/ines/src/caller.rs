//! Who asks, shown by a token of ours.

use std::collections::BTreeSet;

use lambda_http::http::{HeaderMap, header};
use shared::access::ines::Right;
use shared::contract::ines::DEPOSITOR;
use shared::domain::uai::Uai;

use crate::context::Context;
use crate::refusal::{ApiError, Refusal};

/// What clients say of themselves is a short name; what is longer is cut here.
const LONGEST_CHANNEL: usize = 64;

/// Who asks.
#[derive(Debug)]
pub struct Caller {
    pub(crate) client_id: String,
    rights: BTreeSet<Right>,
    /// `X-channel`: what the ministry's clients say of themselves. Ours is told nothing by it, and
    /// only keeps it.
    pub(crate) channel: Option<String>,
    /// On whose word it asks, as it says: kept in the trace, and believed for nothing else.
    pub(crate) depositor: Option<Uai>,
}

impl Caller {
    /// The holder of the token that is shown.
    pub(crate) async fn of(context: &Context, headers: &HeaderMap) -> Result<Self, ApiError> {
        let token = bearer(headers).ok_or(Refusal::Unauthenticated)?;
        // The ministry's clients show the token twice; two that differ are a mistake, or worse.
        if headers
            .get("x-jwt-assertion")
            .is_some_and(|assertion| assertion.as_bytes() != token.as_bytes())
        {
            return Err(Refusal::Unauthenticated.into());
        }
        let claims = context.signer.read(token).ok_or(Refusal::Unauthenticated)?;
        let client = context.client(&claims.sub).await?.ok_or(Refusal::Unauthenticated)?;
        let rights = client.and(&claims.rights());
        Ok(Self {
            client_id: client.client_id.clone(),
            rights,
            channel: channel(headers),
            depositor: depositor(headers),
        })
    }

    /// Whether it may ask that.
    pub(crate) fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }
}

/// `Authorization: Bearer <token>`, whatever the case of the scheme (RFC 9110 §11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) =
        headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn depositor(headers: &HeaderMap) -> Option<Uai> {
    Uai::parse(headers.get(DEPOSITOR)?.to_str().ok()?.trim()).ok()
}

fn channel(headers: &HeaderMap) -> Option<String> {
    let channel = headers.get("x-channel")?.to_str().ok()?.trim();
    (!channel.is_empty()).then(|| channel.chars().take(LONGEST_CHANNEL).collect())
}
