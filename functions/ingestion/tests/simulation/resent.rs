//! Complete files that were sent before and change little: what they cost beside the first time, and
//! what they know although they write nothing.

use std::rc::Rc;
use std::time::Duration;

use crate::bill::Bill;
use crate::scenario::{Drop, Line, establishments, record_id, uais};
use crate::world::{Faults, Sim};
use crate::{calm, check_import, check_records, drive, report, settings};

const ROWS: u64 = 20_000;
/// One row in so many changes from night to night.
const CHANGED: u64 = 400;

fn rows(night: u64) -> Vec<Line> {
    let said = |student: u64| if (student + 97 * night).is_multiple_of(CHANGED) { 3 } else { 0 };
    (0..ROWS)
        .map(|student| Line::Good { whose: (uais()[0], student), said: said(student) })
        .collect()
}

/// Imports the file of a night, resolves what it sent, and says what the import alone cost.
async fn night(sim: &Rc<Sim>, number: u64) -> (Bill, serde_json::Value) {
    tokio::time::advance(Duration::from_hours(24)).await;
    let key = format!("0751967F/complete/2026/{number}.csv");
    let drop = Drop::delta(&key, rows(number), sim.now());
    let before = sim.bill.get();
    drop.put(sim, 1);
    drive(sim, &settings(10), 0).await;
    while let Some(record) = { sim.pointers.borrow_mut().pop_front() } {
        sim.resolve(&record, false);
    }
    (sim.bill.get().since(before), report(sim, &drop))
}

/// What resolving a row costs isn't counted: a row that is left alone has none of it.
#[tokio::test(start_paused = true)]
async fn a_file_sent_again_with_little_changed_costs_a_tenth_in_a_fifth_of_the_calls() {
    let sim = calm();
    let (first, _) = night(&sim, 0).await;
    let (again, report) = night(&sim, 1).await;
    eprintln!(
        "{ROWS} rows, of which {} change: {} calls of {} ({:.3}), {:.0} read units of {:.0} ({:.3})",
        2 * ROWS / CHANGED,
        again.calls,
        first.calls,
        again.calls as f64 / first.calls as f64,
        again.cost,
        first.cost,
        again.cost / first.cost,
    );
    // Those that change, and those that change back.
    let changed = 2 * ROWS / CHANGED;
    assert_eq!((first.written, first.pointers), (ROWS, ROWS));
    assert_eq!(
        (again.written, again.pointers),
        (changed, changed),
        "nothing else is written or sent"
    );
    assert_eq!(report["lignes"]["inchangees"], ROWS - changed);
    assert_eq!(report["complet"]["annulees"], 0);
    assert!(again.cost * 10.0 <= first.cost, "{} of {}", again.cost, first.cost);
    assert!(again.calls * 5 <= first.calls, "{} of {}", again.calls, first.calls);
    let record = &sim.records()[&record_id((uais()[0], 7))];
    assert!(record.stored.said_at.as_ref() == Some(&record.stored.version), "it was left alone");
}

/// Night after night nearly the same, by files of which some are late: while a complete file leaves
/// records alone, others write them, and it is killed.
pub(crate) async fn nights(seed: u64) {
    let faults = Faults { throttle: 0.02, timeout: 0.02, latency: 800, index_lag: 900 };
    let sim = Sim::new(seed, faults, &establishments());
    let settings = settings(10);
    let students = 20 + sim.below(200);
    let whose = |student| (uais()[usize::from(student % 5 == 0)], student);
    let lines: Vec<Line> =
        (0..students).map(|student| Line::Good { whose: whose(student), said: 0 }).collect();
    let mut drops = vec![Drop::delta(
        "0751967F/complete/2026/été.csv",
        lines.clone(),
        sim.start.0.checked_sub(jiff::Span::new().hours(sim.below(48).cast_signed())).unwrap(),
    )];
    drops[0].put(&sim, 1);
    drive(&sim, &settings, 2).await;
    for _ in 0..=sim.below(4) {
        let before = drops.len();
        for number in before..before + 1 + usize::try_from(sim.below(3)).unwrap() {
            let drop = Drop::again(&sim, number, &lines);
            drop.put(&sim, 1 + sim.below(2));
            drops.push(drop);
        }
        drive(&sim, &settings, 6).await;
        for drop in &mut drops[before..] {
            check_import(&sim, drop);
            drop.refused = report(&sim, drop)["complet"]["refus"].is_string();
        }
        check_records(&sim, &drops, students);
    }
}
