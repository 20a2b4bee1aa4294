//! What a file is made of: a dictionary of columns and two templates, all from the code that reads
//! files.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_http::http::{HeaderValue, header};
use lambda_http::{Body, Response};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use shared::files::column::Column;

use crate::context::Context;
use crate::session::Visitor;
use crate::view::{View, page};

/// How wide a template's columns are, in characters.
const WIDTH: f64 = 20.0;

#[derive(Template)]
#[template(path = "public/format.html")]
struct FormatPage {
    view: View,
    columns: Vec<Described>,
    /// The workbook in base64: the gateway carries texts alone, and it is small.
    workbook: String,
}

struct Described {
    name: &'static str,
    presence: &'static str,
    what: &'static str,
    form: &'static str,
    example: &'static str,
    labels: String,
}

/// The page.
pub(crate) fn show(context: &Context, visitor: &Visitor) -> Response<Body> {
    let view = View::new(context, "/format", "Format des fichiers", visitor);
    let described = |column: Column| {
        let sheet = column.sheet();
        Described {
            name: column.name(),
            presence: column.presence(),
            what: sheet.what,
            form: sheet.form,
            example: sheet.example,
            labels: column.labels().join(", "),
        }
    };
    let template = FormatPage {
        view: view.clone(),
        columns: Column::ALL.into_iter().map(described).collect(),
        workbook: workbook().map(|bytes| STANDARD.encode(bytes)).unwrap_or_default(),
    };
    page(context, &view, &template)
}

fn columns() -> impl Iterator<Item = Column> {
    Column::ALL.into_iter().filter(|column| column.is_in_templates())
}

/// The template as CSV, as French Excel opens it.
fn csv() -> String {
    let names: Vec<_> = columns().map(Column::name).collect();
    let values: Vec<_> = columns().map(|column| column.sheet().example).collect();
    format!("\u{FEFF}{}\r\n{}\r\n", names.join(";"), values.join(";"))
}

/// The CSV template, for a browser to save.
pub(crate) fn csv_file() -> Response<Body> {
    let mut response = Response::new(Body::Text(csv()));
    for (name, value) in [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"modele-inscriptions.csv\""),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The template as a workbook of one sheet, for a second one would be a sheet without header to who
/// reads it. Every cell is text: a spreadsheet then loses neither a first zero nor a long number.
fn workbook() -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let (text, bold) = (Format::new().set_num_format("@"), Format::new().set_bold());
    let sheet = workbook.add_worksheet().set_name("Inscriptions")?;
    for (place, column) in (0_u16..).zip(columns()) {
        sheet.set_column_format(place, &text)?.set_column_width(place, WIDTH)?;
        sheet.write_with_format(0, place, column.name(), &bold)?;
        sheet.write_with_format(1, place, column.sheet().example, &text)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    workbook.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;
    use shared::domain::commune::CommuneCode;
    use shared::domain::establishment::Establishment;
    use shared::domain::uai::Uai;
    use shared::files::reader::{Conventions, Depositor, EnrolmentReader, Next, Step, Survey};
    use shared::files::row::{RowOutcome, Setting};

    use super::*;

    fn conventions(bytes: &[u8]) -> Conventions {
        let mut survey = Survey::default();
        survey.push(bytes);
        survey.finish();
        loop {
            if let Step::Done(conventions) = survey.next().unwrap() {
                return conventions;
            }
        }
    }

    /// The rows that are accepted, and how many remarks there are in all.
    fn read(bytes: &[u8]) -> (usize, usize) {
        let uai = Uai::parse(Column::Uai.sheet().example).unwrap();
        let establishment = Establishment {
            uai,
            name: String::new(),
            kind: "universite".into(),
            commune: CommuneCode::parse("75113").unwrap(),
            postal_code: "75013".into(),
            sends_for: vec![uai],
            regime_codes: BTreeMap::new(),
            status_codes: BTreeMap::new(),
        };
        let depositor = Depositor::new(establishment.clone(), [establishment]);
        let setting = Setting { depositor: &depositor, today: date(2026, 9, 15), year: None };
        let mut reader = EnrolmentReader::new(setting, conventions(bytes));
        reader.push(bytes);
        reader.finish();
        let (mut accepted, mut remarks) = (0, 0);
        loop {
            match reader.next().unwrap() {
                Next::Row(row) => match row.outcome {
                    RowOutcome::Accepted { warnings, .. } => {
                        accepted += 1;
                        remarks += warnings.len();
                    }
                    RowOutcome::Rejected { problems, .. } => remarks += problems.len(),
                },
                Next::Unopened(workbook) => reader.opened(workbook.open()),
                Next::Ended => return (accepted, remarks),
                Next::NeedsBytes | Next::Pause => {}
            }
        }
    }

    #[test]
    fn both_templates_are_read_as_they_are() {
        assert_eq!(read(csv().as_bytes()), (1, 0));
        assert_eq!(read(&workbook().unwrap()), (1, 0));
    }
}
