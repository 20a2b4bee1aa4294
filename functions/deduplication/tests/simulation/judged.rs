//! Deduplication over a labelled set, judged as `cargo local match` is (docs/identity.md): the real
//! handler, one record at a time, without INES.
//!
//! `LABELLED_SET=DIR cargo test --workspace --test simulation judged -- --ignored --nocapture`
//! prints what a record costs, and how students and open cases stand beside what the engine alone
//! makes of the same declarations: who waits is a student as well. Declarations have one
//! birthplace, as a row of a file does, where `cargo local match` reads a code, a name and a
//! country, and lack what no reader of files accepts.
#![allow(clippy::print_stdout, reason = "a measurement")]

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use deduplication::handler;
use evaluation::declared;
use evaluation::linkage::Linkage;
use evaluation::resolution::{Resolution, Share};
use evaluation::set::{LabelledSet, Record};
use evaluation::tables::table;
use jiff::Timestamp;
use jiff::civil::date;
use shared::contract::pointer::Pointer;
use shared::domain::commune::CommuneCode;
use shared::domain::enrolment::{Declaration, Enrolment, StatedPerson, Unsaid};
use shared::domain::ine::Ine;
use shared::domain::regime::Regime;
use shared::domain::status::Status;
use shared::domain::uai::Uai;
use shared::identity::digest::{DigestKey, RecordId};
use shared::identity::engine::blocking::Blocking;
use shared::identity::engine::person::ComparedPerson;
use shared::identity::engine::register::{RecordNumber, Register};
use shared::identity::review::{CaseQuestion, State};
use shared::identity::student::{RecordVersion, Student, StudentId};

use crate::people::Statement;
use crate::world::{Cost, Process, Sim};

/// One record, if a reader of files accepts it.
struct Row<'a> {
    name: &'a str,
    id: RecordId,
    declaration: Option<Declaration>,
}

#[test]
#[ignore = "a measurement over a labelled set"]
fn judged() {
    let directory = std::env::var("LABELLED_SET").expect("LABELLED_SET names a labelled set");
    let set = LabelledSet::read(Path::new(&directory)).unwrap();
    let rows = read(&set);
    let decided = [through_deduplication(&set, &rows), through_the_engine(&set, &rows)];
    let accepts =
        |record: &Record| rows[set.number(&record.record_id).unwrap()].declaration.is_some();
    let accepted = |linkage: &Linkage| {
        Resolution::of(&set, linkage, |one, other| accepts(one) && accepts(other))
    };
    print(
        &decided
            .each_ref()
            .map(|linkage| (accepted(linkage), Resolution::of(&set, linkage, |_, _| true))),
    );
}

/// A column for deduplication and one for the engine alone.
fn print(columns: &[(Resolution, Resolution); 2]) {
    let both = |score: &Resolution| {
        format!("{:.5} / {:.4}", score.precision.of_one(), score.recall.of_one())
    };
    let row = |measure: &str, show: &dyn Fn(&(Resolution, Resolution)) -> String| {
        std::iter::once(measure.to_owned()).chain(columns.iter().map(show)).collect::<Vec<_>>()
    };
    print!(
        "{}",
        table(&[
            ["", "deduplication", "the engine alone, same declarations"]
                .map(str::to_owned)
                .to_vec(),
            row(
                "precision / recall of entities, of the records that are accepted",
                &|(accepted, _)| both(accepted)
            ),
            row("the same, a rejected record being a student of its own", &|(_, all)| both(all)),
            row("wrongly attached per 10,000", &|(_, all)| format!(
                "{:.2}",
                all.misplaced_per_10000()
            )),
            row("false pairs that are twins or siblings", &|(_, all)| format!(
                "{} of {}",
                all.relatives(),
                all.wrong()
            )),
            row(
                "recall of match or review, pairs per 1,000, a rejected record being missed",
                &|(_, all)| {
                    let recall = all.joined_or_waiting.map_or(0.0, Share::of_one);
                    format!("{recall:.4} at {:.1}", all.review_per_1000().unwrap_or_default())
                }
            ),
        ])
    );
}

fn read(set: &LabelledSet) -> Vec<Row<'_>> {
    let key = DigestKey::new("1".into(), "records".to_owned().into());
    let row = |(number, record)| {
        let declaration = declaration(number, record);
        // A row that is rejected is a student of its own.
        let id = match &declaration {
            Some(declaration) => RecordId::of(&key, declaration),
            None => RecordId::parse(&format!("0.{number:032x}")).unwrap(),
        };
        Row { name: &record.record_id, id, declaration }
    };
    set.records.iter().enumerate().map(row).collect()
}

fn declaration(number: usize, record: &Record) -> Option<Declaration> {
    let year: i16 = record.annee.parse().ok()?;
    Some(Declaration {
        ine: Ine::parse(&record.ine).ok(),
        numero_etudiant: None,
        identite: StatedPerson::Civil(declared::civil_identity(record)?),
        inscription: Enrolment {
            date_debut: date(year, 9, 1),
            date_fin: date(year + 1, 8, 31),
            statut: Status::Inscrit,
            regime: Regime::FormationInitiale,
            code_commune: CommuneCode::parse("75113").ok()?,
            code_commune_brut: None,
            uai: Uai::parse(&record.uai).ok()?,
            nom_etablissement: "UNIVERSITE".into(),
            cursus: None,
            // Each record of the set is a record here, whoever it names: no set has student
            // numbers, which are evidence.
            diplome: Some(number.to_string()),
            niveau_diplome: None,
            non_dit: Unsaid::default(),
        },
    })
}

fn through_deduplication(set: &LabelledSet, rows: &[Row<'_>]) -> Linkage {
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
    linkage(&sim, set, rows)
}

/// Follows a pointer with everything it calls answered at once.
fn follow(sim: &Rc<Sim>, pointer: &Pointer) -> Cost {
    let mut cost = Cost::default();
    sim.alone(handler::follow(&Process::new(Rc::clone(sim), 0), pointer), &mut cost).unwrap();
    cost
}

/// The students as they are stored, and the pairs that open cases ask about.
fn linkage(sim: &Sim, set: &LabelledSet, rows: &[Row<'_>]) -> Linkage {
    let tables = sim.tables();
    let names: BTreeMap<&RecordId, &str> = rows.iter().map(|row| (&row.id, row.name)).collect();
    let students: BTreeMap<&RecordId, StudentId> = tables
        .edges
        .iter()
        .flat_map(|(student, own)| own.keys().map(|record| (record, *student)))
        .collect();
    let entities: Vec<(&str, String)> = rows
        .iter()
        .filter_map(|row| Some((row.name, students.get(&row.id)?.to_string())))
        .collect();
    let records = |student: StudentId| -> Vec<&str> {
        let student = tables.student(student);
        student.iter().flat_map(Student::edges).map(|edge| names[&edge.record]).collect()
    };
    let mut review = Vec::new();
    let (mut attachments, mut duplicates, mut homonyms) = (0, 0, 0);
    for case in tables.cases.values().filter(|case| case.state == State::Open) {
        let pairs: Vec<(StudentId, StudentId)> = match &case.question {
            CaseQuestion::Attachment { record, near, .. } => {
                attachments += 1;
                homonyms += usize::from(near.len() > 1);
                near.iter().map(|near| (students[record], near.side.student)).collect()
            }
            CaseQuestion::Duplicate { sides: [one, other], .. } => {
                duplicates += 1;
                vec![(one.student, other.student)]
            }
            CaseQuestion::Dispute { .. } => Vec::new(),
        };
        for (one, other) in pairs {
            let of_other = records(other);
            let two = records(one).into_iter().flat_map(|a| of_other.iter().map(move |b| (a, *b)));
            review.extend(two.filter(|(a, b)| a != b));
        }
    }
    println!(
        "{attachments} attachments to decide ({homonyms} among several), {duplicates} duplicates"
    );
    let linkage =
        Linkage::of(set, entities.iter().map(|(name, student)| (*name, student.as_str()))).unwrap();
    linkage.with_review(set, review.into_iter()).unwrap()
}

fn through_the_engine(set: &LabelledSet, rows: &[Row<'_>]) -> Linkage {
    let mut register = Register::new(Blocking::new(&"blocking".to_owned().into()));
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if let Some(Declaration { ine, identite: StatedPerson::Civil(identity), .. }) =
            &row.declaration
        {
            register.add(ComparedPerson::of(identity, ine.as_ref()), |_| {});
            names.push(row.name);
        }
    }
    let name = |number: RecordNumber| names[number.0 as usize];
    let entities = names
        .iter()
        .zip(0..)
        .map(|(record, number)| (*record, name(register.student_of(RecordNumber(number)))));
    let review = register.review().map(|(one, other)| (name(one), name(other)));
    Linkage::of(set, entities).unwrap().with_review(set, review).unwrap()
}
