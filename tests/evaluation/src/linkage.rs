//! What was decided about the records of a labelled set, whoever decided.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::matching::{Matched, said};
use crate::set::{LabelledSet, rows};

/// Two records by their place in the order of arrival, the earlier one first.
pub type Pair = (usize, usize);

/// Which records are one student, and which pairs of them wait for a person.
#[derive(Debug, Default)]
pub struct Linkage {
    /// The student of each record of the set, in order; the numbers mean nothing else.
    pub(crate) entities: Vec<usize>,
    /// Pairs that a person should look at, if it is known.
    pub(crate) review: Option<HashSet<Pair>>,
    /// Pairs that were compared, if it is known.
    pub(crate) compared: Option<HashSet<Pair>>,
}

#[derive(Deserialize)]
struct Entity {
    record_id: String,
    entity_id: String,
}

#[derive(Deserialize)]
struct Two {
    record_id_a: String,
    record_id_b: String,
}

impl Linkage {
    /// From the name of a student for each record that has one; a record without is a student of
    /// its own.
    pub fn of<'a>(
        set: &LabelledSet,
        entities: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self> {
        let mut alone = vec![None; set.records.len()];
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        for (record, entity) in entities {
            let next = numbers.len();
            alone[set.number(record)?] = Some(*numbers.entry(entity).or_insert(next));
        }
        let first = numbers.len();
        let entities =
            alone.iter().zip(first..).map(|(entity, own)| entity.unwrap_or(own)).collect();
        Ok(Self { entities, review: None, compared: None })
    }

    /// The pairs that a person should look at.
    pub fn with_review<'a>(
        self,
        set: &LabelledSet,
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self> {
        Ok(Self { review: Some(numbered(set, pairs)?), ..self })
    }

    /// The pairs that were compared.
    pub fn with_compared<'a>(
        self,
        set: &LabelledSet,
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self> {
        Ok(Self { compared: Some(numbered(set, pairs)?), ..self })
    }

    /// What the engine decided.
    pub fn of_matched(set: &LabelledSet, matched: &Matched) -> Result<Self> {
        Self::of(set, matched.entities())?
            .with_review(set, matched.review())?
            .with_compared(set, matched.compared())
    }

    /// From files: `record_id,entity_id`, and pairs `record_id_a,record_id_b`.
    pub fn read(
        set: &LabelledSet,
        entities: &Path,
        review: Option<&Path>,
        compared: Option<&Path>,
    ) -> Result<Self> {
        let of_pairs = |path: &Path| numbered_rows(set, path).with_context(|| said(path));
        let decided: Vec<Entity> = rows(entities)?;
        let decided = decided.iter().map(|row| (row.record_id.as_str(), row.entity_id.as_str()));
        Ok(Self {
            review: review.map(of_pairs).transpose()?,
            compared: compared.map(of_pairs).transpose()?,
            ..Self::of(set, decided).with_context(|| said(entities))?
        })
    }

    /// Two records are one student.
    #[must_use]
    pub fn joins(&self, one: usize, other: usize) -> bool {
        self.entities[one] == self.entities[other]
    }
}

fn numbered_rows(set: &LabelledSet, path: &Path) -> Result<HashSet<Pair>> {
    let pairs: Vec<Two> = rows(path)?;
    numbered(set, pairs.iter().map(|pair| (pair.record_id_a.as_str(), pair.record_id_b.as_str())))
}

fn numbered<'a>(
    set: &LabelledSet,
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<HashSet<Pair>> {
    let number = |(one, other)| Ok(pair(set.number(one)?, set.number(other)?));
    pairs.map(number).collect()
}

pub(crate) fn pair(one: usize, other: usize) -> Pair {
    (one.min(other), one.max(other))
}
