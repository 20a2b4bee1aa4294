//! Ten years of a register in some seconds: people come, stay for some years, leave and come back,
//! retention runs every month over the real stores, dies at any of its calls, and nothing is left
//! of whoever is over.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod meanwhile;
mod people;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::{Span, Timestamp};
use shared::domain::record_state::RecordState;
use shared::identity::review::{Case, CaseId, CaseQuestion, CaseVerdict, State};
use shared::identity::student::StudentId;
use shared::registry::retention::{Hold, HoldReason};
use shared::registry::reviews::ReviewStore;
use shared::retention::{Counts, Days, Terms};

use people::Person;
use world::{PERSONAL, Sim};

const KEPT_DAYS: i32 = 730;

fn days(count: i32) -> Days {
    count.to_string().parse().unwrap()
}

fn terms() -> Terms {
    Terms { students: Some(days(KEPT_DAYS)), cases: Some(days(365)) }
}

fn ends(year: i16) -> Date {
    date(year + 1, 8, 31)
}

/// The records that are there, and that each of their students has exactly its own.
async fn records(sim: &Sim) -> BTreeSet<String> {
    let records = sim.tables.plain("records");
    let mut students: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for record in &records {
        assert_eq!(record["state"], "resolved");
        let student = record["student"].as_str().unwrap().to_owned();
        students.entry(student).or_default().insert(record["id"].as_str().unwrap().to_owned());
    }
    for (student, own) in students {
        let student = sim.students.get(StudentId::parse(&student).unwrap()).await.unwrap().unwrap();
        let edges: BTreeSet<String> =
            student.edges().map(|edge| edge.record.as_str().to_owned()).collect();
        assert_eq!(edges, own, "a student isn't whole");
        for ine in student.ine_digests(&sim.keys) {
            assert_eq!(sim.students.owner(&ine).await.unwrap(), Some(student.id));
        }
    }
    records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

fn is_told(text: &str, person: &Person) -> bool {
    person.words().into_iter().any(|word| text.contains(&word))
}

#[tokio::test(start_paused = true)]
async fn ten_years_pass_and_nothing_is_left_of_whoever_is_over() {
    let sim = Sim::new(date(2016, 9, 15));
    let people: Vec<Person> = (0..40).map(Person::new).collect();
    // When each is enrolled: from one year on, for one to four years; every fifth comes back after
    // a pause that is shorter than the duration, every seventh after a longer one.
    let mut enrolled: BTreeMap<i16, Vec<usize>> = BTreeMap::new();
    for number in 0..people.len() {
        let n = i16::try_from(number).unwrap();
        let (first, years) = (2016 + n % 6, 1 + n % 4);
        let mut all: Vec<i16> = (first..first + years).collect();
        if number % 5 == 0 {
            all.push(first + years + 1);
        } else if number % 7 == 0 {
            all.push(first + years + 4);
        }
        for year in all {
            enrolled.entry(year).or_default().push(number);
        }
    }
    let mut last: BTreeMap<usize, Date> = BTreeMap::new();
    let mut expected: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let mut counted = Counts::default();
    let mut erased = Counts::default();
    let (mut said, mut months) = (BTreeSet::new(), 0);
    while sim.today.get() < date(2031, 1, 1) {
        let today = sim.today.get();
        let academic = if today.month() >= 9 { today.year() } else { today.year() - 1 };
        if said.insert(academic) {
            for number in enrolled.get(&academic).into_iter().flatten() {
                let record = sim.say(&people[*number].enrolled(academic, 1)).await;
                expected.entry(*number).or_default().insert(record.as_str().to_owned());
                last.insert(*number, ends(academic));
            }
        }
        let first_kept = today.saturating_sub(Span::new().days(KEPT_DAYS));
        last.retain(|number, ended| {
            let is_over = *ended < first_kept;
            if is_over {
                erased.students += 1;
                erased.records += expected.remove(number).unwrap().len() as u64;
            }
            !is_over
        });
        // Every third month each call of the run fails once.
        months += 1;
        let report = if months % 3 == 0 {
            sim.run_dying(terms()).await
        } else {
            sim.run(terms()).await.unwrap()
        };
        let pass = report.pass.unwrap();
        assert!(pass.finished_at.is_some());
        counted.students += pass.counts.students;
        counted.records += pass.counts.records;
        assert_eq!(counted, erased, "what was erased isn't what was counted, on {today}");
        let stored = records(&sim).await;
        assert_eq!(stored, expected.values().flatten().cloned().collect(), "on {today}");
        let text = sim.text();
        for (number, person) in people.iter().enumerate() {
            let is_there = expected.contains_key(&number);
            assert_eq!(is_told(&text, person), is_there, "{number} on {today}");
        }
        sim.wait(30);
        sim.expire();
    }
    assert!(erased.students > 40, "whoever came back was a student twice");
    for table in PERSONAL {
        assert_eq!(sim.tables.items(table).len(), 0, "{table} isn't empty");
    }
    // The passes say how many, for ever.
    let kept = sim.holds.passes(1_000).await.unwrap();
    let proof: u64 = kept.iter().map(|pass| pass.counts.students).sum();
    assert_eq!((kept.len(), proof), (months, erased.students));
}

#[tokio::test(start_paused = true)]
async fn without_a_duration_nothing_is_erased_and_the_report_says_so() {
    let sim = Sim::new(date(2016, 9, 15));
    sim.say(&Person::new(1).enrolled(2016, 1)).await;
    sim.today.set(date(2090, 1, 1));
    let report = sim.run(Terms { students: None, cases: None }).await.unwrap();
    assert_eq!(report.unset, ["students", "cases"]);
    let pass = report.pass.unwrap();
    assert!(pass.finished_at.is_some());
    assert_eq!(pass.counts, Counts::default());
    assert_eq!(records(&sim).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_duration_that_changes_stops_a_pass_that_is_under_way() {
    let sim = Sim::new(date(2016, 9, 15));
    for number in 0..4 {
        sim.say(&Person::new(number).enrolled(2016, 1)).await;
    }
    sim.today.set(date(2020, 1, 1));
    // There is no time for anybody.
    let report = sim.run_for(terms(), Duration::from_secs(1)).await.unwrap();
    let begun = report.pass.unwrap();
    assert_eq!((begun.finished_at, begun.counts), (None, Counts::default()));
    sim.wait(1);
    let longer = Terms { students: Some(days(7_300)), ..terms() };
    let report = sim.run(longer).await.unwrap();
    assert_eq!(report.pass.unwrap().counts, Counts::default());
    assert_eq!(records(&sim).await.len(), 4);
    sim.wait(1);
    assert_eq!(sim.run(terms()).await.unwrap().pass.unwrap().counts.students, 4);
}

#[tokio::test(start_paused = true)]
async fn a_pass_goes_on_where_it_stopped_and_the_next_is_due_three_days_later() {
    let sim = Sim::new(date(2016, 9, 15));
    sim.say(&Person::new(1).enrolled(2016, 1)).await;
    sim.today.set(date(2020, 1, 1));
    let begun = sim.run_for(terms(), Duration::from_secs(1)).await.unwrap().pass.unwrap();
    sim.wait(3);
    let ended = sim.run(terms()).await.unwrap().pass.unwrap();
    assert_eq!((ended.id, ended.as_of), (begun.id, begun.as_of), "it is the same pass");
    assert_eq!((ended.finished_at, ended.counts.students), (Some(sim.time()), 1));
    // Three days after the day that it judged by, which is today.
    let next = sim.run(terms()).await.unwrap().pass.unwrap();
    assert_eq!((next.as_of, next.counts), (sim.today.get(), Counts::default()));
    sim.wait(2);
    assert_eq!(sim.run(terms()).await.unwrap().pass.unwrap(), next, "none is due");
    sim.wait(1);
    assert_ne!(sim.run(terms()).await.unwrap().pass.unwrap().id, next.id);
}

#[tokio::test(start_paused = true)]
async fn a_student_under_a_hold_stays_until_it_is_released() {
    let sim = Sim::new(date(2016, 9, 15));
    let person = Person::new(3);
    let record = sim.say(&person.enrolled(2016, 1)).await;
    let student = sim.records.get(&record).await.unwrap().unwrap().student.unwrap();
    let hold = Hold {
        student,
        reason: HoldReason::Litigation,
        by: "Camille Officier".into(),
        since: sim.time(),
    };
    assert!(sim.holds.hold(&hold).await.unwrap());
    assert!(!sim.holds.hold(&Hold { by: "Another".into(), ..hold.clone() }).await.unwrap());
    assert_eq!(sim.holds.holds().await.unwrap(), [hold]);
    sim.today.set(date(2020, 1, 1));
    let pass = sim.run(terms()).await.unwrap().pass.unwrap();
    assert_eq!(pass.counts, Counts { held: 1, ..Counts::default() });
    assert_eq!(records(&sim).await.len(), 1);
    sim.holds.release(student).await.unwrap();
    sim.wait(3);
    assert_eq!(sim.run(terms()).await.unwrap().pass.unwrap().counts.students, 1);
    assert!(!is_told(&sim.text(), &person));
}

/// Whoever was named has joined another since: all of that one stays.
#[tokio::test(start_paused = true)]
async fn a_hold_follows_whom_it_names_into_another() {
    let sim = Sim::new(date(2016, 9, 15));
    let record = sim.say(&Person::new(4).enrolled(2016, 1)).await;
    let student = sim.records.get(&record).await.unwrap().unwrap().student.unwrap();
    let named = StudentId::random();
    sim.tables.put("students", alias(named, student));
    let hold = Hold {
        student: named,
        reason: HoldReason::Investigation,
        by: "Camille Officier".into(),
        since: sim.time(),
    };
    sim.holds.hold(&hold).await.unwrap();
    sim.today.set(date(2020, 1, 1));
    let pass = sim.run(terms()).await.unwrap().pass.unwrap();
    assert_eq!(pass.counts, Counts { held: 1, ..Counts::default() });
    assert_eq!(records(&sim).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_student_with_more_records_than_a_transaction_takes_goes_in_several() {
    let sim = Sim::new(date(2016, 9, 15));
    let person = Person::new(5);
    for diploma in 0..130 {
        sim.say(&person.enrolled(2016, diploma)).await;
    }
    sim.today.set(date(2020, 1, 1));
    let counts = sim.run_dying(terms()).await.pass.unwrap().counts;
    assert_eq!(counts, Counts { students: 1, records: 130, ..Counts::default() });
    assert!(!is_told(&sim.text(), &person));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_nobody_followed_is_erased_by_itself() {
    let sim = Sim::new(date(2016, 9, 15));
    let person = Person::new(6);
    sim.store(&person.enrolled(2016, 1)).await;
    sim.today.set(date(2020, 1, 1));
    let counts = sim.run_dying(terms()).await.pass.unwrap().counts;
    assert_eq!(counts, Counts { records: 1, ..Counts::default() });
    assert!(!is_told(&sim.text(), &person));
}

/// A record that was sent again, and has yet to be attached, lasts longer than what the student has
/// of it.
#[tokio::test(start_paused = true)]
async fn what_was_sent_and_not_yet_followed_counts() {
    let sim = Sim::new(date(2016, 9, 15));
    let mut said = Person::new(7).enrolled(2016, 1);
    sim.say(&said).await;
    sim.today.set(date(2020, 1, 1));
    said.inscription.date_fin = date(2021, 8, 31);
    let record = sim.store(&said).await;
    assert_eq!(sim.run(terms()).await.unwrap().pass.unwrap().counts, Counts::default());
    sim.follow(shared::contract::pointer::Pointer::Record(record)).await;
    assert_eq!(records(&sim).await.len(), 1);
}

fn dispute(sim: &Sim, student: StudentId) -> (ReviewStore, Case) {
    let tables = std::sync::Arc::clone(&sim.tables);
    let aws = fakes::aws::config(move |call| tables.call(&call.operation, &call.text));
    let store = ReviewStore::new(aws_sdk_dynamodb::Client::new(&aws), "reviews".into());
    (store, Case::open(CaseQuestion::Dispute { student }, 1, sim.time()))
}

#[tokio::test(start_paused = true)]
async fn whom_people_decide_about_stays_and_the_case_goes_after_it() {
    let sim = Sim::new(date(2016, 9, 15));
    let person = Person::new(8);
    let record = sim.say(&person.enrolled(2016, 1)).await;
    let student = sim.records.get(&record).await.unwrap().unwrap().student.unwrap();
    let (reviews, case) = dispute(&sim, student);
    reviews.save(&case).await.unwrap();
    let pointer = shared::contract::pointer::Pointer::Case(CaseId::dispute(student));
    sim.follow(pointer.clone()).await;
    sim.today.set(date(2020, 1, 1));
    let counts = sim.run(terms()).await.unwrap().pass.unwrap().counts;
    assert_eq!(counts, Counts { undecided: 1, ..Counts::default() });
    // It is decided, and applied.
    let mut case = reviews.get(&case.id).await.unwrap().unwrap();
    case.vote("Camille Officier", CaseVerdict::Keep, None, sim.time()).unwrap();
    reviews.save(&case).await.unwrap();
    sim.follow(pointer).await;
    sim.wait(3);
    let counts = sim.run(terms()).await.unwrap().pass.unwrap().counts;
    assert_eq!(counts, Counts { students: 1, records: 1, ..Counts::default() });
    assert!(reviews.get(&case.id).await.unwrap().is_some(), "it was decided three days ago");
    sim.wait(400);
    assert_eq!(sim.run(terms()).await.unwrap().pass.unwrap().counts.cases, 1);
    assert!(!sim.text().contains("Camille Officier"), "nor is left who decided");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_about_whoever_is_erased() {
    let sim = Sim::new(date(2016, 9, 15));
    let (reviews, case) = dispute(&sim, StudentId::random());
    reviews.save(&case).await.unwrap();
    let only_students = Terms { cases: None, ..terms() };
    sim.run(only_students).await.unwrap();
    assert_eq!(reviews.get(&case.id).await.unwrap().unwrap().state, State::Withdrawn);
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_back_is_whole() {
    let sim = Sim::new(date(2016, 9, 15));
    let person = Person::new(9);
    sim.say(&person.enrolled(2016, 1)).await;
    sim.today.set(date(2025, 9, 15));
    sim.say(&person.enrolled(2025, 1)).await;
    assert_eq!(sim.run(terms()).await.unwrap().pass.unwrap().counts, Counts::default());
    assert_eq!(records(&sim).await.len(), 2, "both years are one student's");
    sim.today.set(date(2030, 1, 1));
    assert_eq!(sim.run(terms()).await.unwrap().pass.unwrap().counts.records, 2);
    let again = sim.say(&person.enrolled(2029, 1)).await;
    let record = sim.records.get(&again).await.unwrap().unwrap();
    assert_eq!(record.state, RecordState::Resolved);
    assert_eq!(records(&sim).await, BTreeSet::from([again.as_str().to_owned()]));
    // Without its INE as well: its blocks are there again.
    let unnumbered = sim.say(&person.unnumbered(2029, 2)).await;
    let found = sim.records.get(&unnumbered).await.unwrap().unwrap();
    assert_eq!(found.student, record.student);
}

/// A student that has joined another.
fn alias(student: StudentId, into: StudentId) -> fakes::dynamodb::Item {
    fakes::aws::item(&serde_json::json!({
        "pk": format!("S#{student}"), "sk": "STUDENT", "version": 3, "merged_into": into.to_string(),
    }))
}

#[tokio::test(start_paused = true)]
async fn students_that_led_to_whoever_is_erased_go_as_well() {
    let sim = Sim::new(date(2016, 9, 15));
    let person = Person::new(10);
    let record = sim.say(&person.enrolled(2016, 1)).await;
    let student = sim.records.get(&record).await.unwrap().unwrap().student.unwrap();
    sim.tables.put("students", alias(StudentId::random(), student));
    sim.today.set(date(2017, 1, 1));
    assert_eq!(sim.run(terms()).await.unwrap().pass.unwrap().counts, Counts::default());
    sim.today.set(date(2020, 1, 1));
    sim.run(terms()).await.unwrap();
    sim.wait(3);
    sim.run(terms()).await.unwrap();
    let aliases: u64 =
        sim.holds.passes(10).await.unwrap().iter().map(|pass| pass.counts.aliases).sum();
    assert_eq!(aliases, 1);
    assert!(sim.tables.items("students").is_empty());
}

/// A time is read back as it was written.
#[test]
fn a_pass_says_when_it_began() {
    let now: Timestamp = "2026-12-01T11:22:33.444Z".parse().unwrap();
    let id = shared::registry::retention::PassId::beginning(now);
    assert_eq!(id.began_at(), Some(now));
}
