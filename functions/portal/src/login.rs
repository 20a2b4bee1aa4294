//! To the provider and back, and out again.
//!
//! A log-in that begins is kept under a cookie of the browser that left, for ten minutes, and taken
//! out when it comes back: a code that somebody else brings, or that comes twice, opens nothing.
//! The session has a new id, whatever cookie the browser had before.

use askama::Template;
use lambda_http::http::header;
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::api::reply::set_header;
use shared::auth::oidc::{Attempt, Person, random};
use shared::registry::members::member_digest;
use shared::registry::sessions::{LOGIN as LOGIN_TIME, LONGEST, Login, Session};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::session::{
    LOGIN, LoggedIn, SESSION, Visitor, cookie, login_digest, session_digest, set_cookie,
};
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

/// Sends the browser to the provider.
pub(crate) async fn depart(
    context: &Context,
    request: &Request,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let provider = context.provider.as_ref().ok_or(Refusal::NoProvider)?;
    let attempt = Attempt::new().map_err(|_| Refusal::NoRandomness)?;
    let id = random().map_err(|_| Refusal::NoRandomness)?;
    let location = provider
        .authorization_url(&attempt, &redirect_uri(context))
        .await
        .map_err(Refusal::Login)?;
    let login = Login { attempt, return_to: return_to(request), since: request_context.now };
    context.sessions.begin_login(&login_digest(&context.key, &id), &login).await?;
    let mut response = see_other(&location);
    append_cookie(&mut response, &set_cookie(LOGIN, Some(&id), LOGIN_TIME.as_secs()));
    Ok(response)
}

/// Takes whom the provider sends back into a session.
pub(crate) async fn arrive(
    context: &Context,
    request: &Request,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let provider = context.provider.as_ref().ok_or(Refusal::NoProvider)?;
    let id = cookie(request.headers(), LOGIN).ok_or(Refusal::LoginLost)?;
    let digest = login_digest(&context.key, &id);
    let login = context.sessions.take_login(&digest, request_context.now).await?;
    let login = login.ok_or(Refusal::LoginLost)?;
    let query = request.query_string_parameters();
    if query.first("state") != Some(login.attempt.state.as_str()) {
        return Err(Refusal::LoginLost.into());
    }
    let code = query.first("code").ok_or(Refusal::LoginRefused)?;
    let person = provider
        .exchange(&login.attempt, &redirect_uri(context), code)
        .await
        .map_err(Refusal::Login)?;
    let (id, session) = session(context, person, request_context)?;
    context.sessions.begin(&session_digest(&context.key, &id), &session).await?;
    let mut response = see_other(&context.address.url(&login.return_to));
    append_cookie(&mut response, &set_cookie(SESSION, Some(&id), LONGEST.as_secs()));
    append_cookie(&mut response, &set_cookie(LOGIN, None, 0));
    Ok(response)
}

/// Ends the session here, then at the provider.
pub(crate) async fn leave(
    context: &Context,
    person: &LoggedIn,
) -> Result<Response<Body>, ApiError> {
    context.sessions.end(&person.digest).await?;
    let home = context.address.url("");
    let location = match &context.provider {
        // Out of reach: the session here has ended all the same.
        Some(provider) => {
            provider.end_session_url(&person.session.id_token, &home).await.ok().flatten()
        }
        None => None,
    };
    let mut response = see_other(location.as_deref().unwrap_or(&home));
    append_cookie(&mut response, &set_cookie(SESSION, None, 0));
    // What the pages left in the browser goes as well: the computer may be shared.
    set_header(&mut response, "clear-site-data", "\"cache\", \"storage\"");
    Ok(response)
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

/// Where the provider sends the browser back to; registered there to the letter.
fn redirect_uri(context: &Context) -> String {
    context.address.url("/connexion/retour")
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
