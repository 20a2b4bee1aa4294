//! Who has access to an establishment: its managers see it, invite, change roles and end them.
//!
//! Nobody changes their own role, so that an establishment always keeps the manager who acts.

use std::collections::BTreeMap;

use askama::Template;
use jiff::Timestamp;
use lambda_http::{Body, Response};
use shared::auth::oidc::random;
use shared::domain::uai::Uai;
use shared::registry::StoreError;
use shared::registry::members::{
    Change, EstablishmentRole, Grant, INVITATION, Invitation, Joined, Member, OPERATOR, Roster,
    invitation_digest,
};
use shared::registry::withdrawals::Withdrawn;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::session::{Visitor, digest_field, field, is_first_time};
use crate::view::{View, page, see_other};
use crate::words::{day, hour, role_title};

/// Invitations that wait at a time: more would be a list that was pasted, or somebody else's script.
const MOST_PENDING: usize = 30;
/// Lines of the trace on a page.
const CHANGES: usize = 50;

#[derive(Template)]
#[template(path = "school/access.html")]
struct AccessPage {
    view: View,
    uai: Uai,
    name: String,
    form: String,
    roles: [Choice; 3],
    people: Vec<Person>,
    pending: Vec<Waiting>,
    changes: Vec<Line>,
    error: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "school/invited.html")]
struct InvitedPage {
    view: View,
    uai: Uai,
    name: String,
    role: &'static str,
    link: String,
    until: String,
}

/// A role that may be given.
struct Choice {
    name: &'static str,
    title: &'static str,
    may: &'static str,
}

/// Somebody who has access.
struct Person {
    digest: String,
    name: String,
    is_me: bool,
    role: EstablishmentRole,
    title: &'static str,
    since: String,
    until: String,
}

/// An invitation that nobody has taken.
struct Waiting {
    digest: String,
    role: &'static str,
    by: String,
    since: String,
    until: String,
}

/// A change, in the trace.
struct Line {
    when: String,
    who: String,
    what: String,
    by: String,
}

fn choice(role: EstablishmentRole) -> Choice {
    let may = match role {
        EstablishmentRole::Lecteur => "lit les imports et leurs rapports",
        EstablishmentRole::Deposant => "envoie aussi des fichiers",
        EstablishmentRole::Gestionnaire => "invite aussi des collègues et fait les clés",
    };
    Choice { name: role.name(), title: role_title(role), may }
}

/// Shows who has access.
pub(crate) async fn show(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let uai = visitor.establishment(id, EstablishmentRole::Gestionnaire, request_context.now)?;
    let roster = context.members.of_establishment(uai, request_context.now).await?;
    list(context, uai, roster, visitor, request_context.now, None).await
}

async fn list(
    context: &Context,
    uai: Uai,
    roster: Roster,
    visitor: &Visitor,
    now: Timestamp,
    error: Option<&'static str>,
) -> Result<Response<Body>, ApiError> {
    let me = &visitor.person()?.session.member;
    let names = Names::of(context, &roster).await?;
    let mut people = Vec::new();
    let mut traced: Vec<(&Change, &str)> = Vec::new();
    for (digest, member) in &roster.members {
        let own = member.history.iter().filter(|change| change.is_of(uai));
        traced.extend(own.clone().map(|change| (change, member.name.as_str())));
        let Some(held) = member.establishments.get(&uai).filter(|held| held.until > now) else {
            continue;
        };
        // A role that was changed goes on: the person has had access since it began.
        let since = own.rev().take_while(|change| !change.ended).last();
        people.push(Person {
            digest: digest.clone(),
            name: member.name.clone(),
            is_me: digest == me,
            role: held.role,
            title: role_title(held.role),
            since: since.map(|change| day(change.at)).unwrap_or_default(),
            until: day(held.until),
        });
    }
    people.sort_by(|one, other| (other.role, &one.name).cmp(&(one.role, &other.name)));
    traced.sort_by_key(|(change, _)| std::cmp::Reverse(change.at));
    let changes = traced.into_iter().take(CHANGES).map(|(change, who)| Line {
        when: hour(change.at),
        who: who.to_owned(),
        what: what(change),
        by: names.of_digest(&change.by),
    });
    let pending = roster.pending.iter().map(|pending| Waiting {
        digest: pending.digest.clone(),
        role: role_of(&pending.invitation).map_or("", role_title),
        by: names.of_digest(&pending.invitation.by),
        since: day(pending.invitation.since),
        until: day(pending.invitation.since + INVITATION),
    });
    let title = if error.is_some() { "Erreur : accès" } else { "Accès" };
    let view = View::new(context, "/etablissements", title, visitor);
    let template = AccessPage {
        view: view.clone(),
        uai,
        name: name(context, uai).await?,
        form: random().map_err(|_| Refusal::NoRandomness)?,
        roles: EstablishmentRole::ALL.map(choice),
        people,
        pending: pending.collect(),
        changes: changes.collect(),
        error,
    };
    Ok(page(context, &view, &template))
}

/// Does what one of the page's forms says.
///
/// Sent twice, an invitation is made once, and a role that has ended or is what it was to be stays
/// so.
pub(crate) async fn change(
    context: &Context,
    id: &str,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let now = request_context.now;
    let uai = visitor.establishment(id, EstablishmentRole::Gestionnaire, now)?;
    let role = || field(sent, "role").and_then(|name| EstablishmentRole::parse(&name));
    let missing = "Choisissez un rôle.";
    match field(sent, "faire").as_deref() {
        Some("inviter") => {
            let roster = context.members.of_establishment(uai, now).await?;
            let error = match role() {
                None => missing,
                Some(_) if roster.pending.len() >= MOST_PENDING => {
                    "Trente invitations attendent déjà : retirez celles qui ne servent plus."
                }
                Some(_) if !is_first_time(context, visitor, sent).await? => {
                    "Ce formulaire a déjà été envoyé : l'invitation est dans la liste. Son lien ne se montre qu'une fois ; si vous ne l'avez pas gardé, retirez-la et invitez à nouveau."
                }
                Some(role) => return invite(context, uai, role, visitor, now).await,
            };
            return list(context, uai, roster, visitor, now, Some(error)).await;
        }
        Some("retirer") => {
            let digest = digest_field(sent, "invitation").ok_or(Refusal::NotFound)?;
            let invitation = context.members.invitation(&digest, now).await?;
            // One that is gone is withdrawn already; another establishment's isn't ours.
            if invitation.is_some_and(|invitation| role_in(&invitation, uai).is_none()) {
                return Err(Refusal::NotFound.into());
            }
            context.members.withdraw(uai, &digest).await?;
        }
        Some("changer") => {
            let role = role().ok_or(Refusal::NotFound)?;
            set_role(context, uai, sent, Some(role), visitor, now).await?;
        }
        Some("terminer") => set_role(context, uai, sent, None, visitor, now).await?,
        _ => return Err(Refusal::NotFound.into()),
    }
    Ok(see_other(&context.address.url(&format!("/etablissements/{uai}/acces"))))
}

async fn invite(
    context: &Context,
    uai: Uai,
    role: EstablishmentRole,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<Response<Body>, ApiError> {
    let link = link(context, uai, role, visitor, now).await?;
    let view = View::new(context, "/etablissements", "Invitation prête", visitor);
    let template = InvitedPage {
        view: view.clone(),
        uai,
        name: name(context, uai).await?,
        role: role_title(role),
        link,
        until: day(now + INVITATION),
    };
    Ok(page(context, &view, &template))
}

/// Makes an invitation in the visitor's name, and gives its address, which is nowhere else.
pub(crate) async fn link(
    context: &Context,
    uai: Uai,
    role: EstablishmentRole,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<String, ApiError> {
    let code = random().map_err(|_| Refusal::NoRandomness)?;
    let by = visitor.person()?.session.member.clone();
    let grant = Grant::Establishment { uai, role };
    let invitation = Invitation { grant, officer: None, by, since: now };
    context.members.invite(&invitation_digest(&context.key, &code), &invitation).await?;
    Ok(context.address.url(&format!("/invitations/{code}")))
}

/// Gives a member of the establishment another role, or none. What is taken back is noted first, so
/// that no restore gives it back.
async fn set_role(
    context: &Context,
    uai: Uai,
    sent: &[u8],
    role: Option<EstablishmentRole>,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<(), ApiError> {
    let by = visitor.person()?.session.member.clone();
    let digest = digest_field(sent, "membre").ok_or(Refusal::NotFound)?;
    if digest == by {
        return Err(Refusal::OwnRole.into());
    }
    let member = context.members.member(&digest).await?;
    let known = |member: &Member| member.history.iter().any(|change| change.is_of(uai));
    let mut member = member.filter(known).ok_or(Refusal::NotFound)?;
    let before = member.role(uai, now);
    match (before, role) {
        (None, Some(_)) => return Err(Refusal::NotFound.into()),
        (before, role) if before == role => return Ok(()),
        (_, Some(role)) => {
            let grant = Grant::Establishment { uai, role };
            let given = Invitation { grant, officer: None, by, since: now };
            member.grant(&given, now).map_err(Refusal::Excluded)?;
        }
        (Some(_), None) => drop(member.end(uai, &by, now)),
        (None, None) => return Ok(()),
    }
    if role < before {
        let withdrawn = Withdrawn::Role { member: digest.clone(), uai, left: role };
        context.withdrawals.note(withdrawn, now).await?;
    }
    match context.members.save(&digest, &member).await? {
        Joined::Yes => Ok(()),
        Joined::Overtaken => Err(Refusal::Overtaken.into()),
    }
}

/// What an establishment is called; one that isn't registered any more has no pages.
pub(crate) async fn name(context: &Context, uai: Uai) -> Result<String, ApiError> {
    Ok(context.establishments.get(uai).await?.ok_or(Refusal::NotFound)?.name)
}

fn role_of(invitation: &Invitation) -> Option<EstablishmentRole> {
    match invitation.grant {
        Grant::Establishment { role, .. } => Some(role),
        Grant::National { .. } => None,
    }
}

fn role_in(invitation: &Invitation, of: Uai) -> Option<EstablishmentRole> {
    match invitation.grant {
        Grant::Establishment { uai, role } if uai == of => Some(role),
        _ => None,
    }
}

fn what(change: &Change) -> String {
    let Grant::Establishment { role, .. } = change.grant else { return String::new() };
    let title = role_title(role);
    if change.ended { format!("fin du rôle : {title}") } else { format!("rôle donné : {title}") }
}

/// How a member was called when they last took an invitation.
pub(crate) async fn member_name(context: &Context, digest: &str) -> Result<String, StoreError> {
    let member = context.members.member(digest).await?;
    Ok(member.map_or_else(|| "un ancien membre".to_owned(), |member| member.name))
}

/// The people who made changes, by their digests.
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    async fn of(context: &Context, roster: &Roster) -> Result<Self, ApiError> {
        let known = roster.members.iter();
        let mut names =
            Self(known.map(|(digest, member)| (digest.clone(), member.name.clone())).collect());
        let changes = roster.members.iter().flat_map(|(_, member)| &member.history);
        let by = changes.map(|change| &change.by);
        for by in by.chain(roster.pending.iter().map(|pending| &pending.invitation.by)) {
            names.learn(context, by).await?;
        }
        Ok(names)
    }

    /// Of members whom nothing is known of yet.
    pub(crate) fn empty() -> Self {
        Self(BTreeMap::new())
    }

    /// Reads who it is, unless that is known.
    pub(crate) async fn learn(&mut self, context: &Context, digest: &str) -> Result<(), ApiError> {
        if digest != OPERATOR && !self.0.contains_key(digest) {
            self.0.insert(digest.to_owned(), member_name(context, digest).await?);
        }
        Ok(())
    }

    pub(crate) fn of_digest(&self, digest: &str) -> String {
        let name = self.0.get(digest);
        name.cloned().unwrap_or_else(|| "l'équipe nationale".to_owned())
    }
}
