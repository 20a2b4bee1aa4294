//! An import that has ended: who sent it, and what became of its rows.

use askama::Template;
use lambda_http::{Body, Request, Response};
use shared::access::route::Route;
use shared::audit::{self, Action, Disclosure};
use shared::domain::uai::Uai;
use shared::feeding::key::DepositKey;
use shared::files::column::Column;
use shared::registry::StoreError;
use shared::registry::deposits::Sender;
use shared::registry::imports::{Import, ImportId, ImportState};
use shared::registry::members::EstablishmentRole;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::school::access::member_name;
use crate::school::deposit::Frame;
use crate::school::establishment::name_or_number;
use crate::school::identities::Tally;
use crate::school::rejected;
use crate::school::report;
use crate::session::{LoggedIn, Visitor};
use crate::view::{View, page, see_other};
use crate::words::{count, hour, kind, state};

#[derive(Template)]
#[template(path = "school/deposit_followed.html")]
struct FollowedPage {
    view: View,
    frame: Frame,
    kind: String,
    when: String,
    who: String,
    phrase: String,
    tone: &'static str,
    /// The rows by what became of them; the first is the sum of the others.
    sums: Vec<(&'static str, String)>,
    /// What the accepted rows said.
    said: String,
    /// How many rows something was found about the identity of.
    found: Option<String>,
    import: String,
    cancelled: Option<String>,
    report: Option<report::Shown>,
}

/// The page of an import, however its file came.
pub(crate) async fn show(
    context: &Context,
    id: &str,
    request: &Request,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let import = seen(context, id, visitor, request_context).await?;
    let uai = import.uai.ok_or(Refusal::NotFound)?;
    let name = name_or_number(context, uai).await?;
    let shown = Shown { import: &import, deposit: None, name: &name };
    page_of(context, shown, visitor, report::wanted(request), request_context).await
}

/// An import of an establishment of the visitor's.
pub(crate) async fn seen(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Import, ApiError> {
    let id = ImportId::parse(id).ok_or(Refusal::NotFound)?;
    let import = context.deposits.imports().get(&id).await?.ok_or(Refusal::NotFound)?;
    let uai = import.uai.ok_or(Refusal::NotFound)?;
    visitor.role(uai, EstablishmentRole::Lecteur, request_context.now)?;
    Ok(import)
}

/// Writes that somebody takes what tells of the rows of an import.
pub(crate) async fn trace(
    context: &Context,
    import: &Import,
    person: &LoggedIn,
    action: Action,
    request_context: &RequestContext,
) -> Result<(), StoreError> {
    let reader = person.trace_name();
    let request = audit::Request {
        uid: &request_context.uid,
        at: request_context.now,
        client: Some(&reader),
        depositor: import.uai,
        route: Route::Deposit,
        action,
        caller: None,
        recipient: None,
    };
    let told = Disclosure { import: Some(import.id.as_str().to_owned()), ..Disclosure::default() };
    context.traces.write(&request, &[told]).await
}

/// Leads to one of the two files of its report, by a link of some minutes.
pub(crate) async fn file(
    context: &Context,
    id: &str,
    name: &'static str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let import = seen(context, id, visitor, request_context).await?;
    let key = import.report_key.as_deref().ok_or(Refusal::NotFound)?;
    let links = context.deposits.buckets().links(key).await?;
    Ok(see_other(if name.ends_with("csv") { &links.csv } else { &links.json }))
}

/// An import that is shown, of a deposit or not, with its establishment's name.
pub(crate) struct Shown<'a> {
    pub(crate) import: &'a Import,
    pub(crate) deposit: Option<&'a str>,
    pub(crate) name: &'a str,
}

pub(crate) async fn page_of(
    context: &Context,
    Shown { import, deposit, name }: Shown<'_>,
    visitor: &Visitor,
    wanted: Option<Column>,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let (told, tone) = state(import);
    let title = if import.is_trial() { "Un essai" } else { "Un import" };
    let view = View::new(context, "/etablissements", title, visitor);
    let report = report::of(context, import).await?;
    let path = format!("{}/imports/{}", view.base, import.id.as_str());
    let cancelled =
        report.as_ref().and_then(|report| report.complete.as_ref()).map(|complete| match &complete
            .refused
        {
            Some(reason) => format!("Aucune inscription n'est annulée : {reason}."),
            None if import.is_trial() => format!(
                "{} inscriptions de {} absentes du fichier seraient annulées.",
                count(complete.cancelled),
                complete.year
            ),
            None => format!(
                "{} inscriptions de {} absentes du fichier sont annulées.",
                count(complete.cancelled),
                complete.year
            ),
        });
    let uai = import.uai.ok_or(Refusal::NotFound)?;
    let is_stored = import.state == ImportState::Done && !import.is_trial();
    let tally = if is_stored {
        Some(Tally::read(context, import, visitor.person()?, request_context).await?)
    } else {
        None
    };
    let template = FollowedPage {
        view: view.clone(),
        frame: Frame {
            view: view.clone(),
            uai,
            name: name.to_owned(),
            deposit: deposit.unwrap_or_default().to_owned(),
        },
        kind: kind(import),
        when: import.received_at.map(hour).unwrap_or_default(),
        who: who(context, import, uai).await?,
        phrase: match &import.reason {
            Some(reason) => format!("{told} : {reason}"),
            None => told.to_owned(),
        },
        tone,
        sums: sums(import, tally.as_ref().map_or(0, Tally::waiting)),
        said: said(import),
        found: tally.as_ref().map(Tally::total).filter(|total| *total > 0).map(count),
        import: import.id.as_str().to_owned(),
        cancelled,
        report: report.map(|report| {
            let offered = rejected::is_offered(import, uai, visitor, request_context.now);
            report::shown(&report, import, path, wanted, offered)
        }),
    };
    Ok(page(context, &view, &template))
}

/// The rows by what became of them; the first is the sum of the others. A row that waits is of an
/// accepted one, even if it says nothing new.
fn sums(import: &Import, waiting: u64) -> Vec<(&'static str, String)> {
    let visible = import.accepted.saturating_sub(import.superseded).saturating_sub(waiting);
    let last = if import.is_trial() {
        "Acceptées, non importées"
    } else {
        "Visibles, ou sur le point de l'être"
    };
    [
        ("Envoyées", import.rows_read),
        ("Rejetées", import.rejected),
        ("Dépassées par une déclaration plus récente", import.superseded),
        ("En attente d'une identité certaine", waiting),
        (last, visible),
    ]
    .map(|(name, number)| (name, count(number)))
    .into()
}

/// What the accepted rows said, beside what was known.
fn said(import: &Import) -> String {
    let settled = import.superseded + import.unchanged + import.created;
    let changed = import.accepted.saturating_sub(settled);
    format!(
        "Parmi les lignes acceptées : nouvelles inscriptions {}, modifications {}, sans changement {}.",
        count(import.created),
        count(changed),
        count(import.unchanged)
    )
}

/// Who sent a file or confirmed its import, as their establishment knows them.
pub(crate) async fn who(
    context: &Context,
    import: &Import,
    uai: Uai,
) -> Result<String, StoreError> {
    let deposit = DepositKey::parse(&import.object_key).ok().and_then(|key| key.deposit);
    let deposit = match &deposit {
        Some(id) => context.deposits.get(id).await?.filter(|deposit| deposit.uai == uai),
        None => None,
    };
    let Some(deposit) = deposit else { return Ok("dépôt S3".to_owned()) };
    let ordered = deposit.ordered.filter(|ordered| ordered.import == import.id);
    match ordered.map_or(deposit.sender, |ordered| ordered.by) {
        Sender::Client(client) => Ok(format!("logiciel {client}")),
        Sender::Member(digest) => member_name(context, &digest).await,
    }
}
