//! Deduplication over a labelled file of records, to be judged as `cargo local match` is (docs/identity.md): the real
//! handler, one record at a time, without INES.
//!
//! `JUDGED_RECORDS=records.csv JUDGED_OUT=out cargo test --workspace --test simulation judged -- --ignored --nocapture`
//! writes, in the directory `out`:
//!
//! - `entities.csv` and `review.csv`, the students and the open cases: who waits is a student as well;
//! - `engine-entities.csv` and `engine-review.csv`, the same from the engine alone over the same declarations. They have one
//!   birthplace, as a row of a file does, where `cargo local match` reads a code, a name and a country, and lack what no
//!   reader of files accepts.
#![allow(clippy::print_stdout, reason = "a measurement")]

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use csv::{StringRecord, Writer};
use deduplication::handler;
use jiff::Timestamp;
use jiff::civil::date;
use shared::contract::pointer::Pointer;
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::commune::CommuneCode;
use shared::domain::enrolment::{Declaration, Enrolment, Person};
use shared::domain::ine::Ine;
use shared::domain::name::PersonName;
use shared::domain::place_name::PlaceName;
use shared::domain::regime::Regime;
use shared::domain::sex::Sex;
use shared::domain::status::Status;
use shared::domain::uai::Uai;
use shared::identity::digest::{DigestKey, RecordId};
use shared::identity::engine::blocking::Blocking;
use shared::identity::engine::person::Person as Compared;
use shared::identity::engine::register::{RecordNumber, Register};
use shared::identity::review::{Question, State};
use shared::identity::student::{RecordVersion, Student, StudentId};

use crate::people::Statement;
use crate::world::{Cost, Process, Sim};

/// One row, if a reader of files accepts it.
struct Row {
    name: String,
    id: RecordId,
    declaration: Option<Declaration>,
}

#[test]
#[ignore = "a measurement over a labelled set"]
fn judged() {
    let [records, out] = ["JUDGED_RECORDS", "JUDGED_OUT"].map(|name| std::env::var(name).expect(name));
    let (rows, out) = (read(Path::new(&records)), Path::new(&out));
    std::fs::create_dir_all(out).unwrap();
    through_deduplication(&rows, out);
    through_the_engine(&rows, out);
}

fn read(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let heading = reader.headers().unwrap().clone();
    let key = DigestKey::new("1".into(), "records".to_owned().into());
    let row = |(number, row): (usize, Result<StringRecord, csv::Error>)| {
        let row = row.unwrap();
        let cell = |name| heading.iter().position(|column| column == name).and_then(|at| row.get(at)).unwrap_or("");
        let declaration = declaration(number, cell);
        // A row that is rejected is a student of its own.
        let id = match &declaration {
            Some(declaration) => RecordId::of(&key, declaration),
            None => RecordId::parse(&format!("0.{number:032x}")).unwrap(),
        };
        Row { name: cell("record_id").to_owned(), id, declaration }
    };
    reader.records().enumerate().map(row).collect()
}

fn declaration<'a>(number: usize, cell: impl Fn(&'static str) -> &'a str) -> Option<Declaration> {
    let (lieu_naissance, libelle_naissance) = birthplace(&cell);
    let others = cell("autres_prenoms").split_whitespace().filter_map(|name| PersonName::parse(name).ok());
    let identity = CivilIdentity {
        nom_famille: PersonName::parse(cell("nom_naissance")).ok()?,
        nom_usage: PersonName::parse(cell("nom_usage")).ok(),
        prenom1: PersonName::parse(cell("prenom1")).ok()?,
        autres_prenoms: others.collect(),
        sexe: Sex::parse_forgiving(cell("sexe")).ok()?,
        date_naissance: BirthDate::parse(cell("date_naissance")).ok()?,
        lieu_naissance,
        libelle_naissance,
    };
    let year: i16 = cell("annee").parse().ok()?;
    Some(Declaration {
        ine: Ine::parse(cell("ine")).ok(),
        numero_etudiant: None,
        identite: Person::Civil(identity),
        inscription: Enrolment {
            date_debut: date(year, 9, 1),
            date_fin: date(year + 1, 8, 31),
            statut: Status::Inscrit,
            regime: Regime::FormationInitiale,
            code_commune: CommuneCode::parse("75113").ok()?,
            code_commune_brut: None,
            uai: Uai::parse(cell("uai")).ok()?,
            nom_etablissement: "UNIVERSITE".into(),
            cursus: None,
            // Each record of the set is a record here, whoever it names: no set has student numbers, which are evidence.
            diplome: Some(number.to_string()),
            niveau_diplome: None,
        },
    })
}

/// The birthplace as a reader of files has it: the code of a commune or of a country, else the code of the only commune
/// of a name, else the name.
fn birthplace<'a>(cell: impl Fn(&'static str) -> &'a str) -> (Option<CommuneCode>, Option<PlaceName>) {
    let country = CommuneCode::parse(cell("code_pays_naissance")).ok().filter(|country| country.as_str() != "99100");
    let code = CommuneCode::parse(cell("code_commune_naissance")).ok().or(country);
    let name = PlaceName::parse(cell("libelle_naissance")).ok().filter(|_| code.is_none());
    match name.as_ref().and_then(PlaceName::only_commune) {
        Some(only) => (Some(only), None),
        None => (code, name.filter(PlaceName::is_a_communes)),
    }
}

fn through_deduplication(rows: &[Row], out: &Path) {
    let sim = Sim::new(0, None);
    let mut costs: Vec<Cost> = Vec::new();
    let (mut messages, mut rejected) = (0_u64, 0_u64);
    for (row, line) in rows.iter().zip(2..) {
        let Some(declaration) = &row.declaration else {
            rejected += 1;
            continue;
        };
        let version = RecordVersion::new(Timestamp::UNIX_EPOCH, "", "import", line);
        sim.say(&Statement { record: row.id.clone(), version, declaration: declaration.clone() });
        let mut cost = follow(&sim, &Pointer::Record(row.id.clone()));
        loop {
            let next = sim.queue.borrow_mut().pop();
            let Some(message) = next else { break };
            messages += 1;
            let more = follow(&sim, &message.pointer);
            cost.reads += more.reads;
            cost.writes += more.writes;
            cost.checks += more.checks;
        }
        costs.push(cost);
        sim.trace.borrow_mut().clear();
    }
    let tell = |name: &str, of: fn(&Cost) -> usize| {
        let mut each: Vec<usize> = costs.iter().map(of).collect();
        each.sort_unstable();
        let at = |share: usize| each[(each.len() - 1) * share / 1000];
        let hundredths = each.iter().sum::<usize>() * 100 / each.len();
        println!(
            "{name}: {}.{:02} a record, 99 % {}, 99.9 % {}, at most {}",
            hundredths / 100,
            hundredths % 100,
            at(990),
            at(999),
            at(1000)
        );
    };
    tell("reads", |cost| cost.reads);
    tell("writes", |cost| cost.writes);
    tell("condition checks", |cost| cost.checks);
    println!("{} records, {rejected} more rejected, {messages} looked at again", costs.len());
    write_students(&sim, rows, out);
}

/// Follows a pointer with everything it calls answered at once.
fn follow(sim: &Rc<Sim>, pointer: &Pointer) -> Cost {
    let mut cost = Cost::default();
    sim.alone(handler::follow(&Process::new(Rc::clone(sim), 0), pointer), &mut cost).unwrap();
    cost
}

fn write_students(sim: &Sim, rows: &[Row], out: &Path) {
    let tables = sim.tables();
    let names: BTreeMap<&RecordId, &str> = rows.iter().map(|row| (&row.id, row.name.as_str())).collect();
    let students: BTreeMap<&RecordId, StudentId> =
        tables.edges.iter().flat_map(|(student, own)| own.keys().map(|record| (record, *student))).collect();
    let mut entities = file(out, "entities.csv", ["record_id", "entity_id"]);
    for row in rows {
        let student = students.get(&row.id).map_or_else(|| row.name.clone(), ToString::to_string);
        entities.write_record([&row.name, &student]).unwrap();
    }
    let records = |student: StudentId| -> Vec<&str> {
        let student = tables.student(student);
        student.iter().flat_map(Student::edges).map(|edge| names[&edge.record]).collect()
    };
    let mut review = file(out, "review.csv", ["record_id_a", "record_id_b"]);
    let (mut attachments, mut duplicates, mut homonyms) = (0, 0, 0);
    for case in tables.cases.values().filter(|case| case.state == State::Open) {
        let pairs: Vec<(StudentId, StudentId)> = match &case.question {
            Question::Attachment { record, near, .. } => {
                attachments += 1;
                homonyms += usize::from(near.len() > 1);
                near.iter().map(|near| (students[record], near.side.student)).collect()
            }
            Question::Duplicate { sides: [one, other], .. } => {
                duplicates += 1;
                vec![(one.student, other.student)]
            }
            Question::Dispute { .. } => Vec::new(),
        };
        for (one, other) in pairs {
            for (a, b) in records(one).iter().flat_map(|a| records(other).into_iter().map(move |b| (*a, b))) {
                if a != b {
                    review.write_record([a, b]).unwrap();
                }
            }
        }
    }
    println!("{attachments} attachments to decide ({homonyms} among several), {duplicates} duplicates");
}

fn through_the_engine(rows: &[Row], out: &Path) {
    let mut register = Register::new(Blocking::new(&"blocking".to_owned().into()));
    let mut names: Vec<&str> = Vec::new();
    let mut entities = file(out, "engine-entities.csv", ["record_id", "entity_id"]);
    for row in rows {
        let Some(Declaration { ine, identite: Person::Civil(identity), .. }) = &row.declaration else {
            entities.write_record([&row.name, &row.name]).unwrap();
            continue;
        };
        register.add(Compared::of(identity, ine.as_ref()), |_| {});
        names.push(&row.name);
    }
    for (name, number) in names.iter().zip(0..) {
        let student = register.student_of(RecordNumber(number));
        entities.write_record([name, names[student.0 as usize]]).unwrap();
    }
    let mut review = file(out, "engine-review.csv", ["record_id_a", "record_id_b"]);
    for (one, other) in register.review() {
        review.write_record([names[one.0 as usize], names[other.0 as usize]]).unwrap();
    }
}

fn file(out: &Path, name: &str, heading: [&str; 2]) -> Writer<std::fs::File> {
    let mut file = Writer::from_path(out.join(name)).unwrap();
    file.write_record(heading).unwrap();
    file
}
