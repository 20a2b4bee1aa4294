//! The token that opens INES: `OAuth2` client credentials (RFC 6749 §4.4), kept until shortly
//! before it ends.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::client::Failure;
use super::firewall;
use super::secret::{Credentials, Secret};
use crate::auth::http::{Content, Http};
use crate::contract::ines;

/// How long a token is used whose end isn't said.
const UNSAID: Duration = Duration::from_mins(5);
/// No token is used for longer, whatever it says.
const LONGEST: Duration = Duration::from_hours(1);
/// It is left so long before its end: it must still be good when INES reads it.
const MARGIN: Duration = Duration::from_secs(30);

/// The token, and what it takes to get one.
#[derive(Debug)]
pub(super) struct Access<S> {
    secret: S,
    /// Locked while a token is asked for: whoever needs one meanwhile waits for that one.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    credentials: Option<Credentials>,
    token: Option<(SecretString, Instant)>,
}

impl<S: Secret> Access<S> {
    /// Nothing is read or asked yet.
    pub(super) fn new(secret: S) -> Self {
        Self { secret, state: Mutex::default() }
    }

    /// A token that isn't the one which INES has just refused.
    pub(super) async fn token(
        &self,
        http: &impl Http,
        url: &str,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, Failure> {
        let mut state = self.state.lock().await;
        let is_refused = |token: &SecretString| {
            refused.is_some_and(|it| it.expose_secret() == token.expose_secret())
        };
        if let Some((token, until)) = &state.token
            && Instant::now() < *until
            && !is_refused(token)
        {
            return Ok(token.clone());
        }
        state.token = None;
        let remembered = state.credentials.take();
        let asked = match remembered {
            // What is remembered may have been replaced since: only what has just been read is
            // refused for good.
            Some(credentials) => match ask(http, url, &credentials).await {
                Err(Failure::Refused) => None,
                answer => Some((credentials, answer)),
            },
            None => None,
        };
        let (credentials, answer) = if let Some(asked) = asked {
            asked
        } else {
            let credentials = self.read().await?;
            let answer = ask(http, url, &credentials).await;
            (credentials, answer)
        };
        if !matches!(answer, Err(Failure::Refused)) {
            state.credentials = Some(credentials);
        }
        let (token, until) = answer?;
        state.token = Some((token.clone(), until));
        Ok(token)
    }

    /// Forgets everything: INES refuses even a new token, and an operator may have new credentials
    /// for it.
    pub(super) async fn forget(&self) {
        *self.state.lock().await = State::default();
    }

    async fn read(&self) -> Result<Credentials, Failure> {
        self.secret.read().await.map_err(|error| {
            tracing::error!(%error, "INES's credentials not read");
            // A secret that is missing or malformed is as good as a wrong one, and as much for an
            // operator.
            if error.is_slowing() { Failure::UNAVAILABLE } else { Failure::Refused }
        })
    }
}

/// A new token, and until when it is used.
async fn ask(
    http: &impl Http,
    url: &str,
    credentials: &Credentials,
) -> Result<(SecretString, Instant), Failure> {
    let Credentials { client_id, client_secret } = credentials;
    // As the ministry's known client does it: without the form encoding that RFC 6749 §2.3.1 asks
    // for.
    let pair = BASE64_STANDARD.encode(format!("{client_id}:{}", client_secret.expose_secret()));
    let asked_at = Instant::now();
    let reply = http
        .post(
            &format!("{url}{}", ines::TOKEN),
            &[("authorization", &format!("Basic {pair}"))],
            Content::Form(&[("grant_type", "client_credentials")]),
        )
        .await
        .map_err(Failure::from)?;
    match reply.status {
        200 => {}
        // A token's request is always the same: a firewall that refuses it refuses our address, for
        // a while.
        403 if firewall::is_refusal(&reply.body) => return Err(Failure::UNAVAILABLE),
        // RFC 6749 §5.2: `invalid_client` is 401 or 400.
        400 | 401 | 403 => return Err(Failure::Refused),
        _ => return Err(Failure::Unavailable { retry_after: reply.retry_after }),
    }
    let token: ines::Token =
        serde_json::from_slice(&reply.body).map_err(|_| Failure::Unreadable)?;
    let lifetime = token.expires_in.map_or(UNSAID, Duration::from_secs).min(LONGEST);
    Ok((token.access_token.into(), asked_at + lifetime.saturating_sub(MARGIN)))
}
