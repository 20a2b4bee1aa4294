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

use super::block::{Block, Sharing, Traits};
use super::digest::IneDigest;
use super::engine::decide::{Candidate, MatchDecision, Reads, resolve};
use super::engine::lookup::{LookUpResult, Mode, look_up};
use super::engine::person::ComparedPerson;

/// The outcome for a person who asks for an INE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImmatriculationOutcome {
    /// The person has this INE, certainly.
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
    people: BTreeMap<IneDigest, Vec<ComparedPerson>>,
    reads: Reads,
}

impl Resembling {
    /// Those of these blocks.
    #[must_use]
    pub fn of<'a>(blocks: impl IntoIterator<Item = &'a Block<IneDigest>>) -> Self {
        let Sharing { traits, reads } = Sharing::of(blocks);
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
    pub fn decide(&self, newcomer: &ComparedPerson) -> ImmatriculationOutcome {
        let records = self.records();
        let resolution = resolve(newcomer, &candidates(&records), self.reads);
        match resolution.decision {
            MatchDecision::Same(students) if students.len() == 1 => {
                ImmatriculationOutcome::Known(students[0].clone())
            }
            MatchDecision::New if resolution.near.is_empty() => ImmatriculationOutcome::Newcomer,
            _ => ImmatriculationOutcome::Doubt(
                resolution.near.iter().map(|near| near.student.clone()).collect(),
            ),
        }
    }

    /// Finds whom a question by civil identity means, by the digest of the master INE.
    #[must_use]
    pub fn find(&self, question: &ComparedPerson) -> LookUpResult<IneDigest> {
        let records = self.records();
        match look_up(question, &candidates(&records), self.reads, Mode::Standard) {
            LookUpResult::Found(holder) => LookUpResult::Found(holder.clone()),
            LookUpResult::Ambiguous => LookUpResult::Ambiguous,
            LookUpResult::None => LookUpResult::None,
        }
    }

    fn records(&self) -> Vec<(&IneDigest, Vec<&ComparedPerson>)> {
        self.people.iter().map(|(holder, people)| (holder, people.iter().collect())).collect()
    }
}

fn candidates<'a>(
    records: &'a [(&'a IneDigest, Vec<&'a ComparedPerson>)],
) -> Vec<Candidate<'a, &'a IneDigest>> {
    records.iter().map(|(holder, records)| Candidate { student: *holder, records }).collect()
}

#[cfg(test)]
mod tests;
