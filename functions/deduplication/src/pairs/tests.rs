//! The tables as they are called, over those of this process: what the rows of files find out about
//! pairs.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use fakes::aws::item;
use fakes::dynamodb::{Item, Tables};
use fakes::sqs::Queues;
use jiff::ToSpan;
use serde_json::{Value, json};
use shared::contract::pointer::Pointer;
use shared::domain::birth_date::BirthDate;
use shared::domain::civil_identity::CivilIdentity;
use shared::domain::enrolment::Declaration;
use shared::domain::ine::Ine;
use shared::domain::uai::Uai;
use shared::feeding::record::Horizons;
use shared::identity::digest::{DigestKey, IdentityKeys, RecordId};
use shared::identity::ines::{Immatriculated, Ines, InesError, Registered, Verified};
use shared::identity::student::{RecordVersion, StudentId};
use shared::registry::identity_queue::IdentityQueue;
use shared::registry::new_identities::Terms;
use shared::registry::pairs::Terms as PairTerms;
use shared::registry::records::{NewRecord, RecordStore};

use super::*;
use crate::handler::{Followed, follow};
use crate::register::{Register, Settings};
use crate::resolve::Resolution;

const INE: &str = "081768862AE";
const BIRTH_DATE: &str = "2004-03-12";
const UAI: &str = "0751967F";

/// Deduplication over tables of this process, a clock of its own and one registered person.
struct Here {
    keys: IdentityKeys,
    register: Register,
    records: RecordStore,
    tables: Arc<Tables>,
    queue: IdentityQueue,
    sent: Arc<Queues>,
    clock: Cell<Timestamp>,
    ines: National,
}

/// An INES that has Eudoxie Quintefeuille, and counts the questions of each depositor.
#[derive(Default)]
struct National {
    asked: RefCell<BTreeMap<Option<String>, usize>>,
    is_away: Cell<bool>,
}

impl National {
    fn answer(
        &self,
        depositor: Option<Uai>,
        ine: &Ine,
        birth_date: BirthDate,
    ) -> Result<Verified, InesError> {
        if self.is_away.get() {
            return Err(InesError::Unavailable);
        }
        *self.asked.borrow_mut().entry(depositor.map(|uai| uai.to_string())).or_default() += 1;
        if ine.expose() != INE || birth_date.expose() != BIRTH_DATE {
            return Ok(Verified::Unknown);
        }
        let identite: CivilIdentity =
            serde_json::from_value(identity("Quintefeuille", BIRTH_DATE)).unwrap();
        Ok(Verified::Known(Box::new(Registered { identite, ine_maitre: *ine })))
    }
}

impl Ines for National {
    async fn verify(&self, ine: &Ine, birth_date: BirthDate) -> Result<Verified, InesError> {
        self.answer(None, ine, birth_date)
    }

    async fn verify_for(
        &self,
        depositor: Uai,
        ine: &Ine,
        birth_date: BirthDate,
    ) -> Result<Verified, InesError> {
        self.answer(Some(depositor), ine, birth_date)
    }

    async fn immatriculate(&self, _: &CivilIdentity, _: &str) -> Result<Immatriculated, InesError> {
        Ok(Immatriculated::Refused)
    }
}

impl World for Here {
    type Ines = National;

    fn register(&self) -> &Register {
        &self.register
    }

    fn queue(&self) -> &IdentityQueue {
        &self.queue
    }

    fn ines(&self) -> Option<&National> {
        Some(&self.ines)
    }

    fn keys(&self) -> &IdentityKeys {
        &self.keys
    }

    fn now(&self) -> Timestamp {
        self.clock.get()
    }

    fn new_student(&self) -> StudentId {
        StudentId::random()
    }
}

fn identity(name: &str, birth_date: &str) -> Value {
    let (given, sex) = if name == "Quintefeuille" { ("Eudoxie", "2") } else { ("Marc", "1") };
    json!({ "nomFamille": name, "prenom1": given, "autresPrenoms": [], "sexe": sex, "dateNaissance": birth_date })
}

/// A row that names nobody, or somebody.
fn row(number: usize, birth_date: &str, name: Option<&str>) -> Declaration {
    serde_json::from_value(json!({
        "ine": INE, "numeroEtudiant": format!("E-{number}"),
        "identite": name.map_or_else(|| json!({ "dateNaissance": birth_date }), |name| identity(name, birth_date)),
        "inscription": {
            "dateDebut": "2026-09-01", "dateFin": "2027-08-31", "statut": "inscrit", "regime": "RF1",
            "codeCommune": "75113", "uai": UAI, "nomEtablissement": "Université",
        },
    }))
    .unwrap()
}

impl Here {
    fn new(floor: u32) -> Self {
        let (tables, sent) = (Arc::new(Tables::default()), Arc::new(Queues::default()));
        let answering = (Arc::clone(&tables), Arc::clone(&sent));
        let aws = fakes::aws::config(move |call| match call.service.as_str() {
            "AmazonSQS" => answering.1.call(call),
            _ => answering.0.call(&call.operation, &call.text),
        });
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let number = |number| NonZeroU32::new(number).unwrap();
        let settings = Settings {
            records: "records".into(),
            students: "students".into(),
            blocks: "blocks".into(),
            reviews: "reviews".into(),
            findings: "findings".into(),
            quotas: "quotas".into(),
            access_log: "access_log".into(),
            establishments: "establishments".into(),
            findings_days: 1,
            access_log_days: 180,
            new_identities: Terms { floor: number(200), percent: 20 },
            pairs: PairTerms { dates: number(3), floor: number(floor), percent: 5 },
        };
        tables.put(
            "establishments",
            item(&json!({
                "uai": UAI, "name": "Université", "kind": "universite", "commune": "75113", "postal_code": "75013",
                "sends_for": [UAI], "regime_codes": {}, "status_codes": {},
            })),
        );
        let key = |name: &str| DigestKey::new("1".into(), name.to_owned().into());
        Self {
            keys: IdentityKeys::new(key("ine"), &key("civil")),
            register: Register::new(&dynamodb, settings),
            records: RecordStore::new(dynamodb, "records".into()),
            tables,
            queue: IdentityQueue::new(
                aws_sdk_sqs::Client::new(&aws),
                "https://sqs.eu-west-3.amazonaws.com/1/identity".into(),
            ),
            sent,
            clock: Cell::new("2026-11-29T10:00:00Z".parse().unwrap()),
            ines: National::default(),
        }
    }

    /// Stores the rows of a file and follows their pointers; says what became of each.
    async fn send(&self, rows: &[Declaration]) -> Vec<Resolution> {
        let key = DigestKey::new("1".into(), "record".to_owned().into());
        let import = "a".repeat(32);
        let mut resolutions = Vec::new();
        for (line, declaration) in (2..).zip(rows) {
            let id = RecordId::of(&key, declaration);
            let version = RecordVersion::new(self.now(), "", &import, line);
            let declaration = Box::new(declaration.clone());
            let depositor = Uai::parse(UAI).unwrap();
            let record = NewRecord { id: id.clone(), version, depositor, declaration };
            self.records.put(vec![record], &Horizons::new()).await.unwrap();
            resolutions.push(self.follow(&Pointer::Record(id)).await);
        }
        resolutions
    }

    async fn follow(&self, pointer: &Pointer) -> Resolution {
        match follow(self, pointer).await.unwrap() {
            Followed::Record(resolution) => resolution,
            other => panic!("{other:?}"),
        }
    }

    /// The next day, and what is due then.
    async fn sleep(&self) {
        self.clock.set(self.clock.get() + 24.hours());
        follow(self, &Pointer::Due).await.unwrap();
        // Those that wait for INES come later.
        for sent in self.sent.drain().iter().filter(|sent| sent.delay == 0) {
            self.follow(&Pointer::read(&sent.body).unwrap()).await;
        }
    }

    fn items(&self, table: &str) -> Vec<Item> {
        self.tables.items(table)
    }

    /// What the establishment is told of each line, in the order of the lines.
    fn findings(&self) -> Vec<(String, String)> {
        let text = |item: &Item, name: &str| item[name]["S"].as_str().unwrap().to_owned();
        self.items("findings")
            .iter()
            .map(|item| (text(item, "code"), text(item, "statut_ine")))
            .collect()
    }

    fn told(&self, code: &str) -> usize {
        self.findings().iter().filter(|(found, _)| found == code).count()
    }
}

/// So many dates, one of them Eudoxie's.
fn dates(count: usize, right: usize) -> Vec<String> {
    let date = |at: usize| {
        if at == right { BIRTH_DATE.to_owned() } else { format!("2003-01-{:02}", at + 1) }
    };
    (0..count).map(date).collect()
}

#[tokio::test]
async fn the_rows_of_a_file_find_what_the_allowance_finds_and_the_rest_another_day() {
    let here = Here::new(100);
    let rows: Vec<_> =
        (0..).zip(dates(8, 6)).map(|(number, date)| row(number, &date, None)).collect();
    let resolutions = here.send(&rows).await;
    assert_eq!(resolutions[3..], [Resolution::Postponed; 5]);
    let waits = || ("couple_en_attente".to_owned(), "A_VERIFIER".to_owned());
    let unknown = || ("ine_inconnu".to_owned(), "INCONNU".to_owned());
    let told = here.findings();
    assert_eq!(told[..3], [unknown(), unknown(), unknown()]);
    assert_eq!(
        told[3..],
        [waits(), waits(), waits(), waits(), waits()],
        "right or wrong, each is told the same"
    );
    assert_eq!(
        *here.ines.asked.borrow(),
        BTreeMap::from([(Some(UAI.to_owned()), 3)]),
        "on whose word, and no more"
    );
    // The same message again is charged nothing, and finds nothing more.
    here.send(&rows[4..]).await;
    assert_eq!(
        (here.told("couple_en_attente"), here.ines.asked.borrow()[&Some(UAI.to_owned())]),
        (5, 3)
    );

    here.sleep().await;
    assert_eq!(
        (here.told("ine_inconnu"), here.told("couple_en_attente")),
        (6, 2),
        "what was asked about again is free"
    );
    here.sleep().await;
    assert_eq!((here.told("ine_inconnu"), here.told("couple_en_attente")), (7, 0));
    let published =
        here.items("records").iter().filter(|record| record["state"]["S"] == "resolved").count();
    assert_eq!(published, 1, "the right one, in its turn");
}

#[tokio::test]
async fn unknown_pairs_of_rows_are_few_and_known_ones_are_given_back() {
    let here = Here::new(20);
    let other = |number: usize| {
        let mut declaration = row(number, BIRTH_DATE, None);
        declaration.ine = Ine::rnie(u32::try_from(number).unwrap() + 1);
        declaration
    };
    let known: Vec<_> = (100..130).map(|number| row(number, BIRTH_DATE, None)).collect();
    assert!(here.send(&known).await.iter().all(|resolution| *resolution == Resolution::Published));
    let unknown: Vec<_> = (0..25).map(other).collect();
    here.send(&unknown).await;
    assert_eq!((here.told("ine_inconnu"), here.told("couple_en_attente")), (20, 5));
}

#[tokio::test]
async fn rows_that_name_the_person_rightly_do_not_count_and_wrong_ones_tell_little() {
    let here = Here::new(100);
    let wrong: Vec<_> =
        (0..).zip(dates(6, 5)).map(|(number, date)| row(number, &date, Some("Dubois"))).collect();
    here.send(&wrong).await;
    let told = here.findings();
    assert!(told[..3].iter().all(|(code, _)| code != "couple_en_attente"), "{told:?}");
    assert!(
        told[3..].iter().all(|(code, _)| code == "couple_en_attente"),
        "its birth date shows by no row: {told:?}"
    );
    assert_eq!(told.len(), 6);
    let right = here.send(&[row(9, BIRTH_DATE, Some("Quintefeuille"))]).await;
    assert_eq!(right, [Resolution::Published]);
}

#[tokio::test]
async fn what_ines_did_not_answer_is_not_charged() {
    let here = Here::new(20);
    here.ines.is_away.set(true);
    let rows: Vec<_> =
        (0..).zip(dates(5, 4)).map(|(number, date)| row(number, &date, None)).collect();
    assert_eq!(here.send(&rows).await, [Resolution::Postponed; 5]);
    assert_eq!(here.findings(), []);
    here.ines.is_away.set(false);
    here.send(&rows[4..]).await;
    here.send(&rows[..3]).await;
    assert_eq!(
        (here.told("ine_inconnu"), here.told("couple_en_attente")),
        (2, 1),
        "three were checked in all"
    );
}

#[tokio::test]
async fn each_pair_that_is_checked_leaves_a_trace() {
    let here = Here::new(100);
    here.send(&[
        row(1, "2003-01-01", None),
        row(2, BIRTH_DATE, None),
        row(3, BIRTH_DATE, Some("Quintefeuille")),
    ])
    .await;
    let traces = here.items("access_log");
    let text = |trace: &Item, name: &str| trace[name]["S"].as_str().unwrap().to_owned();
    let mut subjects: Vec<_> =
        traces.iter().map(|trace| text(trace, "subject")[..2].to_owned()).collect();
    subjects.sort();
    assert_eq!(
        subjects,
        ["D#", "R#"],
        "nobody's, and that of whom INES has; a row that names the person leaves none"
    );
    for trace in &traces {
        assert_eq!(
            (text(trace, "action").as_str(), text(trace, "depositor").as_str()),
            ("checked", UAI)
        );
        assert_eq!(text(trace, "import"), "a".repeat(32));
    }
    assert!(
        here.items("records").iter().all(|record| record["depositor"]["S"] == UAI),
        "its record names the depositor"
    );
}
