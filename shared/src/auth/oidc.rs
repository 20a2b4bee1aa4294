//! Log-in of a person at an OpenID Connect provider, by the authorization code flow: the address
//! that their browser is sent to, and what comes back exchanged for who they are.
//!
//! Providers differ in ways that no discovery document tells ([`Profile`]): ProConnect takes PKCE
//! and answers an unknown parameter with an error, FranceConnect refuses PKCE altogether.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::http::{Http, HttpError};
use super::jwks::Jwks;
use super::token::{
    Signed, TokenError, Trust, is_signed_with_secret, verify_claims, verify_claims_by_secret,
};
use crate::contract::pivot::PivotIdentity;

/// What a provider may say that an identity token is (`typ`), in lower case.
const TYPES: [&str; 2] = ["jwt", "application/jwt"];
/// Bytes of a state, a nonce or a verifier: 43 characters, where ProConnect asks for 32 and RFC
/// 7636 for 43.
const RANDOM_BYTES: usize = 32;
/// The level that is asked of `FranceConnect`, which vouches for this one or a higher one.
const LEVEL: &str = "eidas1";
/// The levels that do.
const LEVELS: [&str; 3] = [LEVEL, "eidas2", "eidas3"];

/// How a provider departs from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// PKCE; the scopes of `OpenID` Connect.
    #[default]
    Generic,
    /// PKCE; `uid`, `siret` and the provider behind it (`idp_id`) as scopes of their own.
    ProConnect,
    /// No PKCE: a parameter that isn't listed is an error, and `code_challenge` isn't. The level
    /// (`acr`) is asked for and must come back. What it signs, it signs with our secret, unless we
    /// registered another way.
    FranceConnect,
}

impl Profile {
    fn scopes(self) -> &'static str {
        match self {
            Self::Generic => "openid profile email",
            Self::ProConnect => "openid given_name usual_name email siret idp_id",
            Self::FranceConnect => "openid identite_pivot",
        }
    }

    fn has_pkce(self) -> bool {
        self != Self::FranceConnect
    }
}

/// A provider as an operator configures it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Provider {
    /// The only `iss`, under which the discovery document is: `https://…/api/v2`.
    pub issuer: String,
    /// Our id there.
    pub client_id: String,
    #[serde(default)]
    pub profile: Profile,
}

/// What a browser takes along to the provider, and what must come back: kept for ten minutes under
/// a cookie of the browser that left, and used once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Returned as it is: whoever was sent to us with another one didn't begin here.
    pub state: String,
    /// In the identity token: a token of another log-in is refused.
    pub nonce: String,
    /// PKCE's secret, whose digest was sent along.
    pub verifier: String,
}

/// Who logged in, as the provider says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The provider behind the provider, where there is one: `sub` is unique within it.
    pub idp_id: Option<String>,
    pub sub: String,
    /// Given name and surname, to be greeted by.
    pub name: String,
    /// The organisation that the provider names. It only ever proposes: one SIRET has many
    /// establishments, and it isn't always right.
    pub siret: Option<String>,
    /// By whom the register can look for them: what `FranceConnect` alone vouches for in whole.
    pub identity: PivotIdentity,
    /// By which the log-out at the provider knows the log-in.
    pub id_token: String,
}

/// Why somebody couldn't be logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The provider didn't answer.
    #[error("the provider is out of reach: {0}")]
    Unreachable(#[from] HttpError),
    /// The provider refused the code, or answered something that isn't in its contract.
    #[error("the provider answered {0} to the exchange")]
    Refused(u16),
    /// The provider's document or answer lacks what it must hold.
    #[error("the provider's answer is malformed")]
    Malformed,
    /// The identity token isn't believed.
    #[error("the identity token is not believed: {0}")]
    Token(#[from] TokenError),
    /// The identity token belongs to another log-in.
    #[error("the identity token is another log-in's")]
    Nonce,
    /// The provider doesn't vouch for the person by the level that was asked for.
    #[error("the identity token lacks the level that was asked for")]
    Level,
}

/// What a provider publishes about itself.
#[derive(Debug, Clone, Deserialize)]
struct Discovery {
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    end_session_endpoint: Option<String>,
}

/// A client of one provider.
#[derive(Debug)]
pub struct OidcClient<H> {
    provider: Provider,
    secret: secrecy::SecretString,
    http: H,
    /// Read once a process: endpoints change by an operator's change of the issuer.
    discovered: OnceCell<(Discovery, Jwks)>,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    id_token: String,
}

#[derive(Deserialize)]
struct IdToken {
    sub: String,
    nonce: Option<String>,
    acr: Option<String>,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    /// `ProConnect`'s, in the place of the birth name.
    #[serde(default)]
    usual_name: Option<String>,
    #[serde(default)]
    siret: Option<String>,
    #[serde(default)]
    idp_id: Option<String>,
    #[serde(flatten)]
    identity: PivotIdentity,
}

impl UserInfo {
    fn name(&self) -> String {
        let surname = self.usual_name.as_deref().unwrap_or(&self.identity.family_name);
        let parts = [self.identity.given_name.as_str(), surname];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

impl Attempt {
    /// A new one, of random values.
    ///
    /// # Errors
    ///
    /// When the system has no randomness to give.
    pub fn new() -> Result<Self, aws_lc_rs::error::Unspecified> {
        Ok(Self { state: random()?, nonce: random()?, verifier: random()? })
    }
}

/// 256 random bits in base64url: for ids that nobody may guess.
///
/// # Errors
///
/// When the system has no randomness to give.
pub fn random() -> Result<String, aws_lc_rs::error::Unspecified> {
    let mut bytes = [0; RANDOM_BYTES];
    aws_lc_rs::rand::fill(&mut bytes)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

impl<H: Http> OidcClient<H> {
    /// A client of this provider; nothing is called yet.
    #[must_use]
    pub fn new(provider: Provider, secret: secrecy::SecretString, http: H) -> Self {
        Self { provider, secret, http, discovered: OnceCell::new() }
    }

    /// The address that the browser is sent to. `redirect_uri` is registered at the provider, to
    /// the letter.
    pub async fn authorization_url(
        &self,
        attempt: &Attempt,
        redirect_uri: &str,
    ) -> Result<String, LoginError> {
        let (discovery, _) = self.discovery().await?;
        let profile = self.provider.profile;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.provider.client_id),
            ("redirect_uri", redirect_uri),
            ("scope", profile.scopes()),
            ("state", &attempt.state),
            ("nonce", &attempt.nonce),
        ]);
        if profile.has_pkce() {
            let challenge = digest(&SHA256, attempt.verifier.as_bytes());
            query.extend_pairs([
                ("code_challenge", BASE64_URL_SAFE_NO_PAD.encode(challenge).as_str()),
                ("code_challenge_method", "S256"),
            ]);
        } else {
            query.append_pair("acr_values", LEVEL);
        }
        let query = query.finish();
        Ok(format!("{}?{query}", discovery.authorization_endpoint))
    }

    /// Who came back with this code. A code is used once, and within its half minute: nothing here
    /// is tried again.
    pub async fn exchange(
        &self,
        attempt: &Attempt,
        redirect_uri: &str,
        code: &str,
    ) -> Result<Person, LoginError> {
        use secrecy::ExposeSecret as _;
        let (discovery, jwks) = self.discovery().await?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("client_id", &self.provider.client_id),
            ("client_secret", self.secret.expose_secret()),
        ];
        if self.provider.profile.has_pkce() {
            form.push(("code_verifier", &attempt.verifier));
        }
        let reply = self.http.post_form(&discovery.token_endpoint, &form).await?;
        if reply.status != 200 {
            return Err(LoginError::Refused(reply.status));
        }
        let tokens: Tokens =
            serde_json::from_slice(&reply.body).map_err(|_| LoginError::Malformed)?;
        let signed =
            Signed { text: &tokens.id_token, types: &TYPES, required: &["exp", "iat", "sub"] };
        let token: IdToken = self.verified(signed, jwks).await?;
        if token.nonce.as_deref() != Some(attempt.nonce.as_str()) {
            return Err(LoginError::Nonce);
        }
        let is_vouched_for = token.acr.is_some_and(|level| LEVELS.contains(&level.as_str()));
        if self.provider.profile == Profile::FranceConnect && !is_vouched_for {
            return Err(LoginError::Level);
        }
        let info = self.user_info(discovery, jwks, &tokens.access_token).await?;
        // An answer about somebody else than the token (OpenID Connect Core §5.3.2).
        if info.sub != token.sub {
            return Err(LoginError::Malformed);
        }
        Ok(Person {
            name: info.name(),
            idp_id: info.idp_id,
            sub: info.sub,
            siret: info.siret,
            identity: info.identity,
            id_token: tokens.id_token,
        })
    }

    /// The address that ends the session at the provider and comes back to `return_to`: without it
    /// the next log-in on this computer is silent, and may be the next person's.
    pub async fn end_session_url(
        &self,
        id_token: &str,
        return_to: &str,
    ) -> Result<Option<String>, LoginError> {
        let (discovery, _) = self.discovery().await?;
        let state = random().map_err(|_| LoginError::Malformed)?;
        Ok(discovery.end_session_endpoint.as_ref().map(|endpoint| {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs([
                    ("id_token_hint", id_token),
                    ("post_logout_redirect_uri", return_to),
                    ("state", &state),
                ])
                .finish();
            format!("{endpoint}?{query}")
        }))
    }

    fn trust(&self) -> Trust {
        Trust { issuer: self.provider.issuer.clone(), audience: self.provider.client_id.clone() }
    }

    /// The claims about the person, as JSON or, as ProConnect and FranceConnect give them, as a signed JWT.
    async fn user_info(
        &self,
        discovery: &Discovery,
        jwks: &Jwks,
        access_token: &str,
    ) -> Result<UserInfo, LoginError> {
        let authorization = format!("Bearer {access_token}");
        let headers = [("authorization", authorization.as_str())];
        // Some providers, FranceConnect among them, answer no other method.
        let reply = self.http.get_with(&discovery.userinfo_endpoint, &headers).await?;
        if reply.status != 200 {
            return Err(LoginError::Refused(reply.status));
        }
        let text = String::from_utf8(reply.body).map_err(|_| LoginError::Malformed)?;
        if text.starts_with('{') {
            return serde_json::from_str(&text).map_err(|_| LoginError::Malformed);
        }
        let signed = Signed { text: text.trim(), types: &TYPES, required: &["sub"] };
        Ok(self.verified(signed, jwks).await?)
    }

    /// Claims that the provider signed, with a key that it publishes or, by its profile, with the
    /// secret that it shares with us.
    async fn verified<T: serde::de::DeserializeOwned>(
        &self,
        signed: Signed<'_>,
        jwks: &Jwks,
    ) -> Result<T, TokenError> {
        if self.provider.profile == Profile::FranceConnect && is_signed_with_secret(signed.text) {
            return verify_claims_by_secret(&signed, &self.trust(), &self.secret);
        }
        verify_claims(signed, &self.trust(), jwks, &self.http).await
    }

    async fn discovery(&self) -> Result<&(Discovery, Jwks), LoginError> {
        self.discovered
            .get_or_try_init(async || {
                let url = format!("{}/.well-known/openid-configuration", self.provider.issuer);
                let reply = self.http.get(&url).await?;
                if reply.status != 200 {
                    return Err(LoginError::Refused(reply.status));
                }
                let discovery: Discovery =
                    serde_json::from_slice(&reply.body).map_err(|_| LoginError::Malformed)?;
                let jwks = Jwks::new(discovery.jwks_uri.clone());
                Ok((discovery, jwks))
            })
            .await
    }
}

#[cfg(test)]
mod tests;
