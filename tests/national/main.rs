//! A file as a university sends it in September, all the way to statuses; and a long one through
//! the death of whoever reads it.
//!
//! Apart from the other end-to-end tests, which would wait behind its twenty thousand records, and
//! whose imports it would kill.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on fails by panicking"
)]

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use generator::column::Column;
use generator::format::{Compression, Csv, Format, Layout};
use generator::{Establishment, GeneratedRow, Generator, Kind, Settings};
use serde_json::{Value, json};
use tests::depositors::{Depositor, fetched};
use tests::eventually;
use tests::stack::Stack;

/// What a slow machine resolves in a minute.
const FEW: u64 = 600;
/// What is asked for with `cargo local test --full`: rows of a national file, 20,000 of them, whose
/// import lasts long enough for its owner to be killed in the middle.
fn rows_asked_for() -> Option<u64> {
    std::env::var("NATIONAL_ROWS")
        .ok()
        .map(|rows| rows.parse().expect("NATIONAL_ROWS is a number of rows"))
}

/// What a batch of questions may hold.
const QUESTIONS: usize = 100;

/// The INEs of rows that are right: of those who are enrolled or admitted, and of those whose every
/// enrolment is cancelled.
fn ines(rows: &[GeneratedRow]) -> (Vec<String>, Vec<String>) {
    let right = rows.iter().filter(|row| row.fault.is_none() && !row.value(Column::Ine).is_empty());
    let (mut current, mut cancelled) = (BTreeSet::new(), BTreeSet::new());
    for row in right {
        if row.is_cancelled() { &mut cancelled } else { &mut current }
            .insert(row.value(Column::Ine).to_owned());
    }
    let cancelled = cancelled.difference(&current).cloned().collect();
    (current.into_iter().collect(), cancelled)
}

/// How many of these INEs have a status.
async fn found(stack: &Stack, ines: &[String], token: &str) -> usize {
    let mut found = 0;
    for some in ines.chunks(QUESTIONS) {
        let questions: Vec<Value> = some.iter().map(|ine| json!({ "ine": ine })).collect();
        let answer = stack.batch(&questions, token).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        found +=
            usize::try_from(answer.json()["meta"]["trouves"].as_u64().unwrap_or_default()).unwrap();
    }
    found
}

/// The states of an establishment's records.
async fn states(stack: &Stack, uai: &str) -> HashMap<String, usize> {
    let mut states = HashMap::new();
    for record in stack.items_with("records_table", "slice", uai).await {
        *states.entry(record["state"].as_s().cloned().unwrap_or_default()).or_default() += 1;
    }
    states
}

/// Kills ingestion once it has the import of a deposit in hand; gives the import and who had it.
async fn kill_owner(stack: &Stack, deposit: &str) -> (String, String) {
    let text =
        |item: &HashMap<String, AttributeValue>, name: &str| item.get(name)?.as_s().ok().cloned();
    let taken = eventually("an invocation takes the import", || async {
        let deposit = stack.item("imports_table", "id", &format!("DEPOT#{deposit}")).await?;
        let id = text(&deposit, "import")?;
        let import = stack.item("imports_table", "id", &id).await?;
        let state = text(&import, "state")?;
        assert!(
            state == "received" || state == "running",
            "too late to kill anybody: the import is {state}"
        );
        Some((id, text(&import, "owner")?))
    })
    .await;
    assert!(stack.kill_function("ingestion") > 0, "there is somebody to kill");
    taken
}

/// Deposits a file whose import is killed once, if it is long; gives its report.
async fn deposited(stack: &Stack, depositor: &Depositor, content: &[u8], is_long: bool) -> Value {
    let id = stack.deposit(depositor, &json!({}), content).await;
    let owner = if is_long { Some(kill_owner(stack, &id).await) } else { None };
    let followed = stack.ended(depositor, &id).await;
    if let Some((import, killed)) = owner {
        let ended = stack.item("imports_table", "id", &import).await.unwrap();
        assert_ne!(ended["owner"].as_s().unwrap(), &killed, "another invocation ended it");
    }
    fetched(&followed["rapport"]["json"]).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_a_september_file_become_statuses() {
    let asked = rows_asked_for();
    let stack = Stack::connect().await;
    let depositor = stack.depositor().await;
    let (_, token) = stack.client(|_| {}).await;
    let establishment = Establishment {
        uai: depositor.uai.clone(),
        kind: Kind::University,
        commune: "44109".into(),
        postal_code: "44000".into(),
    };
    let today = shared::domain::academic_year::day_in_france(jiff::Timestamp::now());
    let seed = u64::from(jiff::Timestamp::now().subsec_nanosecond().unsigned_abs());
    let settings =
        Settings::new(seed, asked.unwrap_or(FEW), today, vec![establishment]).with_faults(0.02);
    let format = Format { layout: Layout::Csv(Csv::DOCUMENTED), compression: Compression::Gzip };
    let mut content = Vec::new();
    let written = generator::write(settings.clone(), format, &mut content).unwrap();
    let mut register = Vec::new();
    generator::write_ines(settings.clone(), &mut register).unwrap();
    stack.load_register(&register).await;
    let rows: Vec<_> = Generator::new(settings).unwrap().collect();

    let report = deposited(&stack, &depositor, &content, asked.is_some()).await;
    let counts = &report["lignes"];
    assert_eq!(report["etat"], "terminé", "{counts}");
    assert_eq!(
        (&counts["lues"], &counts["rejetees"]),
        (&json!(written.rows), &json!(written.broken)),
        "seed {seed}"
    );

    let waits = || async {
        let states = states(&stack, &depositor.uai).await;
        (!states.contains_key("pending")).then_some(states)
    };
    let states = eventually("no record waits for its student", waits).await;
    let on_hold = states.get("on_hold").copied().unwrap_or_default();
    let (current, cancelled) = ines(&rows);
    let visible = found(&stack, &current, &token).await;
    let told = format!("seed {seed}: {visible} of {} are found, {states:?}", current.len());
    assert!(visible + on_hold >= current.len(), "{told}");
    // Homonyms and twins are few: doubt is no way out.
    assert!(on_hold * 100 <= rows.len(), "{told}");
    assert_eq!(
        found(&stack, &cancelled, &token).await,
        0,
        "seed {seed}: a cancelled enrolment is visible"
    );
}
