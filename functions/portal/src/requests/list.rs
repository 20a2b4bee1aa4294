//! The requests that wait: all of them for an operator and the data protection officer, and those
//! that it has, or had, for an establishment.

use askama::Template;
use jiff::civil::Date;
use lambda_http::{Body, Response};
use shared::domain::academic_year::day_in_france;
use shared::domain::uai::Uai;
use shared::registry::members::{EstablishmentRole, NationalRole};
use shared::rights::Request;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::requests::words::{establishment, in_charge, right_title, state_title};
use crate::school::establishment::name_or_number;
use crate::session::Visitor;
use crate::view::{View, page};
use crate::words::{date, day};

#[derive(Template)]
#[template(path = "requests/list.html")]
struct ListPage {
    view: View,
    /// Whether the reader sees the other national pages as well.
    is_operator: bool,
    rows: Vec<Row>,
    late: usize,
}

#[derive(Template)]
#[template(path = "requests/of_establishment.html")]
struct EstablishmentPage {
    view: View,
    uai: Uai,
    name: String,
    rows: Vec<Row>,
}

/// A request in a line. Who asks isn't in it: its own page says so, and is traced.
struct Row {
    id: String,
    right: &'static str,
    state: &'static str,
    tone: &'static str,
    opened: String,
    due: String,
    is_late: bool,
    is_open: bool,
    in_charge: Option<String>,
    establishment: Option<String>,
}

async fn row(context: &Context, request: &Request, today: Date) -> Result<Row, ApiError> {
    let (state, tone) = state_title(request);
    Ok(Row {
        id: request.id.to_string(),
        right: right_title(request.right),
        state,
        tone,
        opened: day(request.opened_at),
        due: date(request.due_on),
        is_late: request.is_late(today),
        is_open: request.is_open(),
        in_charge: in_charge(context, request).await?,
        establishment: establishment(context, request.establishment()).await?,
    })
}

/// The role by which somebody answers every request.
pub(crate) fn national(
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<NationalRole, ApiError> {
    match visitor.person()?.member.national(request_context.now) {
        Some(role @ (NationalRole::Operateur | NationalRole::Delegue)) => Ok(role),
        Some(NationalRole::Relecteur) | None => Err(Refusal::NotFound.into()),
    }
}

/// The open ones, those due first before the others.
pub(crate) async fn open(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let role = national(visitor, request_context)?;
    let today = day_in_france(request_context.now);
    let mut rows = Vec::new();
    for request in context.requests.open().await? {
        rows.push(row(context, &request, today).await?);
    }
    let view = View::new(context, "/national/demandes", "Demandes de droits", visitor);
    let late = rows.iter().filter(|row| row.is_late).count();
    let is_operator = role == NationalRole::Operateur;
    Ok(page(context, &view, &ListPage { view: view.clone(), is_operator, rows, late }))
}

/// Those of an establishment, for its managers.
pub(crate) async fn of_establishment(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let uai = visitor.establishment(id, EstablishmentRole::Gestionnaire, request_context.now)?;
    let today = day_in_france(request_context.now);
    let mut rows = Vec::new();
    for request in context.requests.of_establishment(uai).await? {
        rows.push(row(context, &request, today).await?);
    }
    let name = name_or_number(context, uai).await?;
    let view = View::new(context, "/etablissements", "Demandes de rectification", visitor);
    Ok(page(context, &view, &EstablishmentPage { view: view.clone(), uai, name, rows }))
}
