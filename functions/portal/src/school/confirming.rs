//! A trial is confirmed: the numbers are shown, and what is beyond the usual is typed.

use askama::Template;
use lambda_http::{Body, Response};
use shared::files::report::Complete;
use shared::files::report::read::ReadReport;
use shared::registry::deposits::Sender;
use shared::registry::imports::{Import, ImportId, Order};

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::school::deposit::{self, Frame, Seen};
use crate::session::{Visitor, field};
use crate::view::{View, page, see_other};
use crate::words::count;

#[derive(Template)]
#[template(path = "school/deposit_confirm.html")]
struct ConfirmPage {
    view: View,
    frame: Frame,
    import: String,
    numbers: Numbers,
    complete: Option<Lacking>,
    error: Option<&'static str>,
}

/// What would become of the rows.
struct Numbers {
    created: String,
    changed: String,
    unchanged: String,
    superseded: String,
    rejected: String,
}

/// What a complete file lacks.
struct Lacking {
    year: String,
    present: String,
    absent: String,
    refused: Option<String>,
    confirmable: bool,
}

/// Shows what would be done.
pub(crate) async fn ask(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let seen = deposit::own(context, id, visitor, request_context).await?;
    let (import, report) = seen.trial(context).await?;
    Ok(form(context, id, &seen, import, &report, visitor, None))
}

/// Orders it. Sent twice, the second finds what the first asked for, and leads to the same page.
pub(crate) async fn confirm(
    context: &Context,
    id: &str,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let seen = deposit::own(context, id, visitor, request_context).await?;
    let tried = field(sent, "import").and_then(|id| ImportId::parse(&id));
    let tried = tried.ok_or(Refusal::NothingToConfirm)?;
    let next = see_other(&context.address.url(&format!("/depots/{id}")));
    // Ordered already, perhaps by the same click.
    if seen.deposit.ordered.as_ref().is_some_and(|ordered| ordered.of == tried) {
        return Ok(next);
    }
    let (import, report) = seen.trial(context).await?;
    let cancellations = match allowed(report.complete.as_ref(), sent) {
        Ok(cancellations) => cancellations,
        Err(error) => return Ok(form(context, id, &seen, import, &report, visitor, Some(error))),
    };
    let order = Order { dry_run: false, cancellations, columns: None };
    let by = Sender::Member(visitor.person()?.session.member.clone());
    let now = request_context.now;
    let ordered = context.deposits.order(id, &seen.deposit, &tried, order, by, now).await?;
    ordered.map_err(Refusal::NotOrdered)?;
    Ok(next)
}

/// How many enrolments may be cancelled: as many as were shown, if they are fewer than the usual
/// share or somebody typed their number.
fn allowed(complete: Option<&Complete>, sent: &[u8]) -> Result<u64, &'static str> {
    let Some(complete) = complete else { return Ok(0) };
    if complete.refused.is_none() {
        return Ok(complete.absent);
    }
    if !complete.confirmable || field(sent, "annuler").as_deref() != Some("oui") {
        return Ok(0);
    }
    let typed: String = field(sent, "saisie")
        .unwrap_or_default()
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    match typed.parse() {
        Ok(number) if number == complete.absent => Ok(number),
        _ => Err(
            "Ce n'est pas le nombre des inscriptions qui seraient annulées : rien n'a été fait.",
        ),
    }
}

fn form(
    context: &Context,
    id: &str,
    seen: &Seen,
    import: &Import,
    report: &ReadReport,
    visitor: &Visitor,
    error: Option<&'static str>,
) -> Response<Body> {
    let title = if error.is_some() { "Erreur : confirmer l'import" } else { "Confirmer l'import" };
    let view = View::new(context, "/etablissements", title, visitor);
    let counts = report.counts;
    let changed = counts.accepted
        - (counts.superseded + counts.unchanged + counts.created).min(counts.accepted);
    let complete = report.complete.as_ref().map(|complete| Lacking {
        year: complete.year.to_string(),
        present: count(complete.present),
        absent: count(complete.absent),
        refused: complete.refused.clone(),
        confirmable: complete.confirmable,
    });
    let template = ConfirmPage {
        view: view.clone(),
        frame: seen.frame(&view, id),
        import: import.id.as_str().to_owned(),
        numbers: Numbers {
            created: count(counts.created),
            changed: count(changed),
            unchanged: count(counts.unchanged),
            superseded: count(counts.superseded),
            rejected: count(counts.rejected),
        },
        complete,
        error,
    };
    page(context, &view, &template)
}
