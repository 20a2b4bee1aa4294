//! Published answers, as consultation reads them.

use aws_sdk_dynamodb::Client;
use serde::Deserialize;

use super::StoreError;
use super::keys::{self, Item, text};
use crate::domain::enrolment::Enrolment;
use crate::identity::digest::{CivilDigest, IneDigest};
use crate::identity::student::{Answer, Posting, StudentId};

/// Postings read for one civil identity at most. Homonyms born on one day are two or three; beyond that nobody
/// can be told apart, and the look-up ends without an answer as it would with two.
const MOST_POSTINGS: i32 = 25;

/// The tables `students` and `postings`, read only.
#[derive(Debug, Clone)]
pub struct AnswerStore {
    client: Client,
    students: String,
    postings: String,
}

impl AnswerStore {
    /// The tables of those names.
    #[must_use]
    pub fn new(client: Client, students: String, postings: String) -> Self {
        Self { client, students, postings }
    }

    /// The answer for an INE: one read.
    pub async fn by_ine(&self, ine: &IneDigest) -> Result<Option<Answer>, StoreError> {
        self.answer(keys::ine(ine)).await
    }

    /// The answer for a student: one read.
    pub async fn by_student(&self, student: StudentId) -> Result<Option<Answer>, StoreError> {
        self.answer(keys::answer(student)).await
    }

    /// The students who share a civil identity: one read.
    pub async fn postings(&self, civil: &CivilDigest) -> Result<Vec<Posting>, StoreError> {
        const OPERATION: &str = "postings Query";
        #[derive(Deserialize)]
        struct Stored {
            posting: Posting,
        }
        let output = self
            .client
            .query()
            .table_name(&self.postings)
            // The counter sorts before every student's id.
            .key_condition_expression("pk = :pk AND sk > :counter")
            .expression_attribute_values(":pk", text(keys::civil_partition(civil)))
            .expression_attribute_values(":counter", text(keys::COUNTER))
            .limit(MOST_POSTINGS)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let stored: Vec<Stored> =
            serde_dynamo::from_items(output.items.unwrap_or_default()).map_err(|_| StoreError::shape(OPERATION))?;
        Ok(stored.into_iter().map(|stored| stored.posting).collect())
    }

    /// The enrolments of every student in one part of the table, student by student.
    ///
    /// `segment` is from 0, below `segments`. Nothing that identifies a person is read; the number of students
    /// that were seen is returned.
    pub async fn scan_enrolments(
        &self,
        segment: i32,
        segments: i32,
        mut each: impl FnMut(Vec<Enrolment>),
    ) -> Result<u64, StoreError> {
        const OPERATION: &str = "students Scan";
        #[derive(Deserialize)]
        struct Stored {
            answer: Enrolments,
        }
        #[derive(Deserialize)]
        struct Enrolments {
            inscriptions: Vec<Enrolment>,
        }
        // A student's answer is stored under the student and again under each INE: only the first counts.
        let mut pages = self
            .client
            .scan()
            .table_name(&self.students)
            .segment(segment)
            .total_segments(segments)
            .filter_expression("sk = :answer AND begins_with(pk, :student)")
            .expression_attribute_values(":answer", text(keys::ANSWER))
            .expression_attribute_values(":student", text(keys::STUDENT_PREFIX))
            .projection_expression("answer.inscriptions")
            .into_paginator()
            .items()
            .send();
        let mut students = 0;
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| StoreError::new(OPERATION, &error))?;
            let stored: Stored = serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
            each(stored.answer.inscriptions);
            students += 1;
        }
        Ok(students)
    }

    async fn answer(&self, key: Item) -> Result<Option<Answer>, StoreError> {
        const OPERATION: &str = "students GetItem";
        #[derive(Deserialize)]
        struct Stored {
            answer: Answer,
        }
        let output = self
            .client
            .get_item()
            .table_name(&self.students)
            .set_key(Some(key))
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let Some(item) = output.item else { return Ok(None) };
        let stored: Stored = serde_dynamo::from_item(item).map_err(|_| StoreError::shape(OPERATION))?;
        Ok(Some(stored.answer))
    }
}
