//! The report of a snapshot, for readers: one page that asks for nothing but itself, and reads on a
//! phone, on paper and aloud. Each chart is its own table: a bar beside each number.

mod chart;
mod figures;
mod map;
mod sheets;

use askama::Template;
use jiff::civil::Date;

use self::chart::{About, Chart};
use self::figures::{change, everybody, grouped, long_date};
use self::map::Map;
use self::sheets::Page as Sheets;
use super::File;
use super::text::FormatError;
use crate::dimensions::{AGES, ALL, CURSUS, Flow, KINDS, REGIMES, SEXES, STATUSES};
use crate::snapshot::Snapshot;

/// Its name within the snapshot.
pub const NAME: &str = "rapport.html";
const HTML: &str = "text/html; charset=utf-8";

#[derive(Template)]
#[template(path = "rapport.html")]
struct Page<'a> {
    date: String,
    day: Date,
    rentree: String,
    students: String,
    enrolments: Option<String>,
    establishments: String,
    fed: String,
    plain: i64,
    personal: i64,
    previous: Option<String>,
    before: Option<Before>,
    map: Option<Map>,
    charts: Vec<Chart>,
    sheets: Vec<Sheets>,
    tables: Vec<(&'a str, &'a str)>,
}

/// The same date a year before.
struct Before {
    date: String,
    students: String,
    change: Option<String>,
}

/// The page of a snapshot, and the sheets that it leads to.
pub(super) fn report(snapshot: &Snapshot) -> Result<Vec<File>, FormatError> {
    let (sheets, mut files) = sheets::pages(snapshot)?;
    let fed = snapshot.coverage.iter().filter(|one| one.last_feed.is_some()).count();
    let page = Page {
        date: long_date(snapshot.date),
        day: snapshot.date,
        rentree: snapshot.year.to_string(),
        students: grouped(snapshot.students),
        enrolments: everybody(&snapshot.tables).and_then(|(_, enrolments)| enrolments).map(grouped),
        establishments: figures::count(snapshot.coverage.len()),
        fed: figures::count(fed),
        plain: snapshot.thresholds.plain,
        personal: snapshot.thresholds.personal,
        previous: snapshot.compared().map(long_date),
        before: snapshot.year_before.as_ref().and_then(|before| {
            let (students, _) = everybody(&before.tables)?;
            Some(Before {
                date: long_date(before.date),
                students: grouped(students),
                change: change(snapshot.students, students),
            })
        }),
        map: Map::of(snapshot),
        charts: charts(snapshot),
        sheets,
        tables: snapshot.tables.iter().map(|(table, _)| (table.name, table.title)).collect(),
    };
    let content = page.render().map_err(|_| FormatError::Html)?;
    files.push(File { name: NAME.to_owned(), media_type: HTML, content: content.into_bytes() });
    Ok(files)
}

/// What is told of everybody, by one dimension after the other.
fn charts(snapshot: &Snapshot) -> Vec<Chart> {
    let charts = [
        Chart::ranked(
            snapshot,
            About {
                id: "academies",
                title: "Par académie",
                heading: "Académie",
                definition: "Académie de la commune où l'inscription principale se déroule.".into(),
            },
            ("territoire_academie", "academie"),
            &[("type", ALL), ("cursus", ALL)],
        ),
        Chart::ordered(
            snapshot,
            About {
                id: "types",
                title: "Par type d'établissement",
                heading: "Type",
                definition: "Établissement de l'inscription principale.".into(),
            },
            ("territoire_pays", "type"),
            &[("cursus", ALL)],
            &KINDS,
        ),
        Chart::ordered(
            snapshot,
            About {
                id: "cursus",
                title: "Par cursus",
                heading: "Cursus",
                definition: "Licence, master ou doctorat, comme l'établissement l'a dit.".into(),
            },
            ("territoire_pays", "cursus"),
            &[("type", ALL)],
            &CURSUS,
        ),
        Chart::ordered(
            snapshot,
            About {
                id: "regimes",
                title: "Par régime d'inscription",
                heading: "Régime",
                definition: "Formation initiale, alternance (apprentissage et contrat de \
                             professionnalisation) ou formation continue."
                    .into(),
            },
            ("regime_academie", "groupe"),
            &[("academie", ALL), ("regime", ALL)],
            &REGIMES.map(|(group, _)| group),
        ),
        Chart::ordered(
            snapshot,
            About {
                id: "statuts",
                title: "Admis et inscrits",
                heading: "Statut",
                definition:
                    "Un étudiant est inscrit quand il a réglé ses droits, ou en est exonéré.".into(),
            },
            ("statut", "statut"),
            &[("academie", ALL)],
            &STATUSES,
        ),
        Chart::ordered(
            snapshot,
            About {
                id: "sexes",
                title: "Par sexe",
                heading: "Sexe",
                definition: "Sexe de l'état civil.".into(),
            },
            ("age_sexe", "sexe"),
            &[("academie", ALL), ("age", ALL)],
            &SEXES,
        ),
        Chart::ordered(
            snapshot,
            About {
                id: "ages",
                title: "Par âge",
                heading: "Âge",
                definition: "Âge atteint dans l'année de la rentrée.".into(),
            },
            ("age_sexe", "age"),
            &[("academie", ALL), ("sexe", ALL)],
            &AGES,
        ),
        flows(snapshot),
    ];
    charts.into_iter().flatten().collect()
}

/// What became of students since the snapshot before, if there is one.
fn flows(snapshot: &Snapshot) -> Option<Chart> {
    let since = long_date(snapshot.previous?);
    let definition = format!(
        "Depuis l'état du {since}. Les nouveaux n'étaient comptés nulle part alors, ce qui n'en fait pas de \
         nouveaux bacheliers ; ceux qui sont partis ne sont plus comptés, et ne sont pas de l'effectif."
    );
    Chart::ordered(
        snapshot,
        About {
            id: "flux",
            title: "Nouveaux, venus, restés, partis",
            heading: "Flux",
            definition: definition.into(),
        },
        ("flux", "flux"),
        &[("academie", ALL)],
        &Flow::TOLD.map(Flow::code),
    )
}
