//! How well questions by civil identity are answered, and how often with somebody else.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::resolution::Share;
use crate::set::{Expected, LabelledQuestion, LabelledSet, LookUp, rows};

/// What whoever asks was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<'a> {
    /// Nobody is meant.
    Nobody,
    /// Several people may be meant.
    Several,
    /// Not found: nobody or several, which the API doesn't tell apart.
    NotFound,
    /// A person of the set.
    Person(&'a str),
}

/// What an answer was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LookUpOutcome {
    Right,
    /// Somebody else than the person who is meant.
    Leak,
    /// Nobody, where somebody or several were meant.
    Nobody,
    /// Several, where one person or nobody was meant.
    Several,
}

impl LookUpOutcome {
    fn of(expected: &Expected, told: Told<'_>) -> Self {
        match (told, expected) {
            (Told::Person(person), Expected::Person(meant)) if person == meant => Self::Right,
            (Told::Person(_), _) => Self::Leak,
            (Told::Nobody, Expected::Nobody)
            | (Told::Several, Expected::Several)
            | (Told::NotFound, Expected::Nobody | Expected::Several) => Self::Right,
            (Told::Several, _) => Self::Several,
            (Told::Nobody | Told::NotFound, _) => Self::Nobody,
        }
    }
}

/// The answers to some questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Count {
    /// Questions.
    pub asked: usize,
    /// Answered with the person who is meant, or with nobody or several where that is right.
    #[serde(skip_serializing_if = "is_zero")]
    pub right: usize,
    /// Answered with somebody else.
    #[serde(rename = "leak", skip_serializing_if = "is_zero")]
    pub leaks: usize,
    #[serde(rename = "none", skip_serializing_if = "is_zero")]
    nobody: usize,
    #[serde(rename = "ambiguous", skip_serializing_if = "is_zero")]
    several: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Count {
    fn add(&mut self, outcome: LookUpOutcome) {
        self.asked += 1;
        *match outcome {
            LookUpOutcome::Right => &mut self.right,
            LookUpOutcome::Leak => &mut self.leaks,
            LookUpOutcome::Nobody => &mut self.nobody,
            LookUpOutcome::Several => &mut self.several,
        } += 1;
    }

    /// The share that is answered right; of no question, everything.
    #[must_use]
    pub fn found(self) -> f64 {
        Share { part: self.right, whole: self.asked }.of_one()
    }
}

/// The answers to the questions of a set, by kind of question.
#[derive(Debug, Default)]
pub struct LookUpScore {
    /// `present_clean`, `absent_twin`…
    pub by_kind: BTreeMap<String, Count>,
    /// Questions that say one given name and no commune.
    pub bare: Count,
    bare_present: usize,
}

#[derive(Deserialize)]
struct Answered {
    query_id: String,
    answer: String,
}

impl LookUpScore {
    /// From a file `query_id,answer`, where an answer is a record of the person, `NONE` or
    /// `AMBIGUOUS`; a question that it lacks was answered with nobody.
    pub fn read(set: &LabelledSet, answers: &Path) -> Result<Self> {
        let answers: HashMap<String, String> =
            rows::<Answered>(answers)?.into_iter().map(|row| (row.query_id, row.answer)).collect();
        let mut score = Self::default();
        for question in &set.questions {
            let told = match answers.get(&question.asked.query_id).map(String::as_str) {
                None | Some("NONE") => Told::Nobody,
                Some("AMBIGUOUS") => Told::Several,
                Some(record) => Told::Person(set.person(set.number(record)?)),
            };
            score.count(question, told, LookUp::is_bare);
        }
        Ok(score)
    }

    /// Counts one answer; `is_bare` tells whether the question, as it was carried, says one given
    /// name and no commune.
    pub fn count(
        &mut self,
        question: &LabelledQuestion,
        told: Told<'_>,
        is_bare: impl FnOnce(&LookUp) -> bool,
    ) {
        let outcome = LookUpOutcome::of(&question.expected, told);
        self.by_kind.entry(question.kind.clone()).or_default().add(outcome);
        if is_bare(&question.asked) {
            self.bare.add(outcome);
            self.bare_present += usize::from(question.kind.starts_with("present"));
        }
    }

    /// Questions, and how many were answered with somebody else.
    #[must_use]
    pub fn leaks(&self) -> Share {
        let kinds = self.by_kind.values();
        Share {
            part: kinds.clone().map(|kind| kind.leaks).sum(),
            whole: kinds.map(|kind| kind.asked).sum(),
        }
    }

    /// The share of all questions that is answered with somebody else; of no question, none.
    #[must_use]
    pub fn leak_rate(&self) -> f64 {
        let leaks = self.leaks();
        if leaks.whole == 0 { 0.0 } else { leaks.of_one() }
    }

    /// The answers to one kind of question.
    #[must_use]
    pub fn kind(&self, kind: &str) -> Count {
        self.by_kind.get(kind).copied().unwrap_or_default()
    }

    /// The share that is found of people who are there, asked about as the register has them
    /// (*clean*).
    #[must_use]
    pub fn found_clean(&self) -> f64 {
        self.kind("present_clean").found()
    }

    /// The same of people who are asked about with mistakes (*noisy*).
    #[must_use]
    pub fn found_noisy(&self) -> f64 {
        self.kind("present_noisy").found()
    }

    /// The counts and rates by name.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut bare = json!(self.bare);
        bare["should be found"] = self.bare_present.into();
        let leaks = self.leaks();
        json!({
            "asked": leaks.whole, "leaks": leaks.part, "leak_rate": self.leak_rate(),
            "found_clean": self.found_clean(), "found_noisy": self.found_noisy(),
            "by_kind": self.by_kind, "one_name_no_place": bare,
        })
    }
}
