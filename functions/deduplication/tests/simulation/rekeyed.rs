//! The register under new secrets: on the way everybody is found under one of the two, in the end
//! it is what it would have been under the new ones from the beginning, and it goes on.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;
use shared::domain::civil_identity::CivilIdentity;
use shared::identity::digest::{DigestKey, IdentityKeys};
use shared::identity::engine::lookup::Mode;
use shared::identity::lookup::CivilQuestion;
use shared::identity::student::PublishedAnswer;
use shared::registry::answers::AnswerStore;
use shared::registry::rekeying::{Rekeyed, Rekeying, Tables};

use crate::drive::{Pace, drive};
use crate::world::Sim;
use crate::{check, replay, seeds, world};

/// Parts of the tables.
const SEGMENTS: i32 = 4;

/// Those that come next, of which the simulation has the first.
fn next() -> IdentityKeys {
    let key = |text: &str| DigestKey::new("2".into(), text.to_owned().into());
    IdentityKeys::new(key("the next of INEs"), &key("the next of identities"))
}

fn rekeying(sim: &Sim, before: &IdentityKeys, after: &IdentityKeys) -> Rekeying {
    let tables = Tables {
        students: "students".into(),
        blocks: "blocks".into(),
        records: "records".into(),
        reviews: "reviews".into(),
    };
    Rekeying::new(sim.stores.dynamodb.clone(), tables, before.clone(), after.clone())
}

/// What is told of everybody, by each INE and each identity that anybody gave them.
fn told(sim: &Sim, keys: &IdentityKeys) -> BTreeMap<String, Option<PublishedAnswer>> {
    let dynamodb = sim.stores.dynamodb.clone();
    let answers = AnswerStore::new(dynamodb, "students".into(), "blocks".into());
    let mut told = BTreeMap::new();
    for student in check::students(&sim.tables()) {
        for ine in student.ines() {
            let answer = sim.operator(answers.by_ine(&ine, keys)).unwrap();
            told.insert(format!("{} by {}", student.id, ine.expose()), answer);
        }
        for edge in student.edges() {
            let Some(identity) = edge.declaration.identite.said() else { continue };
            let question = asked(identity);
            let answer = sim.operator(answers.by_identity(&question, keys, Mode::Strict)).unwrap();
            told.insert(edge.record.to_string(), answer);
        }
    }
    told
}

fn asked(identity: &CivilIdentity) -> CivilQuestion {
    CivilQuestion {
        nom_famille: identity.nom_famille.clone(),
        prenom1: identity.prenom1.clone(),
        autres_prenoms: identity.autres_prenoms.clone(),
        date_naissance: identity.date_naissance,
        sexe: identity.sexe,
        lieu_naissance: identity.lieu_naissance,
    }
}

fn all(sim: &Sim, rekeying: &Rekeying) -> Rekeyed {
    let mut done = Rekeyed::default();
    for segment in 0..SEGMENTS {
        done += sim.operator(rekeying.ines(segment, SEGMENTS)).unwrap();
        done += sim.operator(rekeying.blocks(segment, SEGMENTS)).unwrap();
    }
    done += sim.operator(rekeying.cases()).unwrap();
    done
}

/// The keys of INEs that a case holds against each other.
fn masters(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "master" {
                    found.extend(value.as_str().map(str::to_owned));
                }
                masters(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| masters(value, found)),
        _ => {}
    }
}

#[test]
fn everybody_is_found_on_the_way_and_the_register_goes_on_under_new_secrets() {
    let (mut moved, mut compared) = (0, 0);
    let counted = std::cell::RefCell::new((&mut moved, &mut compared));
    seeds(18, |seed, failing| {
        let (mut sim, population) =
            world(seed, 6 + usize::try_from(seed % 12).unwrap(), seed % 2 == 1);
        let (first, rest) = population.statements.split_at(population.statements.len() / 2);
        drive(&sim, first, Pace::Disorder { deaths: 0 });
        let before = sim.keys.clone();
        // Each secret by itself, or both at once.
        let after = match seed % 3 {
            0 => next(),
            1 => before.clone().with_blocks(next().blocks),
            _ => next().with_blocks(before.blocks.clone()),
        };
        let expected = told(&sim, &before);

        // A part of each, and then it is stopped.
        let rekeying = rekeying(&sim, &before, &after);
        let part = i32::try_from(seed % 4).unwrap();
        sim.operator(rekeying.ines(part, SEGMENTS)).unwrap();
        sim.operator(rekeying.blocks(part, SEGMENTS)).unwrap();
        let both = after.clone().after(before.clone());
        assert_eq!(told(&sim, &both), expected, "somebody is found under neither secret");

        let done = all(&sim, &rekeying);
        assert_eq!(done.left, 0);
        assert_eq!(all(&sim, &rekeying), Rekeyed::default(), "a second run finds nothing to move");
        assert_eq!(told(&sim, &after), expected, "somebody is lost with the old secrets");
        let mut held = Vec::new();
        for case in sim.tables().cases.values() {
            masters(&serde_json::to_value(&case.question).unwrap(), &mut held);
        }
        let id = if seed % 3 == 1 { "1." } else { "2." };
        assert!(held.iter().all(|master| master.starts_with(id)), "{held:?}");
        {
            let mut counted = counted.borrow_mut();
            *counted.0 += done.moved;
            *counted.1 += held.len();
        }

        Rc::get_mut(&mut sim).unwrap().keys = after;
        *failing = Some(Rc::clone(&sim));
        check::settled(&sim.tables(), &sim.keys);
        drive(&sim, rest, Pace::Disorder { deaths: 3 });
        check::settled(&sim.tables(), &sim.keys);
        replay(&sim);
    });
    assert!(moved > 0 && compared > 0, "nothing was there to move: {moved}, {compared}");
}
