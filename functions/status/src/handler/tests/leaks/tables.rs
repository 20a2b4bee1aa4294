//! The tables in the form that the register writes, and an AWS of this process that reads them.

use std::collections::BTreeMap;
use std::sync::Arc;

use evaluation::set::LabelledSet;
use fakes::aws::{Call, Response, keyed, respond};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::access::client::{Client, Key, Quota, Recipients, State};
use shared::access::key::KeyDigest;
use shared::access::route::Route;
use shared::access::scope::Scopes;
use shared::domain::academic_year::day_in_france;
use shared::domain::enrolment::StatedPerson;
use shared::identity::block::{Block, Traits};
use shared::identity::engine::blocking::Blocking;
use shared::identity::engine::lookup::Mode;
use shared::identity::engine::register::Register;
use shared::identity::student::StudentId;

use super::super::{context_over, keys};
use super::doubles::{Doubles, client_id, key};
use super::population;
use crate::context::Context;
use shared::api::Api;

/// What consultation reads.
pub(super) struct Tables {
    stored: fakes::dynamodb::Tables,
    /// Records that the register would have refused.
    pub(super) refused: usize,
}

impl Tables {
    /// Records become students as `cargo local match` decides, and are indexed as the register indexes
    /// them.
    pub(super) fn of(set: &LabelledSet) -> Self {
        let mut register = Register::new(Blocking::new(&"records in memory".to_owned().into()));
        let mut accepted = Vec::new();
        for record in &set.records {
            if let Some(traits) = population::traits(record) {
                register.add(traits.person(), |_| ());
                accepted.push((record, traits));
            }
        }
        let refused = set.records.len() - accepted.len();
        let mut by_student: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for number in 0..accepted.len() {
            let number = u32::try_from(number).unwrap();
            let student =
                register.student_of(shared::identity::engine::register::RecordNumber(number));
            by_student.entry(student.0).or_default().push(number as usize);
        }
        let keys = keys().blocks;
        let stored = fakes::dynamodb::Tables::default();
        let mut blocks: BTreeMap<String, Block<StudentId>> = BTreeMap::new();
        for records in by_student.values() {
            let student = StudentId::random();
            let (first, said) = &accepted[records[0]];
            let mut item = keyed(
                "pk",
                &format!("S#{student}"),
                &student_item(student, said, &first.record_id),
            );
            item.insert("sk".into(), json!({ "S": "STUDENT" }));
            stored.put("students", item);
            let traits = records.iter().map(|record| &accepted[*record].1);
            for (key, traits) in keys.spread(traits) {
                blocks.entry(key.as_str().to_owned()).or_default().set(&student, &traits);
            }
        }
        for (key, block) in blocks {
            stored.put("blocks", keyed("pk", &key, &block));
        }
        for (id, client) in clients() {
            stored.put("clients", keyed("id", &id, &client));
        }
        Self { stored, refused }
    }

    fn answer(&self, call: &Call) -> Response {
        match call.service.as_str() {
            "secretsmanager" => {
                respond(200, &json!({ "SecretString": r#"{"client_secret":"secret","keys":[]}"# }))
            }
            _ => self.stored.call(&call.operation, &call.text),
        }
    }
}

/// A student who is enrolled today, in an establishment that is called like its first record: who
/// was told shows in every route's answer.
fn student_item(student: StudentId, said: &Traits, record: &str) -> Value {
    let StatedPerson::Civil(identity) = &said.identite else { panic!("{said:?}") };
    let today = day_in_france(Timestamp::now());
    json!({ "version": 1, "answer": {
        "student": student, "nomFamille": identity.nom_famille, "prenom": identity.prenom1,
        "dateNaissance": identity.date_naissance,
        "inscriptions": [{
            "dateDebut": today, "dateFin": today.tomorrow().unwrap(), "statut": "inscrit", "regime": "RF1",
            "codeCommune": "75113", "uai": "0751967F", "nomEtablissement": record,
        }],
    } })
}

/// A client for each mode, with all that it can have, and no limit that would be met.
fn clients() -> BTreeMap<String, Value> {
    let mut clients = BTreeMap::new();
    for mode in [Mode::Standard, Mode::Strict] {
        let id = client_id(mode);
        let most = std::num::NonZeroU32::MAX;
        let client = Client {
            routes: Route::ALL.into(),
            scopes: Scopes::ALL,
            recipients: Recipients::Any,
            look_up: mode,
            quota: Quota { per_second: most, per_caller: None, unknown_per_hour: most },
            ..Client::new(id, id)
        };
        let digest = KeyDigest::of(key(mode));
        let key = Key {
            digest,
            client_id: id.to_owned(),
            routes: [Route::StatusByIdentity].into(),
            state: State::Active,
            valid_until: None,
            created_at: Timestamp::now(),
            made_by: None,
            ended_by: None,
        };
        clients.insert(format!("CLIENT#{id}"), serde_json::to_value(client).unwrap());
        clients.insert(format!("KEY#{}", digest.locator()), serde_json::to_value(key).unwrap());
        clients.insert(format!("FC#{id}"), json!({ "client_id": id }));
    }
    clients
}

/// The function's context over the tables.
pub(super) fn context(tables: &Arc<Tables>, doubles: &Doubles) -> Api<Context> {
    let tables = Arc::clone(tables);
    context_over(
        move |call| tables.answer(call),
        Some(doubles.issuer()),
        Some(doubles.france_connect()),
        Box::new(std::io::sink()),
    )
}
