//! Sheets: what the tables tell of each establishment, a page for each département.
//!
//! The département is the one that the UAI names, where the establishment was registered first:
//! where its sites are isn't published.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use shared::domain::territory;
use shared::domain::uai::Uai;

use super::figures::{change, grouped, long_date, share};
use super::{HTML, NAME as REPORT};
use crate::dimensions::{ALL, CURSUS, REGIMES, SEXES, UNKNOWN};
use crate::outputs::text::FormatError;
use crate::outputs::words::words;
use crate::outputs::{File, coverage};
use crate::snapshot::{PublishedRows, Snapshot};
use crate::tables::published::{Row, Told};

/// A table that tells of an establishment.
struct Split {
    table: &'static str,
    /// The column that it splits an establishment by, and its codes in the order of readers.
    column: &'static str,
    order: &'static [&'static str],
    heading: &'static str,
}

const GROUPS: [&str; 4] = [REGIMES[0].0, REGIMES[1].0, REGIMES[2].0, REGIMES[3].0];
const SPLITS: [Split; 3] = [
    Split { table: "etablissement", column: "cursus", order: &CURSUS, heading: "Cursus" },
    Split { table: "etablissement_sexe", column: "sexe", order: &SEXES, heading: "Sexe" },
    Split { table: "regime_etablissement", column: "groupe", order: &GROUPS, heading: "Régime" },
];

/// A page of sheets, as the report names it.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) file: String,
    pub(super) department: String,
    pub(super) establishments: usize,
}

#[derive(Template)]
#[template(path = "fiches.html")]
struct SheetsPage<'a> {
    date: String,
    rentree: String,
    department: &'a str,
    /// The day that is compared with.
    before: Option<String>,
    report: &'static str,
    sheets: &'a [Sheet],
}

/// What is told of an establishment.
#[derive(Debug)]
struct Sheet {
    uai: String,
    name: String,
    kind: String,
    /// `None` when it is secret.
    students: Option<String>,
    enrolments: Option<String>,
    change: Option<String>,
    last_feed: Option<String>,
    parts: Vec<Part>,
}

/// How its students are split by one dimension.
#[derive(Debug)]
struct Part {
    heading: &'static str,
    rows: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    label: &'static str,
    students: Option<String>,
    share: Option<String>,
}

/// The pages, and their files.
pub(super) fn pages(snapshot: &Snapshot) -> Result<(Vec<Page>, Vec<File>), FormatError> {
    let mut departments: BTreeMap<(&str, &str), Vec<Sheet>> = BTreeMap::new();
    for sheet in sheets(snapshot) {
        let department = Uai::parse(&sheet.uai).ok().and_then(territory::of_uai);
        let key = department.map_or((UNKNOWN, "Autres"), |one| (one.code, one.name));
        departments.entry(key).or_default().push(sheet);
    }
    let (mut pages, mut files) = (Vec::new(), Vec::new());
    for ((code, name), mut sheets) in departments {
        sheets.sort_by(|one, other| (&one.name, &one.uai).cmp(&(&other.name, &other.uai)));
        let department = if code == UNKNOWN { name.to_owned() } else { format!("{name} ({code})") };
        let page = SheetsPage {
            date: long_date(snapshot.date),
            rentree: snapshot.year.to_string(),
            department: &department,
            before: snapshot.year_before.as_ref().map(|before| long_date(before.date)),
            report: REPORT,
            sheets: &sheets,
        };
        let content = page.render().map_err(|_| FormatError::Html)?;
        let file = format!("fiches-{code}.html");
        pages.push(Page { file: file.clone(), department, establishments: sheets.len() });
        files.push(File { name: file, media_type: HTML, content: content.into_bytes() });
    }
    Ok((pages, files))
}

fn sheets(snapshot: &Snapshot) -> Vec<Sheet> {
    let now = by_establishment(&snapshot.tables);
    let before = snapshot.year_before.as_ref();
    let before = before.map(|before| coverage::students(&before.tables)).unwrap_or_default();
    let fed: HashMap<&str, String> = snapshot
        .coverage
        .iter()
        .filter_map(|one| Some((one.uai.as_str(), long_date(one.last_feed?))))
        .collect();
    let sheet = |(uai, rows): (&str, Rows<'_>)| {
        let own = rows.0[0].iter().find(|row| row.codes.last().is_some_and(|code| code == ALL))?;
        let [_, name, kind, _] = &own.codes[..] else { return None };
        let then = before.get(uai).copied();
        let (students, enrolments) = match own.told {
            Told::Counts { students, enrolments } => (Some(students), enrolments),
            Told::Secret => (None, None),
        };
        Some(Sheet {
            uai: uai.to_owned(),
            name: name.clone(),
            kind: words("type", kind).to_owned(),
            students: students.map(grouped),
            enrolments: enrolments.map(grouped),
            change: students.zip(then).and_then(|(now, then)| change(now, then)),
            last_feed: fed.get(uai).cloned(),
            parts: SPLITS
                .iter()
                .zip(&rows.0)
                .filter_map(|(split, rows)| part(split, rows, students))
                .collect(),
        })
    };
    now.into_iter().filter_map(sheet).collect()
}

fn part(split: &Split, rows: &[&Row], students: Option<i64>) -> Option<Part> {
    let line = |code: &&'static str| {
        let row = rows.iter().find(|row| row.codes.last().is_some_and(|own| own == code))?;
        let count = row.told.students();
        // Nobody is left out: what isn't there is zero.
        (count != Some(0)).then(|| Line {
            label: words(split.column, code),
            students: count.map(grouped),
            share: count.zip(students).and_then(|(count, all)| share(count, all)),
        })
    };
    let rows: Vec<Line> = split.order.iter().filter_map(line).collect();
    (!rows.is_empty()).then_some(Part { heading: split.heading, rows })
}

/// The rows of an establishment in each of the tables of [`SPLITS`].
#[derive(Debug, Default)]
struct Rows<'a>([Vec<&'a Row>; SPLITS.len()]);

fn by_establishment(tables: &PublishedRows) -> BTreeMap<&str, Rows<'_>> {
    let mut all: BTreeMap<&str, Rows<'_>> = BTreeMap::new();
    for (table, rows) in tables {
        let Some(at) = SPLITS.iter().position(|one| one.table == table.name) else { continue };
        for row in rows {
            if let Some(uai) = row.codes.first() {
                all.entry(uai).or_default().0[at].push(row);
            }
        }
    }
    all
}
