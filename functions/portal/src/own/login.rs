//! A student comes in by `FranceConnect`, and goes out by it: the session there would open their
//! page to whoever uses the computer next.

use askama::Template;
use lambda_http::{Body, Request, Response};
use shared::auth::oidc::random;
use shared::registry::sessions::StudentSession;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::login::Door;
use crate::refusal::{ApiError, Refusal};
use crate::session::{LoggedInStudent, STUDENT, Visitor, student_digest, student_seal};
use crate::view::{View, page};

#[derive(Template)]
#[template(path = "own/login.html")]
struct LoginPage {
    view: View,
}

fn door(context: &Context) -> Result<Door<'_>, ApiError> {
    let provider = &context.own()?.provider;
    let cookie = "__Host-etudiant-connexion";
    Ok(Door { provider, cookie, back: "/mon-espace/connexion/retour" })
}

/// The page that offers to log in.
pub(crate) fn offer(context: &Context, visitor: &Visitor) -> Result<Response<Body>, ApiError> {
    context.own()?;
    let view = View::new(context, "/mon-espace", "Mon espace étudiant", visitor);
    Ok(page(context, &view, &LoginPage { view: view.clone() }))
}

/// Sends the browser to the provider.
pub(crate) async fn depart(
    context: &Context,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    door(context)?.depart(context, "/mon-espace".to_owned(), request_context.now).await
}

/// Takes whom the provider sends back into a session.
pub(crate) async fn arrive(
    context: &Context,
    request: &Request,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let (door, now) = (door(context)?, request_context.now);
    let (person, return_to) = door.arrive(context, request, now).await?;
    let id = random().map_err(|_| Refusal::NoRandomness)?;
    let digest = student_digest(&context.key, &id);
    let identity = student_seal(&context.key, &id).close_value(&digest, &person.identity);
    let session = StudentSession {
        owner: context.key.of(&["etudiant du fournisseur", &person.sub]),
        identity: identity.ok_or(Refusal::NoRandomness)?,
        csrf: random().map_err(|_| Refusal::NoRandomness)?,
        id_token: person.id_token,
        since: now,
        seen: now,
    };
    context.sessions.begin(&digest, &session).await?;
    Ok(door.enter(context, (STUDENT, &id), &return_to))
}

/// Ends the session here, then at the provider.
pub(crate) async fn leave(
    context: &Context,
    student: &LoggedInStudent,
) -> Result<Response<Body>, ApiError> {
    context.sessions.end::<StudentSession>(&student.digest).await?;
    Ok(door(context)?.leave(context, STUDENT, &student.session.id_token).await)
}
