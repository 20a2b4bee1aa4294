//! Published answers, as consultation reads them.
//!
//! | item of `students` | attributes read here |
//! |---|---|
//! | `S#<student>` / `STUDENT` | `answer` and `stat`, absent when nothing may be told; `merged_into`, the student who has taken its place |
//! | `I#<digest of an INE>` / `ANSWER` | `student`; `answer`, when it is published under that INE, and not under another of the student's |
//!
//! Reads are bounded, and may be a little old: by INE one, two for an INE of the past; by civil
//! identity two, the second after the first. Each merge that a reader has to follow adds one.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::blocks::{BlockStore, Consistency};
use super::keys::{self, Item, text};
use super::segment::{Position, Segment};
use crate::domain::enrolment::Enrolment;
use crate::domain::ine::Ine;
use crate::identity::digest::{IdentityKeys, IneDigest};
use crate::identity::engine::lookup::Mode;
use crate::identity::lookup::{CivilQuestion, meant};
use crate::identity::stat::Stat;
use crate::identity::student::{PublishedAnswer, StudentId};

/// Students read for one question at most: the one that is named, and those that took its place one
/// after another. A merge moves what leads to a student in the same transaction, so a reader meets
/// one only between two reads.
const MOST_STUDENTS: usize = 4;

/// The tables `students` and `blocks`, read only.
#[derive(Debug, Clone)]
pub struct AnswerStore {
    client: Client,
    students: String,
    blocks: BlockStore<StudentId>,
}

/// What is read of a student.
#[derive(Deserialize)]
struct StoredStudent {
    answer: Option<PublishedAnswer>,
    merged_into: Option<StudentId>,
}

/// What is read of an INE.
#[derive(Deserialize)]
struct StoredIne {
    student: StudentId,
    answer: Option<PublishedAnswer>,
}

/// A student, as statistics see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanned {
    Published {
        student: StudentId,
        stat: Stat,
        enrolments: Vec<Enrolment>,
    },
    /// Nothing may be told of it, so it isn't counted.
    OnHold,
    /// Its item has another form than we write. It is counted apart: one item must not keep
    /// statistics from being made.
    Malformed,
}

impl Scanned {
    /// Reads what [`AnswerStore::statistics_page`] projects of an item.
    fn of(item: Item) -> Self {
        #[derive(Deserialize)]
        struct Stored {
            pk: String,
            answer: Option<Enrolments>,
            #[serde(default)]
            stat: Stat,
        }
        #[derive(Deserialize)]
        struct Enrolments {
            inscriptions: Vec<Enrolment>,
        }
        let Ok(Stored { pk, answer, stat }) = serde_dynamo::from_item(item) else {
            return Self::Malformed;
        };
        let Some(Enrolments { inscriptions: enrolments }) = answer else { return Self::OnHold };
        match pk.strip_prefix(keys::STUDENT_PREFIX).and_then(StudentId::parse) {
            Some(student) => Self::Published { student, stat, enrolments },
            None => Self::Malformed,
        }
    }
}

impl AnswerStore {
    /// The tables of those names.
    #[must_use]
    pub fn new(client: Client, students: String, blocks: String) -> Self {
        Self { blocks: BlockStore::new(client.clone(), blocks), client, students }
    }

    /// The answer for an INE: one read, two for an INE that the student no longer goes by. One more
    /// while the register is re-keyed.
    pub async fn by_ine(
        &self,
        ine: &Ine,
        keys: &IdentityKeys,
    ) -> Result<Option<PublishedAnswer>, StoreError> {
        for alive in keys.alive() {
            let key = keys::ine(&alive.ine(ine));
            match self.get(key, "student, answer", Consistency::of(keys)).await? {
                Some(StoredIne { answer: Some(answer), .. }) => return Ok(Some(answer)),
                Some(StoredIne { student, answer: None }) => return self.by_student(student).await,
                None => {}
            }
        }
        Ok(None)
    }

    /// The student that has an INE, whatever may be told of it.
    pub async fn student_of(&self, ine: &IneDigest) -> Result<Option<StudentId>, StoreError> {
        #[derive(Deserialize)]
        struct Stored {
            student: StudentId,
        }
        let read = self.get(keys::ine(ine), "student", Consistency::Eventual).await?;
        Ok(read.map(|Stored { student }| student))
    }

    /// The answer for a student, or for the one that took its place; none while a person has to
    /// decide about it.
    pub async fn by_student(
        &self,
        student: StudentId,
    ) -> Result<Option<PublishedAnswer>, StoreError> {
        let mut at = student;
        for _ in 0..MOST_STUDENTS {
            let key = keys::student(at);
            match self.get(key, "answer, merged_into", Consistency::Eventual).await? {
                Some(StoredStudent { merged_into: Some(survivor), .. }) => at = survivor,
                Some(StoredStudent { answer, .. }) => return Ok(answer),
                None => return Ok(None),
            }
        }
        tracing::warn!(student = %student, "merges lead on and on");
        Ok(None)
    }

    /// The answer for the only student that a civil identity can mean: two reads, whether there is
    /// one or not. One more while the register is re-keyed.
    pub async fn by_identity(
        &self,
        question: &CivilQuestion,
        keys: &IdentityKeys,
        mode: Mode,
    ) -> Result<Option<PublishedAnswer>, StoreError> {
        let person = question.person();
        let mut blocks = BTreeMap::new();
        for alive in keys.alive() {
            let wanted = alive.blocks.of(&person);
            blocks.extend(self.blocks.read(&wanted, Consistency::of(keys)).await?);
        }
        // Nobody is looked for as long as somebody of whom nothing may be told: the time that an
        // answer takes must not tell a former student from a stranger.
        let student = meant(&person, blocks.values(), mode).unwrap_or_else(StudentId::random);
        self.by_student(student).await
    }

    /// The answer for the only student that somebody who asks about themselves can be: in strict
    /// mode, and by their very names and date.
    ///
    /// The engine forgives a letter where another given name agrees, and parents give twins such
    /// names: an administration that asks has a person before it, a page has nobody.
    pub async fn of_oneself(
        &self,
        question: &CivilQuestion,
        keys: &IdentityKeys,
    ) -> Result<Option<PublishedAnswer>, StoreError> {
        let found = self.by_identity(question, keys, Mode::Strict).await?;
        Ok(found.filter(|answer| question.names(answer)))
    }

    /// What statistics count of the students of one page of a part of the table, and where the next
    /// one begins. Nothing that identifies a person is read but the random id.
    pub async fn statistics_page(
        &self,
        segment: Segment,
        after: Option<Position>,
    ) -> Result<(Vec<Scanned>, Option<Position>), StoreError> {
        // An answer is stored under the student and again under its INE: only the first counts.
        let scan = self
            .client
            .scan()
            .table_name(&self.students)
            .filter_expression(
                "sk = :student AND begins_with(pk, :prefix) AND attribute_not_exists(merged_into)",
            )
            .expression_attribute_values(":student", text(keys::STUDENT))
            .expression_attribute_values(":prefix", text(keys::STUDENT_PREFIX))
            .projection_expression("pk, answer.inscriptions, stat");
        let (items, next) = segment.page(scan, after, "students Scan").await?;
        Ok((items.into_iter().map(Scanned::of).collect(), next))
    }

    /// Some attributes of an item.
    async fn get<T: DeserializeOwned>(
        &self,
        key: Item,
        attributes: &str,
        consistency: Consistency,
    ) -> Result<Option<T>, StoreError> {
        const OPERATION: &str = "students GetItem";
        let output = self
            .client
            .get_item()
            .table_name(&self.students)
            .set_key(Some(key))
            .projection_expression(attributes)
            .consistent_read(consistency == Consistency::Strong)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let item = output.item.map(serde_dynamo::from_item).transpose();
        item.map_err(|_| StoreError::shape(OPERATION))
    }
}
