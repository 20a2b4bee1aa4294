//! The rejected rows of an import as a file to correct and send again: made from what was dropped
//! when somebody asks for it, stored nowhere, for a day.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use lambda_http::http::{HeaderValue, header};
use lambda_http::{Body, Response};
use shared::api::reply::set_header;
use shared::audit::Action;
use shared::domain::academic_year::day_in_france;
use shared::domain::uai::Uai;
use shared::feeding::key::{DepositKey, Mode};
use shared::feeding::rejected::{Bounds, Rejected, rejected};
use shared::files::row::Setting;
use shared::registry::imports::Import;
use shared::registry::members::EstablishmentRole;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::school::followed;
use crate::session::Visitor;

/// How long after it was received a file is read again.
const OFFERED: SignedDuration = SignedDuration::from_hours(24);
/// Bytes of a file that is read again here, at most: some hundred thousand rows.
const LARGEST: u64 = 32 << 20;
/// How long it may take: API Gateway waits 29 seconds.
const LONGEST: Duration = Duration::from_secs(20);
/// Bytes of the table at most: Lambda answers with six million.
const LARGEST_TABLE: usize = 4 << 20;

/// Whether the file of an import may still be asked for, by whom may send for its establishment.
pub(crate) fn is_offered(import: &Import, uai: Uai, visitor: &Visitor, now: Timestamp) -> bool {
    visitor.role(uai, EstablishmentRole::Deposant, now).is_ok() && can_be_made(import, now)
}

fn can_be_made(import: &Import, now: Timestamp) -> bool {
    let received = import.received_at.is_some_and(|at| now.duration_since(at) < OFFERED);
    received && import.rejected > 0 && import.bytes <= LARGEST
}

/// The file. That somebody takes it is traced before it is made.
pub(crate) async fn file(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let import = followed::seen(context, id, visitor, request_context).await?;
    let uai = import.uai.ok_or(Refusal::NotFound)?;
    let now = request_context.now;
    visitor.role(uai, EstablishmentRole::Deposant, now)?;
    if !can_be_made(&import, now) {
        return Err(Refusal::NotOffered.into());
    }
    let person = visitor.person()?;
    followed::trace(context, &import, person, Action::RejectedRead, request_context).await?;
    let rejected = read(context, &import, uai).await?;
    let mut response = Response::new(Body::Text(rejected.table));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let name = if rejected.is_cut { "lignes-rejetees-debut.csv" } else { "lignes-rejetees.csv" };
    set_header(&mut response, "content-disposition", format!("attachment; filename=\"{name}\""));
    Ok(response)
}

/// Reads the dropped object version again, by what it was read by.
async fn read(context: &Context, import: &Import, uai: Uai) -> Result<Rejected, ApiError> {
    let key = DepositKey::parse(&import.object_key).map_err(|_| Refusal::NotOffered)?;
    let depositor = context.establishments.depositor(uai).await?.ok_or(Refusal::NotOffered)?;
    let ordered = import.order.as_ref().and_then(|order| order.columns.clone());
    let mapping = match ordered {
        Some(mapping) => mapping,
        None => context.deposits.imports().mapping(uai).await?,
    };
    let depositor = depositor.calling(mapping);
    let object = context.deposits.buckets().head(import, LARGEST).await?;
    let object = object.ok_or(Refusal::NotOffered)?;
    let today = day_in_france(import.received_at.unwrap_or_default());
    let year = match key.mode {
        Mode::Delta => None,
        Mode::Complete { year, .. } => Some(year),
    };
    let secret = context.key.clone();
    // Reading is work and no waiting: on another thread, so that the answer's time can run out.
    let work = tokio::task::spawn_blocking(move || {
        let setting = Setting { depositor: &depositor, today, year };
        let bounds = Bounds { until: Instant::now() + LONGEST, most: LARGEST_TABLE };
        rejected(&object, setting, &secret, bounds)
    });
    match work.await {
        Ok(Ok(rejected)) => Ok(rejected),
        Ok(Err(_)) | Err(_) => Err(Refusal::NotOffered.into()),
    }
}
