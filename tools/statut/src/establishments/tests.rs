//! Plans over the real tables.

use std::sync::Arc;

use fakes::aws::config;
use fakes::dynamodb::Tables;
use jiff::Timestamp;
use shared::domain::uai::Uai;
use shared::registry::establishments::{EstablishmentStore, Registration};

use super::Kind;
use super::list::List;
use super::plan::{Plan, Written};

const HEADING: &str = "uai;nom;type;code commune;code postal;siret";
const SORBONNE: &str = "0751722P;SORBONNE UNIVERSITE;universite;75105;75005;";
const LYCEE: &str = "0010006B;LYCEE SAINT-EXUPERY;lycee;01033;01200;";
const OTHER_LYCEE: &str = "0010814E;LYCEE SAINT JOSEPH;lycee;01249;01700;";

fn now() -> Timestamp {
    "2026-11-29T12:00:00Z".parse().unwrap()
}

fn store() -> EstablishmentStore {
    let tables = Arc::new(Tables::default());
    let config = config(move |call| tables.call(&call.operation, &call.text));
    EstablishmentStore::new(aws_sdk_dynamodb::Client::new(&config), "establishments".to_owned())
}

fn list(rows: &[&str]) -> List {
    List::read(format!("{HEADING}\n{}\n", rows.join("\n")).as_bytes()).unwrap()
}

async fn plan(store: &EstablishmentStore, rows: &[&str], retire: Option<Kind>) -> Plan {
    Plan::new(list(rows), store.registrations().await.unwrap(), retire).unwrap()
}

async fn load(store: &EstablishmentStore, rows: &[&str]) -> Written {
    plan(store, rows, None).await.apply(store, now()).await.unwrap()
}

async fn registration(store: &EstablishmentStore, uai: &str) -> Registration {
    store.registration(Uai::parse(uai).unwrap()).await.unwrap().unwrap()
}

#[tokio::test]
async fn loading_twice_is_loading_once() {
    let store = store();
    let rows = [SORBONNE, LYCEE];
    assert_eq!(load(&store, &rows).await, Written { added: 2, changed: 0, retired: 0 });
    let again = plan(&store, &rows, None).await;
    assert!(again.is_empty() && again.unchanged == 2, "{again:?}");
    let depositor = store.depositor(Uai::parse("0751722P").unwrap()).await.unwrap().unwrap();
    assert_eq!(
        depositor.establishments().map(|uai| uai.to_string()).collect::<Vec<_>>(),
        ["0751722P"]
    );
}

#[tokio::test]
async fn a_list_changes_what_it_tells_and_never_what_operators_decided() {
    let store = store();
    load(&store, &[LYCEE, OTHER_LYCEE]).await;
    let mut decided = registration(&store, "0010006B").await;
    decided.establishment.sends_for.push(Uai::parse("0010814E").unwrap());
    // Decided between the reading of the plan and its writing.
    let renamed = LYCEE.replace("LYCEE", "LPO LYCEE").replace("01200;", "01200;13002526500013");
    let planned = plan(&store, &[&renamed], None).await;
    assert!(store.set_terms(&decided).await.unwrap());
    let told: Vec<_> = planned.changed[0]
        .differences
        .iter()
        .map(|one| (one.attribute, one.after.as_str()))
        .collect();
    assert_eq!(told, [("name", "LPO LYCEE SAINT-EXUPERY"), ("siret", "13002526500013")]);
    assert_eq!(
        planned.apply(&store, now()).await.unwrap(),
        Written { added: 0, changed: 1, retired: 0 }
    );
    let after = registration(&store, "0010006B").await;
    assert_eq!((after.establishment.sends_for.len(), after.siret.is_some()), (2, true));

    let without_siret = renamed.replace("13002526500013", "");
    assert!(
        plan(&store, &[&without_siret], None).await.is_empty(),
        "a list without SIRETs says nothing of them"
    );
}

#[tokio::test]
async fn absence_retires_nobody_unless_that_is_asked_for_of_a_kind() {
    let store = store();
    load(&store, &[SORBONNE, LYCEE, OTHER_LYCEE]).await;
    assert!(plan(&store, &[LYCEE], None).await.is_empty());

    let planned = plan(&store, &[LYCEE], Some(Kind::Lycee)).await;
    let retired: Vec<_> =
        planned.retired.iter().map(|one| one.establishment.uai.to_string()).collect();
    assert_eq!(retired, ["0010814E"]);
    assert_eq!(
        planned.apply(&store, now()).await.unwrap(),
        Written { added: 0, changed: 0, retired: 1 }
    );
    assert_eq!(registration(&store, "0010814E").await.retired_at, Some(now()));
    assert!(
        store.depositor(Uai::parse("0010814E").unwrap()).await.unwrap().is_none(),
        "it sends no more"
    );
    assert!(store.depositor(Uai::parse("0751722P").unwrap()).await.unwrap().is_some());

    let back = plan(&store, &[LYCEE, OTHER_LYCEE], None).await;
    assert!(back.is_empty(), "a list brings nobody back");
    assert_eq!(back.still_retired.len(), 1);
}

#[tokio::test]
async fn nothing_is_retired_by_a_list_that_can_not_be_believed() {
    let store = store();
    load(&store, &[SORBONNE, LYCEE]).await;
    let registered = store.registrations().await.unwrap();
    for (rows, said) in
        [(vec![SORBONNE], "no lycee"), (vec![LYCEE, "0010814A;LYCEE;lycee;01249;01700;"], "line 3")]
    {
        let error =
            Plan::new(list(&rows), registered.clone(), Some(Kind::Lycee)).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn whoever_registers_first_is_not_overwritten() {
    let store = store();
    let slow = plan(&store, &[SORBONNE], None).await;
    load(&store, &[&SORBONNE.replace("SORBONNE", "LA SORBONNE")]).await;
    assert_eq!(slow.apply(&store, now()).await.unwrap().added, 0);
    assert_eq!(registration(&store, "0751722P").await.establishment.name, "LA SORBONNE UNIVERSITE");
}

#[tokio::test]
async fn a_plan_is_shown_with_its_reasons() {
    let store = store();
    load(&store, &[SORBONNE]).await;
    let rows = [&SORBONNE.replace("75005", "75006"), LYCEE, "0010814A;X;lycee;01249;01700;"];
    let (rows, lines) = super::shown::plan(&plan(&store, &rows, None).await);
    let lines: Vec<String> = crate::ui::aligned(&rows).into_iter().chain(lines).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    what    uai       name                 kind        changes
    ──────  ────────  ───────────────────  ──────────  ──────────────────────────
    add     0010006B  LYCEE SAINT-EXUPERY  lycee
    change  0751722P  SORBONNE UNIVERSITE  universite  postal_code: 75005 → 75006
    1 to add, 1 to change, 0 to retire, 0 as they are
    line 4, uai is left out: the UAI's control letter is A, its digits call for E
    ");
}
