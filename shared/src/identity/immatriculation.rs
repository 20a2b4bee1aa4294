//! Giving INEs: what our own identity service decides, without any I/O.
//!
//! ```text
//! a person asks for an INE ──► those who share a blocking key ──► Resembling::decide
//!                                                                   ├── Known: one person, certainly → its INE
//!                                                                   ├── Newcomer: nobody resembles → a new INE
//!                                                                   └── Doubt: somebody does (litige) → a person decides
//! ```
//!
//! A wrong "known" gives somebody another person's INE, and a wrong "newcomer" gives one person
//! two; the rest waits. Two INEs of one person are joined afterwards ([`Attachments`]): one is the
//! master, the others its aliases.

mod register;
mod request;

use std::collections::BTreeMap;

pub use register::{AttachmentError, Attachments, MOST_ALIASES, Registration, keys_of, traits_of};
pub use request::{Decided, Request, RequestId};

use super::digest::IneDigest;
use super::engine::decide::{Candidate, Decision, Reads, resolve};
use super::engine::lookup::{Answer, Mode, look_up};
use super::engine::person::Person;
use super::posting::{Bucket, Sharing, Traits};

/// What becomes of a person who asks for an INE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is this one, certainly.
    Known(IneDigest),
    /// Nobody resembles.
    Newcomer,
    /// These resemble, by the digests of their master INEs, and nobody can tell without looking.
    ///
    /// It may be nobody: a key that more people share than were read leaves out whom it may be.
    Doubt(Vec<IneDigest>),
}

/// Everybody who shares a blocking key with a person.
pub struct Resembling {
    people: BTreeMap<IneDigest, Vec<Person>>,
    reads: Reads,
}

impl Resembling {
    /// Those of these buckets.
    #[must_use]
    pub fn of<'a>(buckets: impl IntoIterator<Item = &'a Bucket<IneDigest>>) -> Self {
        let Sharing { traits, reads } = Sharing::of(buckets);
        let people = traits.into_iter().map(|(holder, traits)| {
            (holder.clone(), traits.into_iter().map(Traits::person).collect())
        });
        Self { people: people.collect(), reads }
    }

    /// Decides who a person is that asks for an INE.
    ///
    /// Several whom the rules take for one are for a person to join, not for a request to choose
    /// among.
    #[must_use]
    pub fn decide(&self, newcomer: &Person) -> Outcome {
        let records = self.records();
        let resolution = resolve(newcomer, &candidates(&records), self.reads);
        match resolution.decision {
            Decision::Same(students) if students.len() == 1 => Outcome::Known(students[0].clone()),
            Decision::New if resolution.near.is_empty() => Outcome::Newcomer,
            _ => Outcome::Doubt(resolution.near.iter().map(|near| near.student.clone()).collect()),
        }
    }

    /// Finds whom a question by civil identity means, by the digest of the master INE.
    #[must_use]
    pub fn find(&self, question: &Person) -> Answer<IneDigest> {
        let records = self.records();
        match look_up(question, &candidates(&records), self.reads, Mode::Standard) {
            Answer::Found(holder) => Answer::Found(holder.clone()),
            Answer::Ambiguous => Answer::Ambiguous,
            Answer::None => Answer::None,
        }
    }

    fn records(&self) -> Vec<(&IneDigest, Vec<&Person>)> {
        self.people.iter().map(|(holder, people)| (holder, people.iter().collect())).collect()
    }
}

fn candidates<'a>(
    records: &'a [(&'a IneDigest, Vec<&'a Person>)],
) -> Vec<Candidate<'a, &'a IneDigest>> {
    records.iter().map(|(holder, records)| Candidate { student: *holder, records }).collect()
}

#[cfg(test)]
mod tests;
