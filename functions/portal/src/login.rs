//! To the provider and back, and out again.
//!
//! A log-in that begins is kept under a cookie of the browser that left, for ten minutes, and taken
//! out when it comes back: a code that somebody else brings, or that comes twice, opens nothing.
//! The session has a new id, whatever cookie the browser had before.

use askama::Template;
use jiff::Timestamp;
use lambda_http::http::header;
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::api::reply::set_header;
use shared::auth::http::LazyHttpClient;
use shared::auth::oidc::{Attempt, OidcClient, Person, random};
use shared::registry::members::member_digest;
use shared::registry::sessions::{LOGIN as LOGIN_TIME, LONGEST, Login, Session};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::session::{LoggedIn, SESSION, Visitor, cookie, session_digest, set_cookie};
use crate::view::{View, page, see_other};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    view: View,
    is_configured: bool,
    return_to: String,
}

/// The page that offers to log in.
pub(crate) fn offer(context: &Context, request: &Request, visitor: &Visitor) -> Response<Body> {
    let view = View::new(context, "/connexion", "Se connecter", visitor);
    let template = LoginPage {
        view: view.clone(),
        is_configured: context.provider.is_some(),
        return_to: return_to(request),
    };
    page(context, &view, &template)
}

/// One of the two ways in, agents' and students'. Each has a provider, a cookie and a return of its
/// own, so that a log-in that began at one ends at no other.
pub(crate) struct Door<'a> {
    pub(crate) provider: &'a OidcClient<LazyHttpClient>,
    /// The cookie of a log-in on its way.
    pub(crate) cookie: &'static str,
    /// Where the provider sends the browser back to, below the portal; registered there to the
    /// letter.
    pub(crate) back: &'static str,
}

impl Door<'_> {
    /// Sends the browser to the provider.
    pub(crate) async fn depart(
        &self,
        context: &Context,
        return_to: String,
        now: Timestamp,
    ) -> Result<Response<Body>, ApiError> {
        let attempt = Attempt::new().map_err(|_| Refusal::NoRandomness)?;
        let id = random().map_err(|_| Refusal::NoRandomness)?;
        let redirect_uri = context.address.url(self.back);
        let location = self
            .provider
            .authorization_url(&attempt, &redirect_uri)
            .await
            .map_err(Refusal::Login)?;
        let login = Login { attempt, return_to, since: now };
        context.sessions.begin_login(&self.digest(context, &id), &login).await?;
        let mut response = see_other(&location);
        append_cookie(&mut response, &set_cookie(self.cookie, Some(&id), LOGIN_TIME.as_secs()));
        Ok(response)
    }

    /// Whom the provider sends back, and the page that they asked for.
    pub(crate) async fn arrive(
        &self,
        context: &Context,
        request: &Request,
        now: Timestamp,
    ) -> Result<(Person, String), ApiError> {
        let id = cookie(request.headers(), self.cookie).ok_or(Refusal::LoginLost)?;
        let login = context.sessions.take_login(&self.digest(context, &id), now).await?;
        let login = login.ok_or(Refusal::LoginLost)?;
        let query = request.query_string_parameters();
        if query.first("state") != Some(login.attempt.state.as_str()) {
            return Err(Refusal::LoginLost.into());
        }
        let code = query.first("code").ok_or(Refusal::LoginRefused)?;
        let redirect_uri = context.address.url(self.back);
        let person = self.provider.exchange(&login.attempt, &redirect_uri, code).await;
        Ok((person.map_err(Refusal::Login)?, login.return_to))
    }

    /// Leads a browser that has a session to its page. The cookie of the log-in has done its work.
    pub(crate) fn enter(
        &self,
        context: &Context,
        session: (&'static str, &str),
        return_to: &str,
    ) -> Response<Body> {
        let (name, id) = session;
        let mut response = see_other(&context.address.url(return_to));
        append_cookie(&mut response, &set_cookie(name, Some(id), LONGEST.as_secs()));
        append_cookie(&mut response, &set_cookie(self.cookie, None, 0));
        response
    }

    /// Ends at the provider a session that has ended here.
    pub(crate) async fn leave(
        &self,
        context: &Context,
        session: &'static str,
        id_token: &str,
    ) -> Response<Body> {
        let home = context.address.url("");
        // Out of reach: the session here has ended all the same.
        let location = self.provider.end_session_url(id_token, &home).await.ok().flatten();
        left(location.as_deref().unwrap_or(&home), session)
    }

    fn digest(&self, context: &Context, id: &str) -> String {
        context.key.of(&[self.cookie, id])
    }
}

/// Sends the browser that was logged in on its way.
fn left(location: &str, session: &'static str) -> Response<Body> {
    let mut response = see_other(location);
    append_cookie(&mut response, &set_cookie(session, None, 0));
    // What the pages left in the browser goes as well: the computer may be shared.
    set_header(&mut response, "clear-site-data", "\"cache\", \"storage\"");
    response
}

/// The agents' way in, where there is one.
fn door(context: &Context) -> Option<Door<'_>> {
    let provider = context.provider.as_ref()?;
    Some(Door { provider, cookie: "__Host-connexion", back: "/connexion/retour" })
}

/// Sends the browser to the provider.
pub(crate) async fn depart(
    context: &Context,
    request: &Request,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let door = door(context).ok_or(Refusal::NoProvider)?;
    door.depart(context, return_to(request), request_context.now).await
}

/// Takes whom the provider sends back into a session.
pub(crate) async fn arrive(
    context: &Context,
    request: &Request,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let door = door(context).ok_or(Refusal::NoProvider)?;
    let (person, return_to) = door.arrive(context, request, request_context.now).await?;
    let (id, session) = session(context, person, request_context)?;
    context.sessions.begin(&session_digest(&context.key, &id), &session).await?;
    Ok(door.enter(context, (SESSION, &id), &return_to))
}

/// Ends the session here, then at the provider.
pub(crate) async fn leave(
    context: &Context,
    person: &LoggedIn,
) -> Result<Response<Body>, ApiError> {
    context.sessions.end::<Session>(&person.digest).await?;
    Ok(match door(context) {
        Some(door) => door.leave(context, SESSION, &person.session.id_token).await,
        None => left(&context.address.url(""), SESSION),
    })
}

fn session(
    context: &Context,
    person: Person,
    request_context: &RequestContext,
) -> Result<(String, Session), ApiError> {
    let id = random().map_err(|_| Refusal::NoRandomness)?;
    let csrf = random().map_err(|_| Refusal::NoRandomness)?;
    let session = Session {
        member: member_digest(&context.key, person.idp_id.as_deref(), &person.sub),
        name: person.name,
        siret: person.siret,
        csrf,
        id_token: person.id_token,
        since: request_context.now,
        seen: request_context.now,
    };
    Ok((id, session))
}

/// The page that was asked for before, if it is one of ours: anything else leads to the
/// establishments.
fn return_to(request: &Request) -> String {
    let query = request.query_string_parameters();
    let wanted = query.first("retour").unwrap_or_default();
    let is_ours = wanted.starts_with('/')
        && !wanted.contains("..")
        && wanted.len() <= 200
        && wanted.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte))
        && !wanted.starts_with("//");
    if is_ours { wanted.to_owned() } else { "/etablissements".to_owned() }
}

fn append_cookie(response: &mut Response<Body>, cookie: &str) {
    if let Ok(value) = cookie.parse() {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
