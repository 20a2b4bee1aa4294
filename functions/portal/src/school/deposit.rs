//! A deposit's page: where its file is dropped, then how far its import has come, and what became of
//! it. One address, that shows what is to be done next.

use askama::Template;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, RequestExt as _, Response};
use serde::Serialize;
use shared::api::reply::json;
use shared::contract::deposit;
use shared::domain::uai::Uai;
use shared::feeding::key::{DepositKey, Mode};
use shared::files::report::read::ReadReport;
use shared::registry::deposits::Deposit;
use shared::registry::imports::{Import, ImportState};
use shared::registry::members::EstablishmentRole;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::school::establishment::name_or_number;
use crate::school::followed::{self, Shown};
use crate::school::report::{self, Column};
use crate::session::Visitor;
use crate::view::{View, page};
use crate::words::{count, hour};

/// What every page of a deposit has.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) view: View,
    pub(crate) uai: Uai,
    /// The establishment's name.
    pub(crate) name: String,
    /// The deposit's id.
    pub(crate) deposit: String,
}

/// A deposit that the visitor may see.
pub(crate) struct Seen {
    pub(crate) deposit: Deposit,
    pub(crate) import: Option<Import>,
    pub(crate) role: EstablishmentRole,
    pub(crate) name: String,
}

impl Seen {
    pub(crate) fn may_send(&self) -> bool {
        self.role >= EstablishmentRole::Deposant
    }

    pub(crate) fn frame(&self, view: &View, id: &str) -> Frame {
        Frame {
            view: view.clone(),
            uai: self.deposit.uai,
            name: self.name.clone(),
            deposit: id.to_owned(),
        }
    }

    /// Its import, if it is a trial that has ended well, with its report.
    pub(crate) async fn trial(&self, context: &Context) -> Result<(&Import, ReadReport), ApiError> {
        let import = self
            .import
            .as_ref()
            .filter(|import| import.state == ImportState::Done && import.is_trial());
        let import = import.ok_or(Refusal::NothingToConfirm)?;
        Ok((import, report::of(context, import).await?.ok_or(Refusal::NothingToConfirm)?))
    }
}

/// A deposit, if its establishment is one of the visitor's. Another's is answered like none.
pub(crate) async fn seen(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Seen, ApiError> {
    let deposit = context.deposits.get(id).await?.ok_or(Refusal::NotFound)?;
    let role = visitor.role(deposit.uai, EstablishmentRole::Lecteur, request_context.now)?;
    let import = context.deposits.import(&deposit).await?;
    let name = name_or_number(context, deposit.uai).await?;
    Ok(Seen { deposit, import, role, name })
}

/// The same, if the visitor may send for its establishment.
pub(crate) async fn own(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Seen, ApiError> {
    let seen = seen(context, id, visitor, request_context).await?;
    visitor.role(seen.deposit.uai, EstablishmentRole::Deposant, request_context.now)?;
    Ok(seen)
}

#[derive(Template)]
#[template(path = "school/deposit_drop.html")]
struct DropPage {
    view: View,
    frame: Frame,
    what: String,
    form: Option<Form>,
}

/// The form of one upload.
struct Form {
    url: String,
    fields: Vec<(&'static str, String)>,
    /// The fields that a script sends instead, as JSON.
    by_script: String,
    largest: String,
    until: String,
}

#[derive(Template)]
#[template(path = "school/deposit_running.html")]
struct RunningPage {
    view: View,
    frame: Frame,
    step: u8,
    told: Told,
}

#[derive(Template)]
#[template(path = "school/deposit_failed.html")]
struct FailedPage {
    view: View,
    frame: Frame,
    step: u8,
    reason: String,
    is_trial: bool,
    detected: Option<String>,
    may_send: bool,
}

#[derive(Template)]
#[template(path = "school/deposit_columns.html")]
struct ColumnsPage {
    view: View,
    frame: Frame,
    read: String,
    detected: Option<String>,
    columns: Vec<Column>,
    unknown: Vec<String>,
    passed: Vec<String>,
    may_send: bool,
}

/// How far an import has come, as the page shows it and its script asks for it.
#[derive(Debug, Serialize)]
struct Told {
    /// What page there is: another one is to be read when it changes.
    etape: &'static str,
    phrase: &'static str,
    fini: bool,
    /// In hundredths.
    progression: u8,
    nombres: Numbers,
}

#[derive(Debug, Serialize)]
struct Numbers {
    lues: String,
    acceptees: String,
    rejetees: String,
}

impl Told {
    fn of(import: Option<&Import>) -> Self {
        let (etape, phrase) = match import.map(|import| (import.state, import.is_trial())) {
            None => ("attendu", "Fichier reçu. Sa lecture va commencer."),
            Some((ImportState::Received, true)) => ("essai", "Fichier reçu. L'essai va commencer."),
            Some((ImportState::Running, true)) => ("essai", "Le fichier est lu, à l'essai."),
            Some((ImportState::Received, false)) => ("import", "L'import va commencer."),
            Some((ImportState::Running, false)) => ("import", "L'import est en cours."),
            Some((ImportState::Done, true)) => ("essai terminé", "L'essai est terminé."),
            Some((ImportState::Done, false)) => ("terminé", "L'import est terminé."),
            Some((ImportState::Failed, _)) => ("échoué", "Le fichier n'a pas pu être lu."),
        };
        let number = |number: fn(&Import) -> u64| count(import.map(number).unwrap_or_default());
        Self {
            etape,
            phrase,
            fini: import.is_some_and(|import| import.state.is_final()),
            progression: import.map(percent).unwrap_or_default(),
            nombres: Numbers {
                lues: number(|import| import.rows_read),
                acceptees: number(|import| import.accepted),
                rejetees: number(|import| import.rejected),
            },
        }
    }
}

fn percent(import: &Import) -> u8 {
    let part = deposit::progress(import);
    (1..=100_u8).rev().find(|percent| f64::from(*percent) <= part * 100.0).unwrap_or_default()
}

/// The page of a deposit. A browser that has just sent its file is told so, though the import
/// begins some seconds later.
pub(crate) async fn show(
    context: &Context,
    id: &str,
    request: &Request,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let seen = seen(context, id, visitor, request_context).await?;
    match &seen.import {
        None if was_sent(request) => {
            let view = View::new(context, "/etablissements", "Fichier reçu", visitor);
            let frame = seen.frame(&view, id);
            let template = RunningPage { view: view.clone(), frame, step: 2, told: Told::of(None) };
            Ok(page(context, &view, &template))
        }
        None => drop_page(context, id, &seen, visitor, request_context).await,
        Some(import) => match (import.state, import.is_trial()) {
            (ImportState::Received | ImportState::Running, is_trial) => {
                let title = if is_trial { "Essai en cours" } else { "Import en cours" };
                let view = View::new(context, "/etablissements", title, visitor);
                let (frame, told) = (seen.frame(&view, id), Told::of(Some(import)));
                let step = if is_trial { 2 } else { 5 };
                let template = RunningPage { view: view.clone(), frame, step, told };
                Ok(page(context, &view, &template))
            }
            (ImportState::Failed, is_trial) => {
                failed(context, id, &seen, import, is_trial, visitor).await
            }
            (ImportState::Done, true) => columns(context, id, &seen, import, visitor).await,
            (ImportState::Done, false) => {
                let shown = Shown { import, deposit: Some(id), name: &seen.name };
                followed::page_of(context, shown, visitor, None, request_context).await
            }
        },
    }
}

/// Whether a file was sent just before, as our script says, or S3, which sends the browser back with
/// the object's tag.
fn was_sent(request: &Request) -> bool {
    let query = request.query_string_parameters();
    query.first("depose").or(query.first("etag")).is_some()
}

/// How far its import has come, for the page's script.
pub(crate) async fn progress(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let seen = seen(context, id, visitor, request_context).await?;
    Ok(json(StatusCode::OK, &Told::of(seen.import.as_ref())))
}

async fn drop_page(
    context: &Context,
    id: &str,
    seen: &Seen,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let form = if seen.may_send() {
        let then = context.address.url(&format!("/depots/{id}"));
        let now = request_context.now;
        let form = context.deposits.form(id, &seen.deposit, Some(&then), now).await?;
        let by_script = context.deposits.form(id, &seen.deposit, None, now).await?;
        let until: Option<jiff::Timestamp> = form.expire.parse().ok();
        Some(Form {
            url: form.url,
            fields: form.champs.0,
            by_script: serde_json::to_string(&by_script.champs.0).unwrap_or_default(),
            largest: size(form.largest),
            until: until.map(hour).unwrap_or_default(),
        })
    } else {
        None
    };
    let what = match DepositKey::parse(&seen.deposit.key).map(|key| key.mode) {
        Ok(Mode::Complete { year, .. }) => {
            format!("Le fichier contient toutes les inscriptions de {year}.")
        }
        _ => "Le fichier contient ce qui est nouveau ou a changé.".to_owned(),
    };
    let view = View::new(context, "/etablissements", "Déposer le fichier", visitor);
    let frame = seen.frame(&view, id);
    Ok(page(context, &view, &DropPage { view: view.clone(), frame, what, form }))
}

async fn failed(
    context: &Context,
    id: &str,
    seen: &Seen,
    import: &Import,
    is_trial: bool,
    visitor: &Visitor,
) -> Result<Response<Body>, ApiError> {
    let report = report::of(context, import).await?;
    let view = View::new(context, "/etablissements", "Le fichier n'a pas pu être lu", visitor);
    let template = FailedPage {
        view: view.clone(),
        frame: seen.frame(&view, id),
        step: if is_trial { 2 } else { 5 },
        reason: import.reason.clone().unwrap_or_default(),
        is_trial,
        detected: report.as_ref().and_then(|report| report.detected.as_ref()).map(report::form),
        may_send: seen.may_send(),
    };
    Ok(page(context, &view, &template))
}

async fn columns(
    context: &Context,
    id: &str,
    seen: &Seen,
    import: &Import,
    visitor: &Visitor,
) -> Result<Response<Body>, ApiError> {
    let report = report::of(context, import).await?;
    let detected = report.as_ref().and_then(|report| report.detected.as_ref());
    let view = View::new(context, "/etablissements", "Vérifier les colonnes", visitor);
    let sheets = detected.map(|detected| detected.sheets.as_slice()).unwrap_or_default();
    let passed = sheets.iter().filter(|sheet| !sheet.read).map(|sheet| sheet.name.clone());
    let template = ColumnsPage {
        view: view.clone(),
        frame: seen.frame(&view, id),
        read: count(import.rows_read),
        detected: detected.map(report::form),
        columns: report::columns(detected),
        unknown: detected.map(|detected| detected.unknown.clone()).unwrap_or_default(),
        passed: passed.collect(),
        may_send: seen.may_send(),
    };
    Ok(page(context, &view, &template))
}

/// `1 Go`, `300 Mo`.
fn size(bytes: u64) -> String {
    const MEGA: u64 = 1 << 20;
    match bytes / MEGA {
        mega if mega >= 1024 => format!("{} Go", mega / 1024),
        0 => format!("{} octets", count(bytes)),
        mega => format!("{mega} Mo"),
    }
}
