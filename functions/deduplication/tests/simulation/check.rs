//! What must hold: after every transaction, and once every pointer is followed.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::civil_identity::CivilIdentity;
use shared::domain::record_state::{Doubt, RecordState};
use shared::identity::block::{BlockId, Traits};
use shared::identity::digest::{IdentityKeys, IneDigest, RecordId};
use shared::identity::edge::{Edge, InesVerification, Reason};
use shared::identity::engine::lookup::Mode;
use shared::identity::lookup::{self, CivilQuestion};
use shared::identity::review::{CaseId, CaseQuestion, State};
use shared::identity::student::{PublishedAnswer, Student, StudentId};

use crate::tables::{Stored, Tables};

/// Everybody who is a student, with all edges.
pub(crate) fn students(tables: &Tables) -> Vec<Student> {
    let of = |(id, stored): (&StudentId, &Stored)| match stored {
        Stored::Student { .. } => tables.student(*id),
        Stored::Alias { .. } => None,
    };
    tables.students.iter().filter_map(of).collect()
}

/// Everything that is looked up says what the edges say, at every moment.
pub(crate) fn derived(tables: &Tables, keys: &IdentityKeys) {
    let students = students(tables);
    let mut indexed: BTreeMap<BlockId, BTreeMap<StudentId, Vec<Traits>>> = BTreeMap::new();
    let mut led: BTreeMap<IneDigest, (StudentId, Option<PublishedAnswer>)> = BTreeMap::new();
    for student in &students {
        for (key, traits) in student.block_entries(keys) {
            indexed.entry(key).or_default().insert(student.id, traits);
        }
        let answer = student.answer();
        let Stored::Student { answer: stored, .. } = &tables.students[&student.id] else {
            panic!("an alias")
        };
        assert_eq!(stored, &answer, "what is told of {} is not what its records say", student.id);
        let Some(answer) = answer else { continue };
        for ine in student.ines() {
            let told = (student.primary() == Some(ine)).then(|| answer.clone());
            let before = led.insert(keys.ine(&ine), (student.id, told));
            assert!(before.is_none_or(|(other, _)| other == student.id), "an INE is two students'");
        }
        assert!(student.edges().next().is_some(), "{} has no record", student.id);
    }
    assert_eq!(tables.ines, led, "INEs don't lead where the records say");
    let with_edges: BTreeSet<StudentId> = tables.edges.keys().copied().collect();
    let alive: BTreeSet<StudentId> = students.iter().map(|student| student.id).collect();
    assert!(with_edges.is_subset(&alive), "evidence is left of a student that is no more");
    for (key, block) in &tables.blocks {
        let mut entries: BTreeMap<StudentId, Vec<Traits>> = BTreeMap::new();
        for entry in &block.entries {
            entries.entry(entry.holder).or_default().push(entry.traits.clone());
        }
        let expected = indexed.remove(key).unwrap_or_default();
        let left_out = |holder| block.cut && !entries.contains_key(holder);
        for (holder, traits) in &expected {
            assert!(
                left_out(holder) || entries.get(holder) == Some(traits),
                "{holder} is indexed otherwise"
            );
        }
        assert!(
            entries.keys().all(|holder| expected.contains_key(holder)),
            "indexed, and has it no more"
        );
    }
    assert!(indexed.is_empty(), "{} keys lead to nobody", indexed.len());
    for student in &students {
        apart(student);
    }
}

/// Nobody is made of records that people parted, or of people whom INES tells apart, unless people
/// joined them; and nobody has an INE that was given beside another.
fn apart(student: &Student) {
    for edge in student.edges() {
        for other in student.edges_besides(&edge.record) {
            assert!(
                !edge.parts_from(&other.record, &other.links),
                "{} holds what people parted",
                student.id
            );
        }
        let given = matches!(edge.verification, InesVerification::Granted { .. });
        assert!(
            !given || edge.declaration.ine.is_none(),
            "{} has two INEs, one of them for ever",
            student.id
        );
    }
    let vouched: BTreeSet<_> = student.edges().filter_map(Edge::verified).collect();
    let decided =
        student.edges().any(|edge| edge.reason == Reason::Decided || !edge.links.same.is_empty());
    assert!(vouched.len() < 2 || decided, "{} has two INEs that INES vouches for", student.id);
}

/// Whom a question means that has all of an identity.
pub(crate) fn meant(
    tables: &Tables,
    keys: &IdentityKeys,
    identity: &CivilIdentity,
    mode: Mode,
) -> Option<StudentId> {
    let question = CivilQuestion {
        nom_famille: identity.nom_famille.clone(),
        prenom1: identity.prenom1.clone(),
        autres_prenoms: identity.autres_prenoms.clone(),
        date_naissance: identity.date_naissance,
        sexe: identity.sexe,
        lieu_naissance: identity.lieu_naissance,
    };
    let person = question.person();
    let read = keys.blocks.of(&person);
    lookup::meant(&person, read.iter().filter_map(|key| tables.blocks.get(key)), mode)
}

/// Whoever INES confirmed is found by all that INES has of them, whatever else was sent.
fn nobody_is_hidden(tables: &Tables, keys: &IdentityKeys) {
    let students = students(tables);
    let confirmed = || {
        students
            .iter()
            .flat_map(|one| one.edges().filter_map(move |edge| Some((one, edge.registered()?))))
    };
    for (student, identity) in confirmed().filter(|(student, _)| student.answer().is_some()) {
        // Two people of a surname and a date, whom INES confirmed, may both be meant.
        let named = |one: &CivilIdentity| (one.nom_famille.folded(), one.date_naissance);
        let alone = confirmed()
            .all(|(other, known)| other.id == student.id || named(identity) != named(known));
        // To a strict client a country alone confirms a rare name only.
        let has_commune =
            identity.lieu_naissance.is_some_and(|place| !place.as_str().starts_with("99"));
        if !alone || !has_commune {
            continue;
        }
        let found = meant(tables, keys, identity, Mode::Strict);
        assert_eq!(found, Some(student.id), "somebody whom INES confirmed is hidden");
    }
}

/// Every record is exactly one student's, in its last version, and waits only where a person has to
/// look.
pub(crate) fn settled(tables: &Tables, keys: &IdentityKeys) {
    derived(tables, keys);
    nobody_is_hidden(tables, keys);
    let mut edges = BTreeMap::new();
    for (student, own) in &tables.edges {
        for edge in own.values() {
            let before = edges.insert(edge.record.clone(), *student);
            assert_eq!(before, None, "{} is two students'", edge.record);
        }
    }
    for record in tables.records.values() {
        let id = &record.id;
        assert_ne!(
            record.state,
            RecordState::Pending,
            "{id} waits for a pointer that was never sent"
        );
        let student = record.student.and_then(|student| tables.student(student));
        let Some(student) = student else { panic!("{id} leads to nobody: {record:?}") };
        let Some(edge) = student.edge(id) else {
            panic!("{id} leads to {}, which doesn't have it", student.id)
        };
        // A repetition moves the version, and leaves what was said before as it is.
        let said = tables.said_at[id].clone()..=record.version.clone();
        assert!(said.contains(&edge.version), "{id} is attached as it was before");
        assert_eq!(edge.links, record.links, "{id}: what people decided");
        assert_eq!(edge.declaration.inscription, record.declaration.inscription, "{id}");
        let disputed = student.on_hold.keys().any(CaseId::is_dispute);
        let shown = student.answer().is_some();
        assert!(
            disputed || shown == (record.state == RecordState::Resolved),
            "{id} is {:?}",
            record.state
        );
        let contradicted = student
            .edges()
            .all(|edge| edge.verification == InesVerification::Differs && edge.links.is_empty());
        assert!(
            !(shown && contradicted),
            "{} is told, and INES contradicts all that is said of it",
            student.id
        );
    }
    assert_eq!(edges.len(), tables.records.len(), "evidence is left of a record that is no more");
    for student in students(tables) {
        for case in student.on_hold.keys() {
            let stored = tables.cases.get(case).map(|case| case.state);
            // Nobody is asked whose an enrolment was that is cancelled, whatever was decided
            // before, or who is beyond an establishment's quota.
            let beyond = || {
                student.edges().any(|edge| tables.records[&edge.record].doubt == Some(Doubt::Quota))
            };
            let settled =
                stored.is_none_or(|state| matches!(state, State::Withdrawn | State::Applied));
            let asked = stored == Some(State::Open) || (!student.competes() || beyond()) && settled;
            assert!(asked, "{} waits for {case}, which is {stored:?}", student.id);
            let its_own = student.edges().any(|edge| *case == CaseId::attachment(&edge.record));
            assert!(
                its_own || case.is_dispute(),
                "{} waits for the case of another's record",
                student.id
            );
        }
    }
    for case in tables.cases.values() {
        let waits = matches!(case.state, State::Decided | State::Undone);
        assert!(!waits, "{} waits for a pointer that was never sent", case.id);
        if let (State::Open, CaseQuestion::Attachment { record, .. }) = (case.state, &case.question)
        {
            let student =
                tables.records[record].student.and_then(|student| tables.student(student)).unwrap();
            assert!(
                student.on_hold.contains_key(&case.id),
                "{} is open, and {} doesn't wait for it",
                case.id,
                student.id
            );
        }
    }
}

/// Which records are together.
pub(crate) fn partition(tables: &Tables) -> BTreeSet<BTreeSet<RecordId>> {
    tables.edges.values().map(|own| own.keys().cloned().collect()).collect()
}

/// What people decided is kept as long as it stands: one that came up again before it was undone
/// still does. Gives whether anything does.
pub(crate) fn only_what_stands_is_kept(tables: &Tables) -> bool {
    let stands = |case: &CaseId| {
        tables.cases[case].decisions.iter().any(|decision| decision.undone.is_none())
    };
    for record in tables.records.values() {
        let kept = record.links.same.keys().chain(record.links.different.keys());
        for case in kept {
            assert!(stands(case), "{} keeps what was undone in {case}", record.id);
        }
    }
    tables.cases.keys().any(stands)
}
