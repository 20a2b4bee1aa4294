//! A file is about to be sent: what it holds, then a place for it.

use askama::Template;
use lambda_http::{Body, Response};
use shared::contract::deposit::Wish;
use shared::domain::academic_year::{AcademicYear, day_in_france};
use shared::domain::uai::Uai;
use shared::registry::deposits::Sender;
use shared::registry::members::EstablishmentRole;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::session::{Visitor, field};
use crate::view::{View, page, see_other};

#[derive(Template)]
#[template(path = "school/sending.html")]
struct SendingPage {
    view: View,
    uai: Uai,
    name: String,
    years: [AcademicYear; 3],
    this_year: AcademicYear,
    error: Option<&'static str>,
}

/// Asks what the file holds.
pub(crate) async fn ask(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let uai = visitor.establishment(id, EstablishmentRole::Deposant, request_context.now)?;
    form(context, uai, visitor, request_context, None).await
}

async fn form(
    context: &Context,
    uai: Uai,
    visitor: &Visitor,
    request_context: &RequestContext,
    error: Option<&'static str>,
) -> Result<Response<Body>, ApiError> {
    let known = context.establishments.get(uai).await?.ok_or(Refusal::NotFound)?;
    let this_year = AcademicYear::starting_on(day_in_france(request_context.now));
    let title = if error.is_some() { "Erreur : envoyer un fichier" } else { "Envoyer un fichier" };
    let view = View::new(context, "/etablissements", title, visitor);
    let template = SendingPage {
        view: view.clone(),
        uai,
        name: known.name,
        years: [this_year.before(), this_year, this_year.after()],
        this_year,
        error,
    };
    Ok(page(context, &view, &template))
}

/// Keeps a deposit, and leads to where its file is dropped. It is a trial: nothing is imported before
/// somebody has read what would come of it.
///
/// Sent twice, there are two deposits; one that nothing is dropped in is nothing.
pub(crate) async fn open(
    context: &Context,
    id: &str,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let uai = visitor.establishment(id, EstablishmentRole::Deposant, request_context.now)?;
    let complete = match field(sent, "contenu").as_deref() {
        Some("delta") => None,
        Some("complet") => {
            let year = field(sent, "annee").and_then(|year| AcademicYear::parse(&year).ok());
            let Some(year) = year else {
                let error = "Choisissez l'année que le fichier contient en entier.";
                return form(context, uai, visitor, request_context, Some(error)).await;
            };
            Some(year)
        }
        _ => {
            let error = "Choisissez ce que le fichier contient.";
            return form(context, uai, visitor, request_context, Some(error)).await;
        }
    };
    let wish = Wish { uai: None, complete, confirmed: false, dry_run: true };
    let sender = Sender::Member(visitor.person()?.session.member.clone());
    let (deposit, _) = context.deposits.open(uai, &wish, sender, request_context.now).await?;
    Ok(see_other(&context.address.url(&format!("/depots/{deposit}"))))
}
