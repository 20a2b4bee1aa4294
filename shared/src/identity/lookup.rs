//! Which student a look-up by civil identity means: a question becomes a [`Person`], its blocking keys give buckets, and
//! the [engine](super::engine::lookup) answers over everybody who is in them.
//!
//! The cost is bounded whatever is asked: at most [`MOST_KEYS`](super::engine::blocking::MOST_KEYS) buckets of
//! [`MOST_POSTED`](super::posting::MOST_POSTED) traits, so 1,400 comparisons of some two microseconds; most questions
//! meet one or two people.

use std::collections::BTreeMap;

use super::engine::decide::{Candidate, Reads};
use super::engine::lookup::{Answer, Mode, look_up};
use super::engine::person::{Person, Written};
use super::posting::{Bucket, Traits};
use super::student::StudentId;
use crate::domain::birth_date::BirthDate;
use crate::domain::commune::CommuneCode;
use crate::domain::name::PersonName;
use crate::domain::sex::Sex;

/// A person who is asked about, by civil identity, whichever contract asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CivilQuestion {
    /// The birth name.
    pub nom_famille: PersonName,
    /// The first given name.
    pub prenom1: PersonName,
    /// The other given names, when the caller knows them: one that agrees corroborates, one that doesn't excludes.
    pub autres_prenoms: Vec<PersonName>,
    /// The birth date, known to the day.
    pub date_naissance: BirthDate,
    /// The sex.
    pub sexe: Sex,
    /// The commune of birth, or the country (`99` and three digits), when the caller knows it.
    pub lieu_naissance: Option<CommuneCode>,
}

impl CivilQuestion {
    /// The person, as the engine compares it.
    #[must_use]
    pub fn person(&self) -> Person {
        let others: Vec<&str> = self.autres_prenoms.iter().map(PersonName::expose).collect();
        Person::read(&Written {
            surname: self.nom_famille.expose(),
            given: self.prenom1.expose(),
            other_given: &others.join(" "),
            sex: self.sexe.code(),
            birth: &self.date_naissance.expose(),
            commune: self.lieu_naissance.as_ref().map_or("", CommuneCode::as_str),
            ..Written::default()
        })
    }
}

/// The student that may be told, among everybody in the buckets of the question's keys, if the engine is certain.
///
/// Upstream has no code for "several": nobody, several, somebody who waits for a decision and somebody who may have been
/// left out of a full bucket are all `None`, and callers can't tell them apart (domain.md §1.3).
#[must_use]
pub fn meant<'a>(
    question: &Person,
    buckets: impl IntoIterator<Item = &'a Bucket<StudentId>>,
    mode: Mode,
) -> Option<StudentId> {
    let mut reads = Reads::Whole;
    let mut posted: BTreeMap<StudentId, Vec<&Traits>> = BTreeMap::new();
    for bucket in buckets {
        if bucket.cut {
            reads = Reads::Cut;
        }
        for entry in &bucket.entries {
            let traits = posted.entry(entry.holder).or_default();
            // The same traits lie in each bucket whose key they have.
            if !traits.contains(&&entry.traits) {
                traits.push(&entry.traits);
            }
        }
    }
    let people: Vec<(StudentId, Vec<Person>)> =
        posted.into_iter().map(|(holder, traits)| (holder, traits.into_iter().map(Traits::person).collect())).collect();
    let records: Vec<Vec<&Person>> = people.iter().map(|(_, people)| people.iter().collect()).collect();
    let candidates: Vec<Candidate<'_, StudentId>> =
        people.iter().zip(&records).map(|((holder, _), records)| Candidate { student: *holder, records }).collect();
    match look_up(question, &candidates, reads, mode) {
        Answer::Found(student) => Some(student),
        Answer::Ambiguous | Answer::None => None,
    }
}
