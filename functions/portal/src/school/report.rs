//! The report of an import, as people act on it: what was recognised, and problems gathered by their
//! cause, those that keep rows out first.

use askama::Template;
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::files::column::Column as Known;
use shared::files::problem::Severity;
use shared::files::reader::Detected;
use shared::files::report::read::{Group, ReadReport};
use shared::registry::imports::Import;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::ApiError;
use crate::school::deposit::{self, Frame};
use crate::school::rejected;
use crate::session::Visitor;
use crate::view::{View, page};
use crate::words::{count, lines, rows, wire_name};

/// A report, as a page shows it.
pub(crate) struct Shown {
    /// The page that it is on, for the filter.
    pub(crate) path: String,
    pub(crate) import: String,
    pub(crate) read: String,
    pub(crate) accepted: String,
    pub(crate) rejected: String,
    pub(crate) warned: String,
    pub(crate) columns: Vec<String>,
    /// The column that alone is shown.
    pub(crate) wanted: Option<String>,
    pub(crate) blocking: Vec<Cause>,
    pub(crate) others: Vec<Cause>,
    /// Whether every problem is listed.
    pub(crate) is_whole: bool,
    /// Whether the rejected rows can be had as a file.
    pub(crate) rows_offered: bool,
}

/// Problems of one cause.
pub(crate) struct Cause {
    pub(crate) count: String,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
    pub(crate) example: String,
    pub(crate) column: Option<&'static str>,
    pub(crate) lines: String,
}

/// A column that the format knows, and where the file has it.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) label: Option<String>,
    pub(crate) place: Option<u16>,
    pub(crate) presence: &'static str,
}

#[derive(Template)]
#[template(path = "school/deposit_report.html")]
struct ReportPage {
    view: View,
    frame: Frame,
    report: Shown,
    may_send: bool,
}

/// The report of an import, once there is one.
pub(crate) async fn of(context: &Context, import: &Import) -> Result<Option<ReadReport>, ApiError> {
    let Some(key) = &import.report_key else { return Ok(None) };
    let json = context.deposits.buckets().report(key).await?;
    // One that an older version wrote, with a rule that is no longer, is shown as none: its files
    // are there to be read.
    Ok(ReadReport::parse(&json).ok())
}

/// The report of a trial.
pub(crate) async fn of_trial(
    context: &Context,
    id: &str,
    request: &Request,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let seen = deposit::seen(context, id, visitor, request_context).await?;
    let (import, report) = seen.trial(context).await?;
    let view = View::new(context, "/etablissements", "Lire l'essai", visitor);
    let path = format!("{}/depots/{id}/rapport", view.base);
    let template = ReportPage {
        view: view.clone(),
        frame: seen.frame(&view, id),
        report: shown(
            &report,
            import,
            path,
            wanted(request),
            rejected::is_offered(import, seen.deposit.uai, visitor, request_context.now),
        ),
        may_send: seen.may_send(),
    };
    Ok(page(context, &view, &template))
}

/// The column that the visitor chose, if the format has it.
pub(crate) fn wanted(request: &Request) -> Option<Known> {
    let query = request.query_string_parameters();
    let name = query.first("colonne")?.to_owned();
    Known::ALL.into_iter().find(|column| column.name() == name)
}

pub(crate) fn shown(
    report: &ReadReport,
    import: &Import,
    path: String,
    wanted: Option<Known>,
    rows_offered: bool,
) -> Shown {
    let causes = |severity| report.groups(severity, wanted).iter().map(cause).collect();
    Shown {
        path,
        import: import.id.as_str().to_owned(),
        read: count(report.counts.read),
        accepted: count(report.counts.accepted),
        rejected: count(report.counts.rejected),
        warned: count(report.counts.warned),
        columns: report.columns().iter().map(ToString::to_string).collect(),
        wanted: wanted.map(|column| column.to_string()),
        blocking: causes(Severity::Reject),
        others: causes(Severity::Warn),
        is_whole: report.list_is_complete,
        rows_offered,
    }
}

fn cause(group: &Group) -> Cause {
    let sheet = group.rule.sheet();
    let mut lines = lines(&group.places);
    if group.listed > group.places.len() {
        lines.push_str(", … la liste entière est dans le rapport en fichier");
    }
    Cause {
        count: rows(group.listed as u64),
        code: sheet.code,
        message: sheet.message,
        // The documentation's marks of code are for another reader.
        example: sheet.example.replace('`', ""),
        column: group.column.map(Known::name),
        lines,
    }
}

/// What a file is made of, in a sentence.
pub(crate) fn form(detected: &Detected) -> String {
    let mut told = vec![format!("format {}", wire_name(&detected.format).to_uppercase())];
    told.extend(detected.compression.map(|compression| wire_name(&compression)));
    told.extend(detected.charset.map(|charset| format!("encodage {}", wire_name(&charset))));
    told.extend(detected.separator.map(|separator| match separator {
        '\t' => "tabulation entre les valeurs".to_owned(),
        separator => format!("« {separator} » entre les valeurs"),
    }));
    told.extend(detected.header_line.map(|line| format!("en-tête à la ligne {line}")));
    if !detected.dates.is_empty() {
        let forms: Vec<_> = detected.dates.iter().map(wire_name).collect();
        told.push(format!("dates {}", forms.join(" ou ")));
    }
    told.join(", ")
}

/// Every column that the format knows, and where the file has it.
pub(crate) fn columns(detected: Option<&Detected>) -> Vec<Column> {
    let found = detected.map(|detected| detected.columns.as_slice()).unwrap_or_default();
    let column = |known: Known| {
        let found = found.iter().find(|found| found.column == known);
        Column {
            name: known.name(),
            label: found.map(|found| found.label.clone()),
            place: found.and_then(|found| found.position),
            presence: known.presence(),
        }
    };
    Known::ALL.into_iter().map(column).collect()
}
