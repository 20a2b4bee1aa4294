//! The whole of feeding in one process, under a seed: the real handler and the real stores over a
//! DynamoDB, queues and buckets of this process, with calls that fail, answers that get lost,
//! processes that die at any call, messages that come twice, late and in any order. What is stored
//! at the end is compared with a model of a few lines.
//!
//! A failure names its seed: `SIMULATION_SEED=<seed> cargo test --workspace --test simulation`
//! repeats it, and `SIMULATION_SEEDS=<count>` tries more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a test"
)]

mod bill;
mod resent;
mod scenario;
mod world;

use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use ingestion::clock::Clock;
use ingestion::handler;
use ingestion::import::Settings;
use shared::domain::record_state::RecordState;
use shared::feeding::record::Stored;
use shared::identity::student::RecordVersion;
use shared::registry::imports::{ImportState, PLACES};
use tokio::time::Instant;

use scenario::{
    Drop, Expected, Line, SAID, Sequence, establishments, expected, key, record_id, uais,
};
use world::{Faults, Process, Queued, Sim, VISIBILITY};

/// Invocations side by side at most.
const CONCURRENCY: usize = 3;

fn settings(cancel_share: u64) -> Settings {
    Settings { record_key: key(), inbox: scenario::INBOX.into(), cancel_share }
}

/// One invocation, with one message, which is deleted if it may be. It is killed after `limit`, or
/// dies before.
async fn invoke(
    sim: &Rc<Sim>,
    settings: &Settings,
    message: Queued,
    limit: Duration,
    dies_after: Option<u64>,
) {
    let event = serde_json::json!({"Records": [{
        "messageId": message.id,
        "receiptHandle": format!("{}/{}", message.id, message.deliveries),
        "body": message.body,
        "attributes": {"ApproximateReceiveCount": message.deliveries.to_string()},
    }]});
    let (world, serve) = Process::new().split(sim, dies_after);
    let owner = format!("{}/{}", message.id, message.deliveries);
    let clock = Clock::showing(sim.now());
    let killed_at = Instant::now() + limit;
    let event = serde_json::from_value(event).unwrap();
    let response = tokio::select! {
        biased;
        () = serve => return,
        () = tokio::time::sleep_until(killed_at) => return,
        response = handler::handle(&world, settings, event, &owner, clock, killed_at) => response,
    };
    // The service deletes what was acknowledged, most of the time.
    if response.batch_item_failures.is_empty() && !sim.chance(0.03) {
        sim.queue.borrow_mut().retain(|queued| queued.id != message.id);
    }
}

/// Delivers messages until there are none, and resolves records as pointers come.
async fn drive(sim: &Rc<Sim>, settings: &Settings, mut deaths: u32) {
    let mut running: FuturesUnordered<LocalBoxFuture<'_, ()>> = FuturesUnordered::new();
    loop {
        while sim.chance(0.5) {
            let Some(record) = sim.pointers.borrow_mut().pop_front() else { break };
            sim.resolve(&record, sim.chance(0.05));
        }
        let now = Instant::now();
        let due: Vec<usize> = {
            let queue = sim.queue.borrow();
            queue
                .iter()
                .enumerate()
                .filter(|(_, message)| message.visible_at <= now)
                .map(|(at, _)| at)
                .collect()
        };
        if running.len() < CONCURRENCY && !due.is_empty() {
            let at = due[usize::try_from(sim.below(due.len() as u64)).unwrap()];
            let message = {
                let mut queue = sim.queue.borrow_mut();
                queue[at].visible_at = now + VISIBILITY;
                queue[at].deliveries += 1;
                queue[at].clone()
            };
            assert!(message.deliveries < 60, "a message goes round and round");
            let dies_after = (deaths > 0 && sim.chance(0.5)).then(|| sim.below(120));
            deaths -= u32::from(dies_after.is_some());
            let limit = Duration::from_secs(25 + sim.below(60));
            running.push(Box::pin(invoke(sim, settings, message, limit, dies_after)));
            continue;
        }
        let next = sim
            .queue
            .borrow()
            .iter()
            .map(|message| message.visible_at)
            .filter(|at| *at > now)
            .min();
        match (running.is_empty(), next) {
            (true, None) => return,
            (true, Some(next)) => tokio::time::sleep_until(next).await,
            (false, next) => {
                let next = next.filter(|_| running.len() < CONCURRENCY);
                tokio::select! {
                    biased;
                    _ = running.next() => {}
                    () = tokio::time::sleep_until(next.unwrap_or(now)), if next.is_some() => {}
                }
            }
        }
    }
}

/// What must hold of any import that was driven to its end.
fn check_import(sim: &Sim, drop: &Drop) {
    let import = sim.import(&drop.import()).expect("the import is known");
    assert_eq!(import.state, ImportState::Done, "{:?}", import.reason);
    assert_eq!((import.rows_read, import.accepted, import.rejected), drop.counts());
    assert!(import.superseded + import.unchanged <= import.accepted);
    let notices = sim.notices.borrow();
    assert!(
        notices.get(drop.import().as_str()).is_some_and(|told| told.iter().all(|failed| !failed))
    );
    let report = report(sim, drop);
    assert_eq!((&report["etat"], &report["essai"]), (&"terminé".into(), &drop.dry_run.into()));
    assert_eq!(report["lignes"]["lues"], import.rows_read);
    assert_eq!(report["lignes"]["depassees"], import.superseded);
    assert_eq!(report["complet"].is_object(), drop.complete);
}

fn report(sim: &Sim, drop: &Drop) -> serde_json::Value {
    let import = sim.import(&drop.import()).unwrap();
    let report = sim.buckets.get("reports", &import.report_key.unwrap(), "").unwrap();
    serde_json::from_slice(&report.bytes).unwrap()
}

/// The version below which nothing is written any more: the record's own, or that of the complete
/// file that left it alone.
fn version_that_counts<'a>(
    stored: &'a Stored,
    horizon: Option<&'a RecordVersion>,
) -> &'a RecordVersion {
    match horizon {
        Some(horizon) if stored.seen.as_ref() < Some(horizon) => horizon.max(&stored.version),
        _ => &stored.version,
    }
}

/// What must hold of the records once everything is imported and every pointer followed.
fn check_records(sim: &Sim, drops: &[Drop], students: u64) {
    for record in std::mem::take(&mut *sim.pointers.borrow_mut()) {
        sim.resolve(&record, false);
    }
    for uai in uais() {
        assert!(!sim.has_writers(uai), "an import ended and left its name");
    }
    let horizons = uais().map(|uai| (uai, sim.horizon(uai)));
    let records = sim.records();
    let waiting =
        records.values().filter(|record| record.stored.state == RecordState::Pending).count();
    assert_eq!(waiting, 0, "a record waits for a pointer that was never sent");
    for whose in uais().into_iter().flat_map(|uai| (0..students).map(move |student| (uai, student)))
    {
        let record = records.get(&record_id(whose));
        let stored = record.map(|record| {
            let horizon = horizons.iter().find(|(uai, _)| *uai == whose.0);
            let version =
                version_that_counts(&record.stored, horizon.and_then(|(_, it)| it.as_ref()));
            (
                version,
                (record.said.0.as_str(), record.said.1.as_str()),
                record.stored.is_cancelled(),
            )
        });
        let right = match &expected(drops, whose) {
            Expected::Nothing => stored.is_none(),
            // Left alone, it has the version with which its file cancels others.
            Expected::Said(version, said) => stored.is_some_and(|(stored, is_said, _)| {
                let is_it = stored == version || stored.same_import(version) && stored < version;
                is_it && is_said == SAID[*said]
            }),
            Expected::Cancelled(versions) => {
                stored.is_none_or(|(version, _, cancelled)| cancelled && versions.contains(version))
            }
            Expected::Open(version) => {
                stored.is_none_or(|(stored, ..)| stored >= version || stored.same_import(version))
            }
        };
        assert!(right, "{whose:?} is stored as {stored:?}, expected {:?}", expected(drops, whose));
    }
}

/// Files at once, in any order, with everything going wrong.
async fn disorder(seed: u64) {
    let faults = Faults { throttle: 0.02, timeout: 0.02, latency: 800, index_lag: 900 };
    let sim = Sim::new(seed, faults, &establishments());
    let students = 40 + sim.below(600);
    let drops: Vec<_> = (0..2 + usize::try_from(sim.below(4)).unwrap())
        .map(|number| Drop::random(&sim, number, students, false))
        .collect();
    for drop in &drops {
        drop.put(&sim, 1 + sim.below(3));
    }
    let settings = settings(100);
    drive(&sim, &settings, 8).await;
    for drop in &drops {
        check_import(&sim, drop);
    }
    check_records(&sim, &drops, students);
}

/// One file after the other, with everything going wrong: then all counts are known.
async fn sequence(seed: u64) {
    let faults = Faults { throttle: 0.02, timeout: 0.02, latency: 800, index_lag: 900 };
    let sim = Sim::new(seed, faults, &establishments());
    let students = 40 + sim.below(400);
    let settings = settings(100);
    let (mut drops, mut model) = (Vec::new(), Sequence::default());
    for number in 0..2 + usize::try_from(sim.below(4)).unwrap() {
        let drop =
            Drop { arrives: Duration::from_secs(5), ..Drop::random(&sim, number, students, true) };
        let counts = model.import(&drop);
        drop.put(&sim, 1 + sim.below(2));
        drive(&sim, &settings, 4).await;
        check_import(&sim, &drop);
        let import = sim.import(&drop.import()).unwrap();
        assert_eq!(
            (import.superseded, import.unchanged),
            (counts.superseded, counts.unchanged),
            "file {number}"
        );
        if drop.complete && !drop.dry_run {
            assert_eq!(
                report(&sim, &drop)["complet"]["annulees"],
                counts.cancelled,
                "file {number}"
            );
        }
        drops.push(drop);
    }
    check_records(&sim, &drops, students);
}

/// Runs a scenario for many seeds, each in a world and a time of its own.
fn seeds<F: Future<Output = ()>>(count: u64, scenario: impl Fn(u64) -> F) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIMULATION_SEEDS").unwrap_or(count),
    };
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let run = std::panic::AssertUnwindSafe(|| runtime.block_on(scenario(seed)));
        if let Err(panic) = std::panic::catch_unwind(run) {
            eprintln!("seed {seed} fails: repeat it with SIMULATION_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn whatever_happens_the_last_version_wins_and_nothing_is_lost() {
    seeds(40, disorder);
}

#[test]
fn whatever_happens_everything_is_counted_once() {
    seeds(40, sequence);
}

#[test]
fn whatever_happens_a_complete_file_knows_who_was_in_it_and_an_older_one_changes_nothing() {
    seeds(30, resent::nights);
}

/// A world where nothing goes wrong.
fn calm() -> Rc<Sim> {
    Sim::new(
        0,
        Faults { throttle: 0.0, timeout: 0.0, latency: 5, index_lag: 900 },
        &establishments(),
    )
}

fn good(students: std::ops::Range<u64>) -> Vec<Line> {
    students.map(|student| Line::Good { whose: (uais()[0], student), said: 0 }).collect()
}

async fn import(sim: &Rc<Sim>, drop: &Drop) -> serde_json::Value {
    tokio::time::advance(Duration::from_secs(5)).await;
    drop.put(sim, 1);
    drive(sim, &settings(10), 0).await;
    report(sim, drop)
}

fn cancelled(sim: &Sim) -> usize {
    sim.records().values().filter(|record| record.stored.is_cancelled()).count()
}

#[tokio::test(start_paused = true)]
async fn a_complete_file_that_lacks_too_much_cancels_only_if_confirmed() {
    let sim = calm();
    let at = |minute: i64| sim.start.0.checked_add(jiff::Span::new().minutes(minute - 60)).unwrap();
    let all = Drop::delta("0751967F/tout.csv", good(0..1_000), at(0));
    import(&sim, &all).await;

    let nine_tenths = Drop::delta("0751967F/complete/2026/1.csv", good(0..900), at(1));
    let report = import(&sim, &nine_tenths).await;
    let complete = &report["complet"];
    assert_eq!(
        (&complete["absentes"], &complete["annulees"]),
        (&100.into(), &100.into()),
        "{complete}"
    );
    assert_eq!(
        (&complete["uai"], &complete["refus"]),
        (&serde_json::json!(["0751967F"]), &serde_json::Value::Null)
    );
    assert_eq!(report["lignes"]["inchangees"], 900);
    assert_eq!(cancelled(&sim), 100);

    let half = |key: &str, minute| Drop::delta(key, good(0..450), at(minute));
    let report = import(&sim, &half("0751967F/complete/2026/2.csv", 2)).await;
    assert_eq!(report["complet"]["annulees"], 0);
    assert_eq!(
        report["complet"]["refus"],
        "450 inscriptions sur 900 manquent au fichier, plus que les 10 % admis sans confirmation"
    );
    assert_eq!(cancelled(&sim), 100);

    let writes = sim.writes.get();
    let report = import(&sim, &half("0751967F/complete/2026/confirm/dry-run/3.csv", 3)).await;
    assert_eq!((&report["essai"], &report["complet"]["annulees"]), (&true.into(), &450.into()));
    assert_eq!(report["lignes"]["inchangees"], 450, "a dry run says what would happen");
    assert_eq!((cancelled(&sim), sim.writes.get()), (100, writes), "and changes nothing");

    let report = import(&sim, &half("0751967F/complete/2026/confirm/4.csv", 4)).await;
    assert_eq!(report["complet"]["annulees"], 450);
    assert_eq!(cancelled(&sim), 550);

    import(&sim, &Drop::delta("0751967F/retour.csv", good(900..901), at(5))).await;
    assert_eq!(cancelled(&sim), 549, "an enrolment that is sent again comes back");

    let report = import(&sim, &Drop::delta("0751967F/vieux.csv", good(800..810), at(1))).await;
    assert_eq!(
        (&report["lignes"]["depassees"], cancelled(&sim)),
        (&10.into(), 549),
        "one older than that doesn't"
    );
}

#[tokio::test(start_paused = true)]
async fn a_complete_workbook_that_was_read_in_part_cancels_nothing_even_confirmed() {
    // Two enrolments, and a sheet of notes that nobody can read.
    let workbook = include_bytes!("../../../../tests/corpus/classeur-lu-en-partie.xlsx");
    let sim = calm();
    let at = |minute: i64| sim.start.0.checked_add(jiff::Span::new().minutes(minute - 60)).unwrap();
    import(&sim, &Drop::delta("0751967F/tout.csv", good(0..3), at(0))).await;
    for (minute, key) in
        [(1, "0751967F/complete/2026/1.xlsx"), (2, "0751967F/complete/2026/confirm/2.xlsx")]
    {
        tokio::time::advance(Duration::from_secs(5)).await;
        let drop = Drop::delta(key, good(0..2), at(minute));
        drop.put_bytes(&sim, workbook.to_vec(), 1);
        drive(&sim, &settings(100), 0).await;
        let report = report(&sim, &drop);
        assert_eq!(
            (&report["etat"], &report["lignes"]["acceptees"]),
            (&"terminé".into(), &2.into()),
            "{report}"
        );
        let complete = &report["complet"];
        assert_eq!(
            (&complete["absentes"], &complete["annulees"]),
            (&1.into(), &0.into()),
            "{complete}"
        );
        let refusal = complete["refus"].as_str().unwrap();
        assert!(
            refusal.starts_with("le classeur n'a pas été lu en entier : feuille 2 (« Notes »)"),
            "{refusal}"
        );
        assert_eq!(cancelled(&sim), 0);
    }
    let report =
        import(&sim, &Drop::delta("0751967F/complete/2026/confirm/3.csv", good(0..2), at(3))).await;
    assert_eq!(
        (&report["complet"]["annulees"], cancelled(&sim)),
        (&1.into(), 1),
        "the same rows of a whole file do"
    );
}

/// A file of a Mac, whose encoding only its lines together show, and one that has the month first.
#[tokio::test(start_paused = true)]
async fn nothing_is_stored_before_the_whole_file_was_looked_at() {
    let sim = calm();
    let put = async |key: &str, bytes: Vec<u8>| {
        let drop = Drop::delta(key, good(0..1), sim.start.0);
        drop.put_bytes(&sim, bytes, 1);
        drive(&sim, &settings(10), 0).await;
        report(&sim, &drop)
    };
    let csv = Drop::delta("x", good(0..200), sim.start.0).csv();
    let one_of_all =
        csv.replacen("2004-03-02", "03/25/2004", 1).replacen("2004-03-02", "03/02/2004", 1);
    let report = put("0751967F/mois.csv", one_of_all.into_bytes()).await;
    assert_eq!(report["etat"], "échoué");
    assert!(
        report["raison"].as_str().unwrap().starts_with("la colonne dateNaissance a 1 dates"),
        "{report}"
    );
    assert!(sim.records().is_empty(), "not even the rows above it");
    let mac: Vec<u8> = csv
        .chars()
        .map(|letter| if letter == 'é' { 0x8E } else { u8::try_from(letter).unwrap() })
        .collect();
    let report = put("0751967F/mac.csv", mac).await;
    assert_eq!(
        (&report["detecte"]["encodage"], &report["lignes"]["acceptees"]),
        (&"macintosh".into(), &200.into())
    );
    assert!(sim.records().values().all(|record| record.said.0 == "Léa"));
}

#[tokio::test(start_paused = true)]
async fn a_broken_row_keeps_its_enrolment_and_one_that_says_nothing_keeps_them_all() {
    let sim = calm();
    let at = |minute: i64| sim.start.0.checked_add(jiff::Span::new().minutes(minute - 60)).unwrap();
    import(&sim, &Drop::delta("0751967F/tout.csv", good(0..100), at(0))).await;

    let mut lines = good(0..95);
    lines.push(Line::Broken { whose: (uais()[0], 99) });
    let report =
        import(&sim, &Drop::delta("0751967F/complete/2026/1.csv", lines.clone(), at(1))).await;
    assert_eq!(
        (&report["complet"]["annulees"], &report["lignes"]["rejetees"]),
        (&4.into(), &1.into())
    );
    assert!(!sim.records()[&record_id((uais()[0], 99))].stored.is_cancelled());

    lines.truncate(94);
    lines.push(Line::Garbage);
    let report =
        import(&sim, &Drop::delta("0751967F/complete/2026/2.csv", lines.clone(), at(2))).await;
    assert_eq!(report["complet"]["annulees"], 0);
    assert!(
        report["complet"]["refus"].as_str().unwrap().starts_with("1 lignes rejetées ne disent pas"),
        "{report}"
    );
    let report =
        import(&sim, &Drop::delta("0751967F/complete/2026/confirm/3.csv", lines, at(3))).await;
    assert_eq!(report["complet"]["annulees"], 2);
}

#[tokio::test(start_paused = true)]
async fn one_number_of_two_people_is_a_problem_of_both_rows_however_far_apart() {
    let sim = calm();
    let at = |minute: i64| sim.start.0.checked_add(jiff::Span::new().minutes(minute - 60)).unwrap();
    import(&sim, &Drop::delta("0751967F/tout.csv", good(0..10), at(0))).await;
    let record = |student| sim.records()[&record_id((uais()[0], student))].stored.clone();
    let before = record(3);

    // Student 3 is on the line 5, somebody else under that number on the last one. Student 9 is
    // absent.
    let mut lines = good(0..9);
    lines.extend(good(10..600));
    lines.push(Line::Good { whose: (uais()[0], 3), said: 1 });
    let last = lines.len() as u64 + 1;
    for (key, minute) in
        [("0751967F/complete/2026/dry-run/1.csv", 1), ("0751967F/complete/2026/2.csv", 2)]
    {
        let report = import(&sim, &Drop::delta(key, lines.clone(), at(minute))).await;
        let counts = &report["lignes"];
        assert_eq!(
            (&counts["lues"], &counts["acceptees"], &counts["rejetees"]),
            (&600.into(), &598.into(), &2.into())
        );
        for (rejected, line, other) in [(0, 5, last), (1, last, 5)] {
            let rejected = &report["rejets"][rejected];
            assert_eq!(
                (&rejected["ligne"], &rejected["colonne"]),
                (&line.into(), &"numeroEtudiant".into())
            );
            assert_eq!(rejected["regle"], "numero_de_plusieurs");
            let message = rejected["message"].as_str().unwrap();
            assert!(message.ends_with(&format!("voir aussi la ligne {other}")), "{message}");
        }
        assert_eq!(report["complet"]["annulees"], 0, "whose enrolment is missing isn't sure");
        assert!(
            report["complet"]["refus"]
                .as_str()
                .unwrap()
                .starts_with("2 lignes rejetées ne disent pas")
        );
        assert_eq!(
            (record(3).version, record(3).digest),
            (before.version.clone(), before.digest.clone())
        );
    }
    assert_eq!(cancelled(&sim), 0);
    // Confirmed, it cancels what no row is about.
    import(&sim, &Drop::delta("0751967F/complete/2026/confirm/3.csv", lines, at(3))).await;
    assert!(record(9).is_cancelled() && !record(3).is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_read_fails_with_a_reason_and_is_told() {
    let sim = calm();
    let at = sim.start.0;
    let failed = async |key: &str, lines: Vec<Line>, at| {
        let drop = Drop::delta(key, lines, at);
        let report = import(&sim, &drop).await;
        assert_eq!(report["etat"], "échoué");
        assert_eq!(sim.import(&drop.import()).unwrap().state, ImportState::Failed);
        assert_eq!(sim.notices.borrow()[drop.import().as_str()], [true]);
        report["raison"].as_str().unwrap().to_owned()
    };
    assert!(
        failed("x.csv", good(0..1), at).await.starts_with("le dossier de dépôt n'est pas une UAI")
    );
    assert!(failed("0751967F/complete/x.csv", good(0..1), at).await.contains("<année>"));
    assert!(failed("0011402U/x.csv", good(0..1), at).await.contains("n'est pas enregistré"));
    let future = at.checked_add(jiff::Span::new().hours(48)).unwrap();
    assert!(failed("0751967F/demain.csv", good(0..1), future).await.contains("date-extraction"));
    assert!(sim.records().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_workbook_is_opened_beside_the_heartbeat_and_one_that_is_none_fails_at_once() {
    let sim = calm();
    let drop = Drop::delta("0751967F/classeur.xlsx", good(0..1), sim.start.0);
    drop.put_bytes(&sim, b"PK\x03\x04, and no archive behind it".repeat(100), 1);
    drive(&sim, &settings(10), 0).await;
    let report = report(&sim, &drop);
    assert_eq!((&report["etat"], report["lignes"]["lues"].as_u64()), (&"échoué".into(), Some(0)));
    assert!(
        report["raison"].as_str().unwrap().starts_with("le classeur est endommagé"),
        "{report}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_establishment_has_two_imports_under_way_and_the_rest_waits() {
    let sim = calm();
    let [university, other] = uais();
    let busy_until = sim.now().as_second() + 600;
    for place in 0..PLACES {
        sim.occupy(university, place, busy_until).await;
    }
    let files: Vec<Drop> = (0..6)
        .map(|number| Drop::delta(&format!("{university}/{number}.csv"), good(0..1), sim.start.0))
        .collect();
    let theirs = Drop::delta(&format!("{other}/le leur.csv"), vec![], sim.start.0);
    for drop in files.iter().chain([&theirs]) {
        drop.put(&sim, 1);
    }
    drive(&sim, &settings(10), 0).await;
    let ended = |drop: &Drop| report(&sim, drop)["etat"].clone();
    assert!(files.iter().all(|drop| ended(drop) == "terminé"));
    let order = sim.order.borrow();
    assert_eq!(
        order.first(),
        Some(&theirs.import().as_str().to_owned()),
        "who has room doesn't wait for who has none"
    );
    assert!(sim.now().as_second() > busy_until, "nobody takes a place that is taken");
    assert_eq!(order.len(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_deposit_is_told_its_import() {
    let sim = calm();
    let deposit = "0123456789abcdef0123456789abcdef";
    sim.open_deposit(uais()[0], deposit);
    let drop = Drop::delta(&format!("0751967F/depot/{deposit}"), good(0..1), sim.start.0);
    import(&sim, &drop).await;
    assert_eq!(sim.import_of(deposit).as_deref(), Some(drop.import().as_str()));
    assert!(sim.is_fed(uais()[0]));
}
