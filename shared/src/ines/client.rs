//! Asks INES: whether it may be asked, with a token, again when it fails, and what it meant.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::access::Access;
use super::breaker::Breaker;
use super::firewall;
use super::pace::Pace;
use super::reading;
use super::retries::Retries;
use super::secret::{Secret, StoredSecret};
use crate::auth::http::{Content, Http, HttpError, LazyHttpClient, Reply};
use crate::config::{self, ConfigError};
use crate::contract::ines::{API, DEPOSITOR};
use crate::domain::birth_date::BirthDate;
use crate::domain::civil_identity::CivilIdentity;
use crate::domain::ine::Ine;
use crate::domain::uai::Uai;
use crate::identity::ines::{Immatriculated, Ines, InesError, Verified};

/// How long one call may take: what the ministry's known client waits (domain.md §3).
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long one question may take, with all its attempts.
pub(super) const BUDGET: Duration = Duration::from_secs(8);

/// How often a process may ask in a second.
const RATE: &str = "INES_QUESTIONS_PER_SECOND";

/// Where INES is, and through which channel we come.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What comes before its paths, without a final slash.
    pub url: String,
    /// The `X-channel` header.
    pub channel: String,
    /// Whether it is ours, and told on whose word a pair is checked.
    pub is_told_depositors: bool,
}

/// INES, over HTTP. One for each process: it remembers the token, and whether INES is well.
#[derive(Debug)]
pub struct Client<H, S> {
    settings: Settings,
    http: H,
    access: Access<S>,
    breaker: Mutex<Breaker>,
    /// None where it may be asked as fast as it answers.
    pace: Option<Mutex<Pace>>,
}

/// The client of the functions.
pub type InesClient = Client<LazyHttpClient, StoredSecret>;

/// INES, if the environment names one: `INES_URL`, `INES_CHANNEL`, and `INES_SECRET_ARN` for our
/// credentials, which are read when they are first needed; `INES_TOLD_DEPOSITORS`, `true` or
/// `false`, says whether it is our own, which is told on whose word a pair is checked. Nothing is
/// called yet.
pub fn from_env(
    secrets: &aws_sdk_secretsmanager::Client,
) -> Result<Option<InesClient>, ConfigError> {
    if !config::is_set("INES_URL") {
        return Ok(None);
    }
    let settings = Settings {
        url: config::variable("INES_URL")?,
        channel: config::variable("INES_CHANNEL")?,
        is_told_depositors: config::variable("INES_TOLD_DEPOSITORS")?,
    };
    let secret = StoredSecret::new(secrets.clone(), config::variable("INES_SECRET_ARN")?);
    let client = Client::new(settings, LazyHttpClient::with_timeout(TIMEOUT), secret);
    if !config::is_set(RATE) {
        return Ok(Some(client));
    }
    Ok(Some(client.paced(config::variable(RATE)?)))
}

/// Why an attempt gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Worth another attempt.
    Unavailable {
        /// INES's own wish.
        retry_after: Option<Duration>,
    },
    /// It won't have us.
    Refused,
    /// It isn't INES's contract.
    Unreadable,
}

impl Failure {
    pub(super) const UNAVAILABLE: Self = Self::Unavailable { retry_after: None };
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Timeout | HttpError::Unreachable => Self::UNAVAILABLE,
            HttpError::TooLarge => Self::Unreadable,
        }
    }
}

impl<H: Http, S: Secret> Client<H, S> {
    /// INES at an address. Nothing is called yet.
    pub fn new(settings: Settings, http: H, secret: S) -> Self {
        Self {
            settings,
            http,
            access: Access::new(secret),
            breaker: Mutex::new(Breaker::new()),
            pace: None,
        }
    }

    /// The same, asked no more than so many times a second, with what is asked again.
    #[must_use]
    pub fn paced(self, per_second: NonZeroU32) -> Self {
        Self { pace: Some(Mutex::new(Pace::of(per_second))), ..self }
    }

    /// Waits for its turn; there is none before the budget ends when too many wait.
    async fn turn(&self, deadline: Instant) -> Result<(), InesError> {
        let Some(pace) = &self.pace else { return Ok(()) };
        let (now, latest) = (Instant::now().into_std(), (deadline - TIMEOUT).into_std());
        let turn = pace.lock().unwrap_or_else(PoisonError::into_inner).turn(now, latest);
        sleep_until(turn.ok_or(InesError::OverRate)?.into()).await;
        Ok(())
    }

    /// Asks one question, and says in the log when there is no answer: alarms count those lines.
    async fn ask<T>(
        &self,
        path: &str,
        (question, depositor): (String, Option<Uai>),
        read: impl FnOnce(&Reply) -> Result<T, InesError>,
    ) -> Result<T, InesError> {
        let answer = self.persist(path, question, depositor).await.and_then(|reply| read(&reply));
        if let Err(error) = &answer {
            tracing::warn!(ines = error.kind(), "INES gave no answer");
        }
        answer
    }

    /// Attempts until there is an answer, as long as the budget lasts and INES isn't left alone. To
    /// ask again is safe: a verification changes nothing, and an immatriculation is known again by
    /// its reference.
    async fn persist(
        &self,
        path: &str,
        question: String,
        depositor: Option<Uai>,
    ) -> Result<Reply, InesError> {
        let deadline = Instant::now() + BUDGET;
        let mut retries = Retries::until(deadline.into_std());
        let mut tried = false;
        loop {
            // First: whom the breaker lets pass must ask.
            match self.turn(deadline).await {
                Err(_) if tried => return Err(InesError::Unavailable),
                turn => turn?,
            }
            let admitted = self.breaker().admit(Instant::now().into_std());
            admitted.map_err(|rests| if tried { InesError::Unavailable } else { rests })?;
            tried = true;
            let attempt = timeout_at(deadline, self.attempt(path, &question, depositor)).await;
            let now = Instant::now().into_std();
            match attempt.unwrap_or(Err(Failure::UNAVAILABLE)) {
                Ok(reply) => {
                    self.breaker().answered();
                    return Ok(reply);
                }
                Err(Failure::Unreadable) => {
                    self.breaker().answered();
                    return Err(InesError::Unreadable);
                }
                Err(Failure::Refused) => {
                    self.breaker().refused(now);
                    self.access.forget().await;
                    return Err(InesError::Unauthorized);
                }
                Err(Failure::Unavailable { retry_after }) => {
                    self.breaker().failed(now);
                    let wait = retries
                        .next(now, retry_after, fastrand::f64())
                        .ok_or(InesError::Unavailable)?;
                    sleep(wait).await;
                }
            }
        }
    }

    /// One attempt: a token, the call, and once more with a new token when this one is refused,
    /// which may have been withdrawn before its time.
    async fn attempt(
        &self,
        path: &str,
        question: &str,
        depositor: Option<Uai>,
    ) -> Result<Reply, Failure> {
        let url = &self.settings.url;
        let token = self.access.token(&self.http, url, None).await?;
        let mut reply = self.call(path, question, depositor, &token).await?;
        if reply.status == 401 {
            let token = self.access.token(&self.http, url, Some(&token)).await?;
            reply = self.call(path, question, depositor, &token).await?;
        }
        match reply.status {
            // A firewall refuses this question for what is in it. Our credentials are good, so the
            // breaker stays closed for the other questions.
            403 if firewall::is_refusal(&reply.body) => Err(Failure::Unreadable),
            401 | 403 => Err(Failure::Refused),
            200..300 | 400..500 if !matches!(reply.status, 408 | 429) => Ok(reply),
            _ => Err(Failure::Unavailable { retry_after: reply.retry_after }),
        }
    }

    async fn call(
        &self,
        path: &str,
        question: &str,
        depositor: Option<Uai>,
        token: &SecretString,
    ) -> Result<Reply, HttpError> {
        let token = token.expose_secret();
        let bearer = format!("Bearer {token}");
        let depositor = depositor.filter(|_| self.settings.is_told_depositors);
        let mut headers = vec![
            ("authorization", &*bearer),
            ("x-jwt-assertion", token),
            ("x-channel", &self.settings.channel),
        ];
        headers.extend(depositor.as_ref().map(|depositor| (DEPOSITOR, depositor.as_str())));
        let url = format!("{}{API}/{path}", self.settings.url);
        self.http.post(&url, &headers, Content::Json(question.to_owned())).await
    }

    async fn verify_pair(
        &self,
        depositor: Option<Uai>,
        ine: &Ine,
        birth_date: BirthDate,
    ) -> Result<Verified, InesError> {
        let question = reading::verification(ine, birth_date)?;
        self.ask("verification", (question, depositor), |reply| {
            reading::verified(ine, birth_date, reply)
        })
        .await
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        // It is whole after each of its methods, so a panic elsewhere says nothing against it.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<H: Http, S: Secret> Ines for Client<H, S> {
    fn is_told_depositors(&self) -> bool {
        self.settings.is_told_depositors
    }

    async fn verify(&self, ine: &Ine, birth_date: BirthDate) -> Result<Verified, InesError> {
        self.verify_pair(None, ine, birth_date).await
    }

    async fn verify_for(
        &self,
        depositor: Uai,
        ine: &Ine,
        birth_date: BirthDate,
    ) -> Result<Verified, InesError> {
        self.verify_pair(Some(depositor), ine, birth_date).await
    }

    async fn immatriculate(
        &self,
        identity: &CivilIdentity,
        reference: &str,
    ) -> Result<Immatriculated, InesError> {
        let question = reading::immatriculation(identity, reference)?;
        self.ask("immatriculation", (question, None), reading::immatriculated).await
    }
}
