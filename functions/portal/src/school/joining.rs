//! An invitation becomes a membership: the person reads what it gives, and takes it.

use askama::Template;
use lambda_http::{Body, Response};
use shared::registry::members::{
    EstablishmentRole, Grant, Joined, NationalRole, invitation_digest,
};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::school::establishment::name_or_number;
use crate::session::Visitor;
use crate::view::{View, page, see_other};

#[derive(Template)]
#[template(path = "school/invitation.html")]
struct InvitationPage {
    view: View,
    code: String,
    what: String,
    may: &'static str,
}

/// Shows what an invitation gives.
pub(crate) async fn show(
    context: &Context,
    code: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let digest = invitation_digest(&context.key, code);
    let invitation = context.members.invitation(&digest, request_context.now).await?;
    let invitation = invitation.ok_or(Refusal::NoInvitation)?;
    let (what, may) = words(context, invitation.grant).await?;
    let view = View::new(context, "/invitations", "Votre invitation", visitor);
    let template = InvitationPage { view: view.clone(), code: code.to_owned(), what, may };
    Ok(page(context, &view, &template))
}

/// Takes it. Sent twice, the second finds the invitation gone and the role given, and leads to the
/// same page.
pub(crate) async fn join(
    context: &Context,
    code: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let now = request_context.now;
    let person = visitor.person()?;
    let digest = invitation_digest(&context.key, code);
    let next = see_other(&context.address.url("/etablissements"));
    let Some(invitation) = context.members.invitation(&digest, now).await? else {
        let has_a_role =
            person.member.roles(now).next().is_some() || person.member.national(now).is_some();
        return if has_a_role { Ok(next) } else { Err(Refusal::NoInvitation.into()) };
    };
    let mut member = person.member.clone();
    member.name.clone_from(&person.session.name);
    member.grant(&invitation, now).map_err(Refusal::Excluded)?;
    match context.members.join(&digest, &person.session.member, &member).await? {
        Joined::Yes => Ok(next),
        Joined::Overtaken => Err(Refusal::Overtaken.into()),
    }
}

/// What is given, and what it allows.
async fn words(context: &Context, grant: Grant) -> Result<(String, &'static str), ApiError> {
    Ok(match grant {
        Grant::Establishment { uai, role } => {
            let name = name_or_number(context, uai).await?;
            let may = match role {
                EstablishmentRole::Lecteur => "lire les imports et leurs rapports",
                EstablishmentRole::Deposant => "envoyer des fichiers et lire leurs rapports",
                EstablishmentRole::Gestionnaire => {
                    "envoyer des fichiers, lire leurs rapports et inviter vos collègues"
                }
            };
            (name, may)
        }
        Grant::National { role } => match role {
            NationalRole::Relecteur => {
                ("le registre national".to_owned(), "décider des doutes que les règles laissent")
            }
            NationalRole::Operateur => (
                "le registre national".to_owned(),
                "suivre tous les établissements et inviter leurs premiers gestionnaires",
            ),
            NationalRole::Delegue => (
                "le registre national".to_owned(),
                "répondre aux personnes qui exercent leurs droits",
            ),
        },
    })
}
