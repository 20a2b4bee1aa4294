//! Deduplication in one process, under a seed: the real handler over tables, a queue and a national register in memory,
//! several invocations at once that are suspended at every call, calls that fail, answers that get lost, processes that
//! die, messages that come twice and in any order. What is stored is checked against what the records say after every
//! transaction.
//!
//! A failure names its seed: `SIMULATION_SEED=<seed> cargo test -p deduplication --test simulation` repeats it, and
//! `SIMULATION_SEEDS=<count>` tries more.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test")]

mod check;
mod drive;
mod national;
mod people;
mod world;

use std::rc::Rc;

use shared::contract::pointer::Pointer;

use drive::{Pace, drive};
use people::Population;
use world::{Faults, Sim};

const FAULTS: Faults = Faults { fails: 0.02, lost: 0.02, conflicts: 0.02 };

/// Runs a scenario for many seeds; the world of one that fails is told.
fn seeds(count: u64, scenario: impl Fn(u64, &mut Option<Rc<Sim>>)) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIMULATION_SEEDS").unwrap_or(count),
    };
    for seed in seeds {
        let mut world = None;
        let run = std::panic::AssertUnwindSafe(|| scenario(seed, &mut world));
        if let Err(panic) = std::panic::catch_unwind(run) {
            for line in world.iter().flat_map(|world| world.trace.borrow().clone()) {
                eprintln!("{line}");
            }
            eprintln!("seed {seed} fails: repeat it with SIMULATION_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// A world and its people; half of the worlds have a national register.
fn world(seed: u64, people: usize, with_national: bool) -> (Rc<Sim>, Population) {
    let nowhere = Sim::new(seed, None);
    let population = Population::random(&nowhere, people);
    let national = with_national.then(|| population.national(&nowhere));
    (Sim::new(seed, national), population)
}

/// Every pointer again, in any order.
fn repeat(sim: &Rc<Sim>, times: usize) {
    let pointers: Vec<Pointer> = {
        let tables = sim.tables.borrow();
        let records = tables.records.keys().cloned().map(Pointer::Record);
        records.chain(tables.cases.keys().cloned().map(Pointer::Case)).collect()
    };
    for pointer in std::iter::repeat_n(&pointers, times).flatten() {
        sim.send(pointer.clone(), 0);
    }
    sim.note(|| "repeat".into());
    drive(sim, &[], Pace::Disorder { deaths: 0 });
    check::settled(&sim.tables.borrow(), &sim.keys);
}

/// The whole queue twice changes nothing.
///
/// Once is allowed to, after faults: a process that dies between its transaction and the pointers of those who wait and
/// may stand otherwise now leaves them waiting, with their cases open, until somebody else comes or their message does.
fn replay(sim: &Rc<Sim>) {
    repeat(sim, 1);
    let before = sim.tables.borrow().clone();
    repeat(sim, 2);
    assert!(*sim.tables.borrow() == before, "a replay changes something");
}

#[test]
fn whatever_happens_nothing_is_lost_and_a_replay_changes_nothing() {
    seeds(200, |seed, told| {
        let (sim, population) = world(seed, 6 + usize::try_from(seed % 12).unwrap(), seed % 2 == 1);
        *told = Some(Rc::clone(&sim));
        sim.faults.set(FAULTS);
        drive(&sim, &population.statements, Pace::Disorder { deaths: 6 });
        sim.faults.set(Faults::default());
        check::settled(&sim.tables.borrow(), &sim.keys);
        replay(&sim);
    });
}
