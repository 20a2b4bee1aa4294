//! Which column of a file is which: shown as the file has them, said otherwise by its sender, kept for
//! the establishment's next files.

use std::collections::BTreeMap;

use askama::Template;
use lambda_http::{Body, Response};
use shared::deposits::OrderError;
use shared::domain::academic_year::day_in_france;
use shared::domain::fold::fold;
use shared::files::column::Column;
use shared::files::mapping::{Mapping, MappingError};
use shared::files::reader::{FoundColumn, labels};
use shared::files::row::Setting;
use shared::registry::deposits::Sender;
use shared::registry::imports::Import;

use crate::context::Context;
use crate::handler::RequestContext;
use crate::refusal::{ApiError, Refusal};
use crate::school::deposit::{self, Frame, Seen};
use crate::session::{Visitor, field};
use crate::view::{View, page, see_other};

/// A file that isn't larger is read whole, so that a workbook can be opened.
const WHOLE: u64 = 2 << 20;
/// Of a larger one so much is read: a header is within the first lines.
const HEAD: u64 = 256 << 10;

#[derive(Template)]
#[template(path = "school/mapping.html")]
struct MappingPage {
    view: View,
    frame: Frame,
    import: String,
    rows: Vec<Row>,
    /// Labels that are there twice.
    doubled: Vec<String>,
    error: Option<String>,
}

/// A label of the file, and what it may be.
struct Row {
    place: usize,
    label: String,
    choices: Vec<Choice>,
    is_wrong: bool,
}

struct Choice {
    name: &'static str,
    is_chosen: bool,
}

/// A trial whose file's labels were read.
struct Labelled {
    seen: Seen,
    import: Import,
    /// The label of each place, from 1.
    labels: BTreeMap<usize, String>,
    doubled: Vec<String>,
    /// What the establishment said before.
    mapping: Mapping,
}

/// Shows what the file has.
pub(crate) async fn ask(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let labelled = labelled(context, id, visitor, request_context).await?;
    let choices = labelled.read_as(context).await?;
    Ok(form(context, id, &labelled, &choices, visitor, None))
}

/// Keeps what was said, and tries the file anew. Sent twice, the second finds what the first ordered.
pub(crate) async fn say(
    context: &Context,
    id: &str,
    sent: &[u8],
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Response<Body>, ApiError> {
    let next = see_other(&context.address.url(&format!("/depots/{id}")));
    let labelled = match labelled(context, id, visitor, request_context).await {
        // It is tried anew already, perhaps by the same click.
        Err(ApiError::Refused(Refusal::NothingToConfirm)) => return Ok(next),
        labelled => labelled?,
    };
    // The form shows the labels of one import: by another's they would be mixed up.
    if field(sent, "import").as_deref() != Some(labelled.import.id.as_str()) {
        return Err(Refusal::NotOrdered(OrderError::Overtaken).into());
    }
    let choice = |place: &usize| {
        let name = field(sent, &format!("c{place}")).unwrap_or_default();
        (*place, Column::ALL.into_iter().find(|column| column.name() == name))
    };
    let choices: BTreeMap<usize, Option<Column>> = labelled.labels.keys().map(choice).collect();
    let said = labelled.labels.iter().filter_map(|(place, label)| {
        let column = choices.get(place).copied().flatten();
        let is_usual = Column::named(label) == column && !labelled.mapping.tells_of(label);
        (!is_usual).then(|| (label.clone(), column))
    });
    // Two labels of one column are refused even where one of them is it anyway.
    let twice = Mapping::new(
        labelled
            .labels
            .iter()
            .map(|(place, label)| (label.clone(), choices.get(place).copied().flatten())),
    );
    let mapping = match twice.and_then(|_| Mapping::new(said)) {
        Ok(mapping) => mapping,
        Err(error) => {
            return Ok(form(context, id, &labelled, &choices, visitor, Some(error)));
        }
    };
    let by = Sender::Member(visitor.person()?.session.member.clone());
    let Labelled { seen, import, .. } = &labelled;
    let now = request_context.now;
    let ordered =
        context.deposits.call_columns(id, &seen.deposit, &import.id, &mapping, by, now).await?;
    ordered.map_err(Refusal::NotOrdered)?;
    Ok(next)
}

async fn labelled(
    context: &Context,
    id: &str,
    visitor: &Visitor,
    request_context: &RequestContext,
) -> Result<Labelled, ApiError> {
    let seen = deposit::own(context, id, visitor, request_context).await?;
    let uai = seen.deposit.uai;
    let import = seen.import.clone();
    let import = import.filter(|import| import.state.is_final() && import.is_trial());
    let import = import.ok_or(Refusal::NothingToConfirm)?;
    let known = context.establishments.depositor(uai).await?.ok_or(Refusal::NotFound)?;
    let mapping = context.deposits.imports().mapping(uai).await?;
    let depositor = known.calling(mapping.clone());
    let today = day_in_france(request_context.now);
    let setting = Setting { depositor: &depositor, today, year: None };
    let is_whole = import.bytes <= WHOLE;
    let most = if is_whole { WHOLE } else { HEAD };
    let head = context.deposits.buckets().head(&import, most).await?.ok_or(Refusal::NoHeader)?;
    let found = labels(&head, is_whole, setting).ok_or(Refusal::NoHeader)?;
    let (mut labels, mut doubled) = (BTreeMap::new(), Vec::new());
    for (place, label) in (1..).zip(&found) {
        let folded = fold(label);
        let same = found.iter().filter(|other| fold(other) == folded).count();
        match folded.is_empty() {
            true => {}
            false if same > 1 => doubled.push(label.clone()),
            false => {
                labels.insert(place, label.clone());
            }
        }
    }
    Ok(Labelled { seen, import, labels, doubled, mapping })
}

impl Labelled {
    /// What each place was read as by the trial; where it has no report of that, what its label says.
    async fn read_as(
        &self,
        context: &Context,
    ) -> Result<BTreeMap<usize, Option<Column>>, ApiError> {
        let report = crate::school::report::of(context, &self.import).await?;
        let detected = report.and_then(|report| report.detected);
        let at = |place: usize| {
            let columns = &detected.as_ref()?.columns;
            let is_there = |found: &&FoundColumn| found.position.map(usize::from) == Some(place);
            columns.iter().find(is_there).map(|found| found.column)
        };
        let read_as = |(place, label): (&usize, &String)| {
            let column = if detected.is_some() { at(*place) } else { self.mapping.named(label) };
            (*place, column)
        };
        Ok(self.labels.iter().map(read_as).collect())
    }
}

fn form(
    context: &Context,
    id: &str,
    labelled: &Labelled,
    choices: &BTreeMap<usize, Option<Column>>,
    visitor: &Visitor,
    error: Option<MappingError>,
) -> Response<Body> {
    let title =
        if error.is_some() { "Erreur : changer les colonnes" } else { "Changer les colonnes" };
    let view = View::new(context, "/etablissements", title, visitor);
    let wrong = match error {
        Some(MappingError::Twice(column)) => Some(column),
        _ => None,
    };
    let row = |(place, label): (&usize, &String)| {
        let chosen = choices.get(place).copied().flatten();
        let choice =
            |column: Column| Choice { name: column.name(), is_chosen: chosen == Some(column) };
        Row {
            place: *place,
            label: label.clone(),
            choices: Column::ALL.into_iter().map(choice).collect(),
            is_wrong: wrong.is_some() && chosen == wrong,
        }
    };
    let template = MappingPage {
        view: view.clone(),
        frame: labelled.seen.frame(&view, id),
        import: labelled.import.id.as_str().to_owned(),
        rows: labelled.labels.iter().map(row).collect(),
        doubled: labelled.doubled.clone(),
        error: error.map(|error| match error {
            MappingError::Twice(column) => {
                format!("Deux colonnes du fichier sont prises pour {column} : n'en gardez qu'une.")
            }
            error => error.to_string(),
        }),
    };
    page(context, &view, &template)
}
