//! Students as deduplication reads them, and whoever needs their evidence.
//!
//! | item | attributes |
//! |---|---|
//! | `S#<id>`, `STUDENT` | `version`; `answer` and `stat`, if anything may be told; `on_hold`, the cases for which nothing is; |
//! | | `moving`, the case for which its records move |
//! | | or `version` and `merged_into`: an alias of another student |
//! | `S#<id>`, `E#<record>` | `edge`: the evidence of an attachment |
//! | `I#<HMAC(INE)>`, `ANSWER` | `student`; `answer` if it is the INE to keep, none if it leads to one |

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::keys::{self, Item, number, text};
use super::segment::{Position, Segment};
use super::transaction::EncodeError;
use crate::domain::ine::Ine;
use crate::identity::digest::{IdentityKeys, IneDigest};
use crate::identity::edge::Edge;
use crate::identity::review::CaseId;
use crate::identity::student::{Student, StudentId};

/// How many aliases are followed: each was made by a merge of its own, which leads to a student
/// that was there.
const MOST_HOPS: usize = 8;

/// What one reading of a part of the table tells retention.
#[derive(Debug, Default)]
pub struct RetentionPage {
    /// Students of whom every enrolment that was read ended before the day that was asked about.
    /// Others may be on the next page: whoever erases reads the student.
    pub ended: Vec<StudentId>,
    /// Students that lead to another, with their versions.
    pub aliases: Vec<(StudentId, u64)>,
    /// Where to go on, when there may be more.
    pub next: Option<Position>,
}

/// The table `students`, as evidence.
#[derive(Debug, Clone)]
pub struct StudentStore {
    client: Client,
    table: String,
}

enum Found {
    Student(Student),
    Alias(StudentId),
    Nobody,
}

impl StudentStore {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// A student with all its evidence, as of now; or the one that it was joined to.
    pub async fn get(&self, id: StudentId) -> Result<Option<Student>, StoreError> {
        let mut id = id;
        for _ in 0..MOST_HOPS {
            match self.find(id).await? {
                Found::Student(student) => return Ok(Some(student)),
                Found::Alias(into) => id = into,
                Found::Nobody => return Ok(None),
            }
        }
        Err(StoreError::shape("students Query"))
    }

    /// How many times the item of a student was written, as of now, be it an alias; `None` if there
    /// is none.
    pub async fn item_version(&self, id: StudentId) -> Result<Option<u64>, StoreError> {
        #[derive(Deserialize)]
        struct Stored {
            version: u64,
        }
        let stored: Option<Stored> = self.attribute(keys::student(id), "version").await?;
        Ok(stored.map(|stored| stored.version))
    }

    /// The student that has an INE, as of now.
    pub async fn owner(&self, ine: &IneDigest) -> Result<Option<StudentId>, StoreError> {
        #[derive(Deserialize)]
        struct Stored {
            student: StudentId,
        }
        let stored: Option<Stored> = self.attribute(keys::ine(ine), "student").await?;
        Ok(stored.map(|stored| stored.student))
    }

    /// One attribute of an item, as of now.
    async fn attribute<T: DeserializeOwned>(
        &self,
        key: Item,
        name: &str,
    ) -> Result<Option<T>, StoreError> {
        const OPERATION: &str = "students GetItem";
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key))
            .projection_expression(name)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        output
            .item
            .map(serde_dynamo::from_item)
            .transpose()
            .map_err(|_| StoreError::shape(OPERATION))
    }

    /// The student that has an INE, with all its evidence, as of now.
    pub async fn by_ine(
        &self,
        ine: &Ine,
        keys: &IdentityKeys,
    ) -> Result<Option<Student>, StoreError> {
        for alive in keys.alive() {
            if let Some(student) = self.owner(&alive.ine(ine)).await? {
                return self.get(student).await;
            }
        }
        Ok(None)
    }

    /// Every edge of one part of the table, with its student. `segment` is from 0, below
    /// `segments`.
    pub async fn scan_edges(
        &self,
        segment: i32,
        segments: i32,
        mut each: impl FnMut(StudentId, Edge),
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "students Scan";
        #[derive(Deserialize)]
        struct Stored {
            pk: String,
            edge: Edge,
        }
        let mut pages = self
            .client
            .scan()
            .table_name(&self.table)
            .segment(segment)
            .total_segments(segments)
            .filter_expression("begins_with(sk, :edge)")
            .expression_attribute_values(":edge", text(keys::EDGE))
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
            let stored: Stored =
                serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
            let student = stored.pk.strip_prefix(keys::STUDENT_PREFIX).and_then(StudentId::parse);
            each(student.ok_or_else(|| StoreError::shape(OPERATION))?, stored.edge);
        }
        Ok(())
    }

    /// One reading, of a megabyte at most, of one part of the table. It may be a little old; no
    /// identity is read.
    pub async fn scan_retention(
        &self,
        segment: Segment,
        first_kept: Date,
        from: Option<Position>,
    ) -> Result<RetentionPage, StoreError> {
        const OPERATION: &str = "students Scan";
        #[derive(Deserialize)]
        struct Stored {
            pk: String,
            #[serde(default)]
            version: u64,
            #[serde(default)]
            edge: Option<EdgeEnd>,
        }
        #[derive(Deserialize)]
        struct EdgeEnd {
            declaration: DeclarationEnd,
        }
        #[derive(Deserialize)]
        struct DeclarationEnd {
            inscription: EnrolmentEnd,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct EnrolmentEnd {
            date_fin: Date,
        }
        let scan = self
            .client
            .scan()
            .table_name(&self.table)
            .projection_expression("pk, version, #edge.declaration.inscription.dateFin")
            .filter_expression("attribute_exists(#edge) OR attribute_exists(merged_into)")
            .expression_attribute_names("#edge", "edge");
        let (items, next) = segment.page(scan, from, OPERATION).await?;
        let mut page = RetentionPage { next, ..RetentionPage::default() };
        let mut ended: BTreeMap<StudentId, bool> = BTreeMap::new();
        for item in items {
            let stored: Stored =
                serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
            let student = stored.pk.strip_prefix(keys::STUDENT_PREFIX).and_then(StudentId::parse);
            let student = student.ok_or_else(|| StoreError::shape(OPERATION))?;
            match stored.edge {
                Some(edge) => {
                    let is_over = edge.declaration.inscription.date_fin < first_kept;
                    *ended.entry(student).or_insert(true) &= is_over;
                }
                None => page.aliases.push((student, stored.version)),
            }
        }
        page.ended = ended.into_iter().filter_map(|(id, over)| over.then_some(id)).collect();
        Ok(page)
    }

    /// Deletes a student that leads to another, over the version that was read.
    pub fn delete_alias(
        &self,
        id: StudentId,
        version: u64,
    ) -> Result<TransactWriteItem, EncodeError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(keys::student(id)))
            .condition_expression("version = :version AND attribute_exists(merged_into)")
            .expression_attribute_values(":version", number(version))
            .build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    async fn find(&self, id: StudentId) -> Result<Found, StoreError> {
        const OPERATION: &str = "students Query";
        #[derive(Deserialize)]
        struct Stored {
            #[serde(default)]
            version: Option<u64>,
            #[serde(default)]
            on_hold: BTreeMap<CaseId, BTreeSet<StudentId>>,
            #[serde(default)]
            moving: Option<CaseId>,
            #[serde(default)]
            merged_into: Option<StudentId>,
            #[serde(default)]
            edge: Option<Edge>,
        }
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(keys::student_partition(id)))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let (mut student, mut edges) = (None, Vec::new());
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
            let stored: Stored =
                serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
            if let Some(into) = stored.merged_into {
                return Ok(Found::Alias(into));
            }
            edges.extend(stored.edge);
            if let Some(version) = stored.version {
                student = Some((version, stored.on_hold, stored.moving));
            }
        }
        Ok(match student {
            Some((version, on_hold, moving)) => {
                let mut student = Student::restore(id, version, on_hold, edges);
                student.moving = moving;
                Found::Student(student)
            }
            None => Found::Nobody,
        })
    }
}
