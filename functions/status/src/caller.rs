//! Who asks, and what it may be told.

use std::sync::Arc;

use jiff::Timestamp;
use lambda_http::Request;
use lambda_http::http::{HeaderMap, header};
use shared::access::client::Client;
use shared::access::key::KeyDigest;
use shared::access::route::Route;
use shared::access::scope::{Scope, Scopes};
use shared::auth::token::{self, Token, TokenError};
use shared::contract::pivot::PivotIdentity;

use crate::context::Context;
use crate::reply::{ApiError, Refusal, Unauthenticated};

/// `X-Caller` is `DINUM - <uuid>`, 44 characters; what is longer is cut here.
const LONGEST_CALLER: usize = 200;

/// What a caller has to show.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// A key, a token or FranceConnect's token that may ask by this route.
    Asking(Route),
    /// A key or a token, whatever it may: its holder is told about itself.
    Holding,
}

/// Who asks.
#[derive(Debug)]
pub struct Caller {
    pub(crate) client: Arc<Client>,
    /// What it may be told, where scopes govern.
    pub(crate) scopes: Scopes,
    /// On whose behalf a relaying client asks.
    pub(crate) relayed: Option<String>,
    /// Whom it asks about, when FranceConnect says that.
    pub(crate) person: Option<PivotIdentity>,
}

impl Caller {
    /// The caller of a consultation, if it may ask by this route.
    pub(crate) async fn of(
        context: &Context,
        request: &Request,
        route: Route,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let relayed = relayed(request.headers());
        let caller = match route {
            Route::StatusByIne | Route::StatusByIdentity => {
                // The contract's body is fixed: scopes don't govern here (architecture.md).
                let client = by_key(context, request.headers(), Some(route), now).await?;
                Self { client, scopes: Scopes::ALL, relayed, person: None }
            }
            Route::DirectByIne | Route::DirectByIdentity | Route::Batch => {
                let (client, scopes) = by_token(context, request.headers(), now).await?;
                Self { client, scopes, relayed, person: None }
            }
            // An establishment's key opens what it sends by, which another function serves.
            Route::Enrolment
            | Route::Deposit
            | Route::Review
            | Route::OwnPage
            | Route::Rights
            | Route::Share => {
                return Err(Refusal::Forbidden.into());
            }
            Route::FranceConnect => {
                Self { relayed, ..by_france_connect(context, request.headers(), now).await? }
            }
        };
        // Without a scope there is nothing to tell, not even whether there is somebody.
        if !caller.client.may(route) || caller.scopes.is_empty() {
            return Err(Refusal::Forbidden.into());
        }
        Ok(caller)
    }

    /// The scopes that have an effect on a route: the caller of FranceConnect's has the identity
    /// from there, so it is never told (domain.md §4.2).
    pub(crate) fn effective(route: Route, scopes: Scopes) -> Scopes {
        if route == Route::FranceConnect { scopes.without(Scope::Identite) } else { scopes }
    }

    /// The holder of a token, or of a key: whom `/api/introspect` tells about itself.
    pub(crate) async fn holder(
        context: &Context,
        request: &Request,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let headers = request.headers();
        let (client, scopes) = if headers.contains_key("x-api-key") {
            let client = by_key(context, headers, None, now).await?;
            let scopes = client.scopes;
            (client, scopes)
        } else {
            by_token(context, headers, now).await?
        };
        Ok(Self { client, scopes, relayed: None, person: None })
    }
}

/// The client whose key is shown, if the key opens `route`.
async fn by_key(
    context: &Context,
    headers: &HeaderMap,
    route: Option<Route>,
    now: Timestamp,
) -> Result<Arc<Client>, ApiError> {
    let unknown = || Refusal::Unauthenticated(Unauthenticated::Unknown);
    let shown = headers.get("x-api-key").and_then(|key| key.to_str().ok()).ok_or_else(unknown)?;
    Ok(context.clients.by_key(shown, route, now).await?.ok_or_else(unknown)?)
}

/// The client that a token is of, and what both the token and the client's record allow.
async fn by_token(
    context: &Context,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<(Arc<Client>, Scopes), ApiError> {
    let refuse = |why| Refusal::Unauthenticated(why);
    let issuer = context.issuer.as_ref().ok_or_else(|| refuse(Unauthenticated::Unknown))?;
    let text = bearer(headers).ok_or_else(|| refuse(Unauthenticated::Unknown))?;
    let http = context.http().ok_or(Refusal::IssuerUnreachable)?;
    let Token { sub, jti, scopes, .. } =
        token::verify(text, &issuer.trust, &issuer.jwks, http, now).await.map_err(|error| {
            match error {
                TokenError::Expired => refuse(Unauthenticated::Expired),
                TokenError::Unreachable => Refusal::IssuerUnreachable,
                _ => refuse(Unauthenticated::Unknown),
            }
        })?;
    let (client, revoked) = tokio::try_join!(
        context.clients.by_id(&sub),
        context.clients.is_token_revoked(KeyDigest::of(&jti))
    )?;
    let client = client.ok_or_else(|| refuse(Unauthenticated::Unknown))?;
    active(&client, revoked, now)?;
    let scopes = scopes.and(client.scopes);
    Ok((client, scopes))
}

/// The client that FranceConnect gave a token to, and the person that the token stands for.
async fn by_france_connect(
    context: &Context,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Caller, ApiError> {
    let unknown = || Refusal::Unauthenticated(Unauthenticated::Unknown);
    let token = bearer(headers).ok_or_else(unknown)?;
    let france_connect = context.france_connect.get().await?.ok_or_else(unknown)?;
    let http = context.http().ok_or(Refusal::IssuerUnreachable)?;
    let introspection =
        france_connect.introspect(token, http, now).await.map_err(Refusal::FranceConnect)?;
    let client = context.clients.service_provider(&introspection.service_provider).await?;
    let client = client.ok_or(Refusal::Forbidden)?;
    active(&client, false, now)?;
    let scopes = Caller::effective(Route::FranceConnect, introspection.scopes.and(client.scopes));
    Ok(Caller { client, scopes, relayed: None, person: Some(introspection.identity) })
}

fn active(client: &Client, token_revoked: bool, now: Timestamp) -> Result<(), Refusal> {
    use shared::access::client::State;
    match (client.is_active(now), client.state) {
        (true, _) if !token_revoked => Ok(()),
        (false, State::Active) => Err(Refusal::Unauthenticated(Unauthenticated::Expired)),
        _ => Err(Refusal::Unauthenticated(Unauthenticated::Revoked)),
    }
}

/// `Authorization: Bearer <token>`, whatever the case of the scheme (RFC 9110 §11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) =
        headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn relayed(headers: &HeaderMap) -> Option<String> {
    let caller = headers.get("x-caller")?.to_str().ok()?.trim();
    Some(caller.chars().take(LONGEST_CALLER).collect())
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;
    use shared::contract::v3::answer::fields_of;

    use super::*;

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        for (value, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer", None),
            ("", None),
        ] {
            let headers =
                HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            assert_eq!(bearer(&headers), token, "{value}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }

    #[test]
    fn the_documented_scopes_are_those_of_the_code() {
        const ROUTES: [Route; 4] =
            [Route::DirectByIne, Route::DirectByIdentity, Route::Batch, Route::FranceConnect];
        let mut table = String::from(
            "| scope | fields | ine | identite | lot | france_connect |\n|---|---|---|---|---|---|\n",
        );
        let line = |scope: Scope| {
            let granted = ROUTES.map(|route| Caller::effective(route, Scopes::ALL).has(scope));
            let cells = granted.map(|granted| if granted { "yes" } else { "never" }).join(" | ");
            let fields = fields_of(scope)
                .iter()
                .map(|field| format!("`{field}`"))
                .collect::<Vec<_>>()
                .join(", ");
            format!("| `{}` | {fields} | {cells} |\n", scope.name())
        };
        table.extend(Scope::ALL.map(line));
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/scopes.md");
        let text = std::fs::read_to_string(path).unwrap();
        let (before, rest) = text.split_once("<!-- table -->\n").unwrap();
        let (documented, after) = rest.split_once("<!-- /table -->").unwrap();
        if std::env::var_os("UPDATE_SCOPES").is_some() {
            std::fs::write(path, format!("{before}<!-- table -->\n{table}<!-- /table -->{after}"))
                .unwrap();
        } else {
            assert_eq!(
                documented, table,
                "scopes changed: UPDATE_SCOPES=1 cargo test --workspace --lib scopes"
            );
        }
    }

    #[test]
    fn a_caller_is_cut_and_never_breaks() {
        let with = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert("x-caller", HeaderValue::from_bytes(value).unwrap());
            relayed(&headers)
        };
        assert_eq!(with(b" DINUM - 1 "), Some("DINUM - 1".into()));
        assert_eq!(with(&[b'x'; 5_000]).map(|caller| caller.len()), Some(LONGEST_CALLER));
        assert_eq!(with(&[0xff, 0xfe]), None);
    }
}
