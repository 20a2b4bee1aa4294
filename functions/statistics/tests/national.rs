//! Disclosure control at the size of the country: 2.4 million students of 3,580 establishments.
//!
//! `cargo test --workspace --test national_statistics -- --ignored --nocapture`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![allow(clippy::print_stdout, reason = "a measurement")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "sizes that are drawn"
)]

mod country;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use fastrand::Rng;
use jiff::civil::{Date, date};
use shared::domain::academic_year::AcademicYear;
use shared::domain::territory;
use shared::domain::uai::Uai;
use statistics::audit::{AuditError, audit, read_tables};
use statistics::dimensions::EVERYBODY;
use statistics::disclosure::moves::Movable as _;
use statistics::disclosure::protect;
use statistics::disclosure::system::{Cell, State, System};
use statistics::outputs::{MANIFEST, Manifest, files};
use statistics::snapshot::{Coverage, Previous, PublishedRows, Snapshot, YearBefore};
use statistics::tables::cells::Cube;
use statistics::tables::flows::Flows;
use statistics::tables::moves::Moves;
use statistics::tables::published::{Row, Told};
use statistics::tables::shape::Thresholds;
use statistics::tables::tally::Tally;

use country::{School, country, fact, nomenclature, schools};

const OCTOBER: Date = date(2026, 10, 20);
const JANUARY: Date = date(2027, 1, 15);
const THRESHOLDS: Thresholds = Thresholds { plain: 5, personal: 11 };

/// The most memory that the process had, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1024
}

fn protected(day: Date, tally: Tally, previous: Option<&Previous>) -> Snapshot {
    let year = AcademicYear::parse("2026-2027").unwrap();
    let started = Instant::now();
    let snapshot = Snapshot::of((day, year), tally, THRESHOLDS, previous, Vec::new());
    println!(
        "protected in {:.1} s, {} MB: {:?}",
        started.elapsed().as_secs_f64(),
        peak(),
        snapshot.protection
    );
    assert!(snapshot.protection.proved);
    snapshot
}

/// What is in the files of a snapshot.
fn read(snapshot: &Snapshot) -> (Manifest, PublishedRows) {
    let files: HashMap<String, Vec<u8>> =
        files(snapshot, None).unwrap().into_iter().map(|file| (file.name, file.content)).collect();
    let manifest: Manifest = serde_json::from_slice(&files[MANIFEST]).unwrap();
    let tables = read_tables(&manifest, &files).unwrap();
    (manifest, tables)
}

fn proved(snapshot: &Snapshot, previous: Option<&PublishedRows>) -> (Manifest, PublishedRows) {
    let (manifest, tables) = read(snapshot);
    let started = Instant::now();
    let audited = audit(&manifest, &tables, previous);
    println!("audited in {:.1} s: {audited:?}", started.elapsed().as_secs_f64());
    assert!(audited.is_ok(), "{audited:?}");
    (manifest, tables)
}

/// A snapshot of students of these many universities, proved from its files.
fn universities(count: usize, students: usize) -> Snapshot {
    let mut rng = Rng::with_seed(7);
    let schools: Vec<School> = schools(&mut rng, 0.1).into_iter().take(count).collect();
    let mut tally = Tally::new(nomenclature(&schools));
    for school in &schools {
        for _ in 0..students {
            tally.add(&fact(&mut rng, &schools, school));
        }
    }
    let snapshot = protected(OCTOBER, tally, None);
    proved(&snapshot, None);
    snapshot
}

/// Writes the files of a snapshot where `cargo local test` has other programs read them.
fn written(name: &str, snapshot: &Snapshot) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("snapshots").join(name);
    std::fs::create_dir_all(&directory).unwrap();
    for file in files(snapshot, None).unwrap() {
        std::fs::write(directory.join(&file.name), &file.content).unwrap();
    }
}

/// Terms of a sum in that format at most.
const LONGEST: usize = 200;

/// A system in the format of τ-Argus (JJ): each cell with its count, its cost, whether it is to be protected
/// (`u`), hidden for others (`m`) or told (`s`), what is known of it at least and at most, and how wide it
/// has to stay; then each sum.
fn as_jj(system: &System) -> String {
    let most = system.cells.iter().map(|cell| cell.value).max().unwrap_or_default();
    let status = |cell: &Cell| match cell.state {
        State::Published => 's',
        _ if cell.sensitive && cell.people > 0 => 'u',
        State::Hidden | State::Latent | State::Dropped => 'm',
    };
    // It reads no line longer than four kilobytes, so a long sum is one of sums that nobody is told.
    let (mut partial, mut sums) = (Vec::new(), Vec::new());
    for equation in &system.equations {
        let mut sum = vec![(equation.total, -1)];
        for parts in equation.parts.chunks(LONGEST) {
            let mut terms: Vec<(usize, i64)> = parts.iter().map(|part| (*part, 1)).collect();
            if parts.len() < equation.parts.len() {
                let next = system.cells.len() + partial.len();
                partial.push(parts.iter().map(|part| system.cells[*part].value).sum::<i64>());
                terms.push((next, -1));
                sums.push(std::mem::replace(&mut terms, vec![(next, 1)]));
            }
            sum.append(&mut terms);
        }
        sums.push(sum);
    }
    let mut jj = format!("0\n{}\n", system.cells.len() + partial.len());
    for (at, cell) in system.cells.iter().enumerate() {
        let (value, status, least, wide) = (cell.value, status(cell), cell.least(), cell.gap);
        writeln!(jj, "{at} {value} 1 {status} {least} {most} 0 0 {wide}").unwrap();
    }
    for (at, value) in (system.cells.len()..).zip(&partial) {
        writeln!(jj, "{at} {value} 1 m 0 {most} 0 0 0").unwrap();
    }
    writeln!(jj, "{}", sums.len()).unwrap();
    for sum in sums {
        write!(jj, "0 {} :", sum.len()).unwrap();
        for (cell, sign) in sum {
            write!(jj, " {cell} ({sign})").unwrap();
        }
        writeln!(jj).unwrap();
    }
    jj
}

/// τ-Argus audits the cells of all tables as one system, as we do, with a solver of its own.
#[test]
fn a_protected_system_is_written_for_another_auditor() {
    let mut rng = Rng::with_seed(7);
    let drawn: Vec<School> = schools(&mut rng, 0.1).into_iter().take(3).collect();
    let mut tally = Tally::new(nomenclature(&drawn));
    for school in &drawn {
        for _ in 0..400 {
            tally.add(&fact(&mut rng, &drawn, school));
        }
    }
    let cube = Cube::of(tally);
    let mut system = cube.system(THRESHOLDS);
    assert!(protect(&mut system, &Moves::of(&cube)).proved);
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("systems");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("universities.jj"), as_jj(&system)).unwrap();
}

#[test]
fn an_empty_register_makes_a_valid_snapshot() {
    let snapshot = universities(0, 0);
    assert_eq!(snapshot.students, 0);
    let rows: Vec<&Row> = snapshot.tables.iter().flat_map(|(_, rows)| rows).collect();
    let nobody = Told::Counts { students: 0, enrolments: Some(0) };
    assert!(rows.iter().all(|row| row.told == nobody), "{rows:?}");
    written("empty", &snapshot);
}

/// Counts that are published.
fn published(snapshot: &Snapshot) -> usize {
    snapshot.tables.iter().flat_map(|(_, rows)| rows).filter(|row| row.told != Told::Secret).count()
}

#[test]
fn one_university_is_protected_and_proved() {
    let snapshot = universities(1, 600);
    assert_eq!(snapshot.students, 600);
    assert!(published(&snapshot) > 150, "{}", published(&snapshot));
    written("university", &snapshot);
}

#[test]
fn fifty_thousand_students_are_protected_in_a_second_or_so() {
    let started = Instant::now();
    let snapshot = universities(1, 50_000);
    println!("{:.1} s", started.elapsed().as_secs_f64());
    assert!(published(&snapshot) > 2_000, "{}", published(&snapshot));
}

/// What readers are told adds up, and asks for nothing from elsewhere.
#[test]
fn the_report_tells_the_headcount_and_has_a_table_for_each_chart() {
    let snapshot = universities(1, 600);
    let files = files(&snapshot, None).unwrap();
    let page = files.iter().find(|file| file.name == "rapport.html").unwrap();
    let page = std::str::from_utf8(&page.content).unwrap();
    assert!(page.contains("<h1>Étudiants au 20 octobre 2026</h1>"));
    assert!(page.contains("<span class=\"number\">600</span>"));
    for chart in ["academies", "types", "cursus", "regimes", "statuts", "sexes", "ages"] {
        assert_eq!(page.matches(&format!("<h2 id=\"{chart}\">")).count(), 1, "{chart}");
    }
    assert_eq!(page.matches("<table>").count(), 7);
    for from_elsewhere in ["http:", "https:", "<script", "@import", "src="] {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
    // Each file that the page names is beside it.
    for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let known = files.iter().any(|file| file.name == link);
        assert!(link.starts_with('#') || known, "{link}");
    }
}

/// Readers compare with the year before, and find each establishment on the page of its département.
#[test]
fn the_report_compares_with_the_year_before_and_leads_to_each_establishment() {
    let (mut snapshot, then) = (universities(2, 400), universities(1, 500));
    let (_, tables) = read(&then);
    let (_, rows) = &snapshot.tables[0];
    let uais: BTreeSet<Uai> = rows.iter().map(|row| Uai::parse(&row.codes[0]).unwrap()).collect();
    let covered = |uai| Coverage { uai, name: "Établissement".into(), last_feed: Some(OCTOBER) };
    snapshot.coverage = uais.into_iter().map(covered).collect();
    snapshot.year_before = Some(YearBefore { date: date(2025, 10, 20), tables });
    let files = files(&snapshot, None).unwrap();
    let text = |name: &str| {
        let file = files.iter().find(|file| file.name == name).unwrap();
        std::str::from_utf8(&file.content).unwrap().to_owned()
    };
    let page = text("rapport.html");
    assert!(page.contains("<span class=\"number\">+60,0\u{202f}%</span>"));
    assert!(page.contains("Le 20 octobre 2025 il y en avait 500."));
    assert!(page.contains("<th scope=\"col\" class=\"count\">Sur un an</th>"));
    let (_, rows) = &snapshot.tables[0];
    let establishments: BTreeSet<&str> = rows.iter().map(|row| row.codes[0].as_str()).collect();
    let sheets: Vec<_> = files.iter().filter(|file| file.name.starts_with("fiches-")).collect();
    for uai in &establishments {
        let heading = format!("<h2 id=\"{uai}\">");
        let pages = sheets.iter().map(|file| std::str::from_utf8(&file.content).unwrap());
        assert_eq!(pages.map(|page| page.matches(&heading).count()).sum::<usize>(), 1, "{uai}");
    }
    let all: String = sheets.iter().map(|file| text(&file.name)).collect();
    for row in rows.iter().filter(|row| row.codes[3] == "ensemble") {
        let students = row.told.students().unwrap();
        assert!(all.contains(&format!("<strong>{students}</strong> étudiants")), "{all}");
    }
    // Some 400 of the 500 that one of them had, and nothing was expected of the other.
    let covered = text("couverture.csv");
    let shares: Vec<&str> =
        covered.lines().skip(1).map(|line| line.split(';').nth(3).unwrap()).collect();
    assert_eq!(shares, ["80", ""], "{covered}");
    // One of them was there a year before, with more.
    assert_eq!(all.matches("\u{202f}% depuis le 20 octobre 2025").count(), 1, "{all}");
    for file in &sheets {
        assert!(page.contains(&format!("href=\"{}\"", file.name)), "{}", file.name);
    }
}

/// What proofs without a solver are made of.
#[test]
fn people_who_move_change_a_cell_by_one_and_no_sum() {
    let mut rng = Rng::with_seed(31);
    let schools: Vec<School> = schools(&mut rng, 0.1).into_iter().take(12).collect();
    let mut tally = Tally::new(nomenclature(&schools));
    for school in &schools {
        for _ in 0..60 {
            tally.add(&fact(&mut rng, &schools, school));
        }
    }
    let cube = Cube::of(tally);
    let system = cube.system(THRESHOLDS);
    let moves = Moves::of(&cube);
    let mut without = 0;
    for cell in 0..system.cells.len() {
        let Some(change) = moves.cheapest(cell, &|_, _| Some(0)) else {
            without += 1;
            continue;
        };
        assert_eq!(change.get(&cell), Some(&1));
        for equation in &system.equations {
            let by = |cell: usize| change.get(&cell).map_or(0, |by| by * equation.sign(cell));
            assert_eq!(equation.cells().map(by).sum::<i64>(), 0);
        }
    }
    println!("{without} of {} cells can't move", system.cells.len());
    // Nobody moves out of the country.
    assert_eq!(moves.cheapest(cube.places[&EVERYBODY], &|_, _| Some(0)), None);
    assert!(without * 20 < system.cells.len(), "{without}");
}

/// Who moved to another académie, of each that readers can compute it for.
fn moved_away(before: &PublishedRows, now: &PublishedRows) -> Vec<i64> {
    let count = |tables: &PublishedRows, table: &str, codes: &[&str]| {
        let (_, rows) = tables.iter().find(|(one, _)| one.name == table)?;
        // A name comes after the code of the académie.
        let is_it = |row: &&Row| {
            let own = row.codes.iter().enumerate().filter(|(at, _)| *at != 1);
            own.map(|(_, code)| code).eq(codes)
        };
        rows.iter().find(is_it)?.told.students()
    };
    let academies = territory::departments().map(|one| one.academy).collect::<BTreeSet<_>>();
    let moved = |academy: &str| {
        let then = count(before, "territoire_academie", &[academy, "ensemble", "ensemble"])?;
        let stayed = count(now, "flux", &[academy, "reste"])?;
        Some(then - stayed - count(now, "flux", &[academy, "parti"])?)
    };
    academies.into_iter().filter_map(moved).collect()
}

/// Few people in many places: harder than its size. In the second snapshot, most of what is hidden
/// has changed by few since the first.
#[test]
fn two_snapshots_of_a_sparse_country_are_protected_and_proved_from_their_files() {
    let [october, january] = country(0.02);
    let flows = Flows::between(&october.whereabouts, &january.whereabouts);
    let snapshot = protected(OCTOBER, october.tally, None);
    assert!(published(&snapshot) > 4_500, "{}", published(&snapshot));
    let (first, tables) = proved(&snapshot, None);
    written("first", &snapshot);
    let previous = Previous { date: first.date, tables, flows: Some(flows) };
    let snapshot = protected(JANUARY, january.tally, Some(&previous));
    let tables = previous.tables;
    assert!(published(&snapshot) > 2_500, "{}", published(&snapshot));
    let (second, later) = proved(&snapshot, Some(&tables));
    assert_eq!(second.previous, Some(OCTOBER));
    written("second", &snapshot);

    // Who moved away is in no table, and no subtraction says that they are few.
    let moved = moved_away(&tables, &later);
    assert!(!moved.is_empty() && !moved.iter().any(|moved| (1..5).contains(moved)), "{moved:?}");

    // A count of before that the second keeps secret is refused when it is told after all.
    let mut told = later;
    let (rows, before) = (&mut told[0].1, &tables[0].1);
    let secret = rows.iter_mut().find_map(|row| {
        let before = before.iter().find(|before| before.codes == row.codes)?;
        (row.told == Told::Secret && before.told != Told::Secret).then_some((row, before.told))
    });
    let (row, before) = secret.unwrap();
    row.told = match before {
        Told::Counts { students, enrolments } => {
            Told::Counts { students: students + 1, enrolments }
        }
        Told::Secret => unreachable!("it was told before"),
    };
    assert_eq!(audit(&second, &told, Some(&tables)), Err(AuditError::Changes(1)));
}

/// Its files aren't proved from themselves here: whether it ends in an hour isn't known.
#[test]
#[ignore = "minutes: cargo test --workspace --test national_statistics the_country -- --ignored --nocapture"]
fn the_country_is_protected_in_half_a_gigabyte() {
    let [october, _] = country(1.0);
    let snapshot = protected(OCTOBER, october.tally, None);
    assert!(published(&snapshot) > 30_000, "{}", published(&snapshot));
    assert!(peak() < 512, "{} MB", peak());
}

#[test]
#[ignore = "minutes: cargo test --workspace --test national_statistics a_second -- --ignored --nocapture"]
fn a_second_snapshot_of_the_country_is_protected_with_the_first() {
    let [october, january] = country(1.0);
    let flows = Some(Flows::between(&october.whereabouts, &january.whereabouts));
    let (first, tables) = read(&protected(OCTOBER, october.tally, None));
    let previous = Previous { date: first.date, tables, flows };
    protected(JANUARY, january.tally, Some(&previous));
}
