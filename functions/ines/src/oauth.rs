//! `POST /oauth2/token`: client credentials (RFC 6749 §4.4), as the ministry's service takes them.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use lambda_http::http::{HeaderMap, StatusCode, header};
use lambda_http::{Body, Request, RequestPayloadExt as _, Response};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use shared::access::ines::Right;
use shared::api::reply::{json, set_header};
use shared::contract::ines::Token;
use shared::registry::StoreError;
use utoipa::ToSchema;

use crate::context::Context;
use crate::token::LIFETIME;

/// A form has some fifty bytes.
pub(crate) const LARGEST_FORM: usize = 4 * 1024;
/// The only grant.
const CLIENT_CREDENTIALS: &str = "client_credentials";

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    grant_type: String,
    /// Names between spaces; all that the client may, when it is left out.
    scope: Option<String>,
}

/// Why there is no token (RFC 6749 §5.2).
#[derive(Debug)]
pub(crate) enum TokenRefusal {
    /// No such client, or another secret.
    Client,
    /// The form can't be read.
    Request,
    /// Another grant.
    Grant,
    /// Something that the client may not.
    Scope,
    /// A store failed.
    Unavailable(StoreError),
    /// The token can't be signed.
    Unsigned,
}

/// The body of a refusal.
#[derive(Serialize, ToSchema)]
pub(crate) struct OauthError {
    /// A code of RFC 6749 §5.2.
    #[schema(example = "invalid_client")]
    error: &'static str,
}

impl From<StoreError> for TokenRefusal {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
    }
}

/// Gives a token to who shows an id and a secret. Also says which client it was, once that is
/// known.
pub(crate) async fn token(
    context: &Context,
    request: &Request,
    now: Timestamp,
    client_id: &mut Option<String>,
) -> Result<Response<Body>, TokenRefusal> {
    if request.body().as_ref().len() > LARGEST_FORM {
        return Err(TokenRefusal::Request);
    }
    let form: Form = request.form_url_encoded().ok().flatten().ok_or(TokenRefusal::Request)?;
    if form.grant_type != CLIENT_CREDENTIALS {
        return Err(if form.grant_type.is_empty() {
            TokenRefusal::Request
        } else {
            TokenRefusal::Grant
        });
    }
    let (id, secret) = credentials(request.headers()).ok_or(TokenRefusal::Client)?;
    let client = context.client(&id).await?;
    let client = client.filter(|client| client.is_shown(&secret)).ok_or(TokenRefusal::Client)?;
    *client_id = Some(client.client_id.clone());
    let rights = match form.scope.as_deref().map(str::trim).filter(|scope| !scope.is_empty()) {
        None => client.scopes.clone(),
        Some(scope) => {
            let asked = scope.split_ascii_whitespace().map(Right::named);
            let asked: BTreeSet<Right> = asked.collect::<Option<_>>().ok_or(TokenRefusal::Scope)?;
            if !asked.is_subset(&client.scopes) {
                return Err(TokenRefusal::Scope);
            }
            asked
        }
    };
    let access_token =
        context.signer.token(&client.client_id, &rights, now).ok_or(TokenRefusal::Unsigned)?;
    let token = Token {
        access_token,
        token_type: "Bearer".to_owned(),
        expires_in: Some(LIFETIME.unsigned_abs()),
    };
    Ok(with_pragma(json(StatusCode::OK, &token)))
}

/// `Authorization: Basic`, both parts percent-encoded as forms are (RFC 6749 §2.3.1).
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) =
        headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain =
        |text: &str| percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned);
    Some((plain(id)?, plain(secret)?))
}

impl TokenRefusal {
    /// Its name in logs and metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Client => "invalid_client",
            Self::Request => "invalid_request",
            Self::Grant => "unsupported_grant_type",
            Self::Scope => "invalid_scope",
            // Not a code of the token endpoint's, which has none for it: of the authorisation
            // endpoint's (§4.1.2.1).
            Self::Unavailable(_) | Self::Unsigned => "temporarily_unavailable",
        }
    }

    /// The response.
    pub(crate) fn response(&self) -> Response<Body> {
        let status = match self {
            Self::Client => StatusCode::UNAUTHORIZED,
            Self::Request | Self::Grant | Self::Scope => StatusCode::BAD_REQUEST,
            Self::Unavailable(_) | Self::Unsigned => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut response = with_pragma(json(status, &OauthError { error: self.name() }));
        if status == StatusCode::UNAUTHORIZED {
            set_header(
                &mut response,
                "www-authenticate",
                "Basic realm=\"ines\", charset=\"UTF-8\"",
            );
        }
        response
    }
}

/// Both headers are required of an answer that holds a token (RFC 6749 §5.1); `no-store` is always
/// there.
fn with_pragma(mut response: Response<Body>) -> Response<Body> {
    set_header(&mut response, "pragma", "no-cache");
    response
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;

    use super::*;

    #[test]
    fn credentials_are_decoded_twice() {
        let with = |value: &str| {
            credentials(&HeaderMap::from_iter([(
                header::AUTHORIZATION,
                HeaderValue::from_str(value).unwrap(),
            )]))
        };
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(with(&basic("supdata:s3cret")), pair("supdata", "s3cret"));
        assert_eq!(with(&basic("sup%3Adata:a:b%25")), pair("sup:data", "a:b%"));
        assert_eq!(with(&basic("supdata")), None);
        assert_eq!(with("Bearer abc"), None);
        assert_eq!(with("Basic !"), None);
        assert_eq!(credentials(&HeaderMap::new()), None);
    }
}
