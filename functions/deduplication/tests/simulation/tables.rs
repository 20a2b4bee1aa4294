//! What is stored, read back as a whole.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::feeding::record::Record;
use shared::identity::block::BlockId;
use shared::identity::digest::{IneDigest, RecordId};
use shared::identity::edge::Edge;
use shared::identity::finding::{FindingCode, StatutIne};
use shared::identity::publication::Blocks;
use shared::identity::review::{Case, CaseId};
use shared::identity::student::{PublishedAnswer, RecordVersion, Student, StudentId};

/// A student's item: the student without its edges, or whom it leads to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stored {
    Student {
        version: u64,
        on_hold: BTreeMap<CaseId, BTreeSet<StudentId>>,
        moving: Option<CaseId>,
        answer: Option<PublishedAnswer>,
    },
    Alias {
        into: StudentId,
    },
}

/// A finding, by its import and its place there.
type Findings = BTreeMap<(String, String), (RecordVersion, FindingCode, StatutIne)>;

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tables {
    pub(crate) records: BTreeMap<RecordId, Record>,
    /// The version that the content of each record came with.
    pub(crate) said_at: BTreeMap<RecordId, RecordVersion>,
    pub(crate) students: BTreeMap<StudentId, Stored>,
    pub(crate) edges: BTreeMap<StudentId, BTreeMap<RecordId, Edge>>,
    pub(crate) ines: BTreeMap<IneDigest, (StudentId, Option<PublishedAnswer>)>,
    pub(crate) blocks: Blocks,
    pub(crate) cases: BTreeMap<CaseId, Case>,
    findings: Findings,
    /// Requests to INES that were paid for.
    pub(crate) reserved: u64,
}

/// An item of `students`, of any kind.
#[derive(Deserialize)]
struct StudentItem {
    pk: String,
    #[serde(default)]
    version: u64,
    #[serde(default)]
    on_hold: BTreeMap<CaseId, BTreeSet<StudentId>>,
    moving: Option<CaseId>,
    merged_into: Option<StudentId>,
    edge: Option<Edge>,
    student: Option<StudentId>,
    answer: Option<PublishedAnswer>,
}

impl Tables {
    /// Reads everything.
    pub(crate) fn read(database: &fakes::dynamodb::Tables) -> Self {
        let mut tables = Self::default();
        for item in database.plain("records") {
            let record: Record = value(item.clone());
            tables.said_at.insert(record.id.clone(), value(item["said_at"].clone()));
            tables.records.insert(record.id.clone(), record);
        }
        for item in database.plain("students") {
            tables.add_student(value(item));
        }
        for item in database.plain("blocks") {
            let key: BlockId = value(item["pk"].clone());
            tables.blocks.insert(key, value(item));
        }
        for item in database.plain("reviews") {
            let case: Case = value(item);
            tables.cases.insert(case.id.clone(), case);
        }
        for item in database.plain("findings") {
            let place = (value(item["import"].clone()), value(item["position"].clone()));
            let found = (
                value(item["version"].clone()),
                value(item["code"].clone()),
                value(item["statut_ine"].clone()),
            );
            tables.findings.insert(place, found);
        }
        let reserved =
            database.plain("quotas").into_iter().filter_map(|item| item["reserved_count"].as_u64());
        tables.reserved = reserved.sum();
        tables
    }

    fn add_student(&mut self, item: StudentItem) {
        if let Some(ine) = item.pk.strip_prefix("I#") {
            self.ines.insert(value(ine.into()), (item.student.unwrap(), item.answer));
            return;
        }
        let id: StudentId = value(item.pk.strip_prefix("S#").unwrap().into());
        if let Some(edge) = item.edge {
            self.edges.entry(id).or_default().insert(edge.record.clone(), edge);
            return;
        }
        let StudentItem { version, on_hold, moving, answer, .. } = item;
        let stored = match item.merged_into {
            Some(into) => Stored::Alias { into },
            None => Stored::Student { version, on_hold, moving, answer },
        };
        self.students.insert(id, stored);
    }

    /// A student, or the one that it was joined to.
    pub(crate) fn student(&self, mut id: StudentId) -> Option<Student> {
        loop {
            match self.students.get(&id)? {
                Stored::Alias { into } => id = *into,
                Stored::Student { version, on_hold, moving, .. } => {
                    let edges = self.edges.get(&id).into_iter().flat_map(BTreeMap::values).cloned();
                    let mut student = Student::restore(id, *version, on_hold.clone(), edges);
                    student.moving.clone_from(moving);
                    return Some(student);
                }
            }
        }
    }
}

fn value<T: DeserializeOwned>(item: Value) -> T {
    serde_json::from_value(item).unwrap()
}
