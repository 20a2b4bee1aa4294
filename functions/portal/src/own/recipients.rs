//! Who was told of a student, from the traces, and a letter to each, ready to be printed (RGPD,
//! articles 15 and 19).

use askama::Template;
use lambda_http::{Body, Response};
use shared::access::route::Route;
use shared::audit::{Access, Action};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::own::accesses::{self, Row};
use crate::own::found::oneself;
use crate::own::page::unknown;
use crate::refusal::{ApiError, Refusal};
use crate::session::Visitor;
use crate::view::{View, page};
use crate::words::day;

/// Consultations of each subject that recipients are looked for among.
const READ: i32 = 1_000;

#[derive(Template)]
#[template(path = "own/recipients.html")]
struct RecipientsPage {
    view: View,
    since: String,
    recipients: Vec<Recipient>,
}

#[derive(Template)]
#[template(path = "own/letter.html")]
struct LetterPage {
    view: View,
    person: String,
    born: String,
    today: String,
    recipient: Recipient,
}

/// Somebody who was told something.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Recipient {
    /// A keyed digest of who it is: an address must not say whom a student dealt with.
    id: String,
    who: String,
    on_behalf_of: Option<String>,
    /// When they were told last.
    last: String,
    times: usize,
    fields: String,
}

/// Lists them, who was told last first.
pub(crate) async fn show(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let Some(recipients) = of(context, visitor, request_context).await? else {
        return Ok(unknown(context, visitor));
    };
    let view = View::new(context, "/mon-espace", "À qui vos données ont été communiquées", visitor);
    let since = accesses::since(context.own()?, request_context.now);
    let template = RecipientsPage { view: view.clone(), since, recipients };
    Ok(page(context, &view, &template))
}

/// The letter to one of them.
pub(crate) async fn letter(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let Some(recipients) = of(context, visitor, request_context).await? else {
        return Ok(unknown(context, visitor));
    };
    let recipient = recipients.into_iter().find(|one| one.id == id).ok_or(Refusal::NotFound)?;
    let identity = &visitor.student()?.identity;
    let view = View::new(context, "/mon-espace", "Une lettre à imprimer", visitor);
    let template = LetterPage {
        view: view.clone(),
        person: identity.name(),
        born: identity.birthdate.clone(),
        today: day(request_context.now),
        recipient,
    };
    Ok(page(context, &view, &template))
}

/// The recipients, once reading them is traced; `None` for somebody who isn't found without doubt.
async fn of(
    context: &Context,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Option<Vec<Recipient>>, ApiError> {
    let told = (Action::Consulted, &["consultations"][..]);
    let found = oneself(context, visitor, request_context, told, |_| 0).await?;
    let Some(student) = found.map(|answer| answer.student) else { return Ok(None) };
    let mut traces = accesses::of_student(context, student, None, READ).await?;
    traces.retain(is_told);
    let rows = accesses::rows(context, &traces).await?;
    let id = |who: &str, behalf: &str| context.key.of(&["destinataire", who, behalf]);
    Ok(Some(grouped(rows, id)))
}

/// Whether somebody else than the register's own people was told of the student.
fn is_told(trace: &Access) -> bool {
    let told = matches!(
        trace.route,
        Route::StatusByIne
            | Route::StatusByIdentity
            | Route::DirectByIne
            | Route::DirectByIdentity
            | Route::FranceConnect
            | Route::Batch
    );
    told && trace.found
}

/// Consultations by whom they were for, in the order of the latest of each.
fn grouped(rows: Vec<Row>, id: impl Fn(&str, &str) -> String) -> Vec<Recipient> {
    let mut recipients: Vec<Recipient> = Vec::new();
    for row in rows {
        let id = id(&row.who, row.recipient.as_deref().unwrap_or_default());
        match recipients.iter_mut().find(|known| known.id == id) {
            Some(known) => known.times += 1,
            None => recipients.push(Recipient {
                id,
                who: row.who,
                on_behalf_of: row.recipient,
                last: row.when,
                times: 1,
                fields: row.fields,
            }),
        }
    }
    recipients
}
