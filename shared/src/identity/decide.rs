//! Which student a record is about: the engine's evidence, what INES says, and what people decided,
//! in one decision.
//!
//! In order of force:
//!
//! 1. what people decided, which no evidence overrides;
//! 2. INES: two records whose INE it vouches for are one student exactly if the INE to keep is the
//!    same;
//! 3. the engine;
//! 4. the pair of INE and birth date, for records that name nobody.
//!
//! Nobody who is certain, and nobody who resembles: a newcomer. Somebody who resembles: a newcomer
//! of whom nothing is told until a person decides, or later evidence does; unless INES vouches for
//! it, since then it is published under its INE, and only the question whether the two are one
//! waits. Two records that wait are no evidence for each other: what made one wait makes the other
//! wait with it.

use std::collections::BTreeSet;

use super::block::Traits;
use super::digest::RecordId;
use super::edge::{self, Edge, InesVerification, Links, Reason, people};
use super::engine::compare::Comparison;
use super::engine::decide as engine;
use super::engine::decide::{Candidate, Closeness, MatchVerdict, Reads};
use super::engine::person::ComparedPerson;
use super::review::CaseId;
use super::student::{Student, StudentId};
use crate::domain::birth_date::BirthDate;
use crate::domain::enrolment::Declaration;
use crate::domain::ine::Ine;
use crate::domain::record_state::Doubt;

/// A record to decide on.
#[derive(Debug, Clone, Copy)]
pub struct StatedRecord<'a> {
    /// Its id: what it said itself before is no evidence.
    pub record: &'a RecordId,
    pub declaration: &'a Declaration,
    /// INES's verification of its INE.
    pub verification: &'a InesVerification,
    /// The links that reviewers made.
    pub links: &'a Links,
}

impl StatedRecord<'_> {
    /// People decided that it is none of those whom it was held against.
    fn is_told_apart(&self) -> bool {
        self.links.different.contains_key(&CaseId::attachment(self.record))
    }
}

/// The students that a record belongs to, and why.
#[derive(Debug, Clone)]
pub struct RecordDecision {
    /// The students who are this person, the one to keep first; none for a newcomer.
    pub same: Vec<StudentId>,
    /// The rule that decided.
    pub reason: Reason,
    /// The reason for which nothing may be told yet: of a newcomer, or of a record that joins none
    /// but students on hold.
    pub doubt: Option<Doubt>,
    /// The other students that it may be, the closest first.
    pub near: Vec<Closeness<StudentId>>,
    /// The comparison that decided.
    pub evidence: Option<Comparison>,
    /// The comparison with the next closest student.
    pub runner_up: Option<Comparison>,
}

impl RecordDecision {
    fn newcomer(doubt: Option<Doubt>) -> Self {
        let (same, near) = (Vec::new(), Vec::new());
        Self { same, reason: Reason::Newcomer, doubt, near, evidence: None, runner_up: None }
    }
}

/// Decides among `students`, with `reads` saying whether everybody who shares a key is there.
#[must_use]
pub fn decide(statement: StatedRecord<'_>, students: &[Student], reads: Reads) -> RecordDecision {
    let others: Vec<Others<'_>> = students
        .iter()
        .map(|student| Others::of(student, statement))
        .filter(|others| !others.edges.is_empty() && !others.parted)
        .collect();
    let Some(person) = people(statement.declaration, statement.verification).next() else {
        return by_pair(statement, &others);
    };
    let people: Vec<(StudentId, Vec<ComparedPerson>)> = others
        .iter()
        .map(|others| (others.student.id, others.people()))
        .filter(|(_, people)| !people.is_empty())
        .collect();
    let references: Vec<(StudentId, Vec<&ComparedPerson>)> =
        people.iter().map(|(student, people)| (*student, people.iter().collect())).collect();
    let candidates: Vec<Candidate<'_, StudentId>> = references
        .iter()
        .map(|(student, records)| Candidate { student: *student, records })
        .collect();
    let mut resolution = engine::resolve(&person, &candidates, reads);
    if !matches!(resolution.decision, engine::MatchDecision::Same(_)) {
        // Somebody whose enrolments were all cancelled may be joined, and hides nobody.
        let competes =
            |student| others.iter().any(|others| others.student.id == student && others.compete());
        let competing: Vec<_> =
            candidates.into_iter().filter(|candidate| competes(candidate.student)).collect();
        resolution = engine::resolve(&person, &competing, reads);
    }

    let decided: Vec<StudentId> =
        others.iter().filter(|others| others.joined).map(|others| others.student.id).collect();
    let verified = verified(statement.verification);
    let vouched =
        others.iter().filter(|others| verified.is_some() && others.verified() == verified);
    let vouched: Vec<StudentId> = vouched.map(|others| others.student.id).collect();
    let evident = match &resolution.decision {
        engine::MatchDecision::Same(students) => students.clone(),
        engine::MatchDecision::Ambiguous | engine::MatchDecision::New => Vec::new(),
    };
    let reason = match (decided.is_empty(), vouched.is_empty()) {
        (false, _) => Reason::Decided,
        (true, false) => Reason::Verified,
        (true, true) => Reason::Evidence,
    };
    let mut proposed: Vec<&Others<'_>> = Vec::new();
    for student in decided.iter().chain(&vouched).chain(&evident) {
        let found = others.iter().find(|others| others.student.id == *student);
        proposed
            .extend(found.filter(|found| {
                !proposed.iter().any(|known| known.student.id == found.student.id)
            }));
    }
    let mut same = compatible(&proposed, verified);
    let closest = |student: &&Student| {
        resolution.near.iter().find(|near| near.student == student.id).map(|near| near.best)
    };
    let evidence = same.iter().find_map(closest);
    // Who names nobody has no evidence to weigh: the pair decides, if people didn't already.
    for pair in others.iter().filter(|others| others.is_the_pair_of(statement)) {
        if !same.iter().any(|known| known.id == pair.student.id) {
            same.push(pair.student);
        }
    }
    let kept: BTreeSet<StudentId> = same.iter().map(|student| student.id).collect();
    let near: Vec<_> =
        resolution.near.into_iter().filter(|near| !kept.contains(&near.student)).collect();
    let runner_up = near.first().map(|near| near.best);
    if same.is_empty() {
        let ambiguous = resolution.decision == engine::MatchDecision::Ambiguous;
        let doubt = match statement.verification {
            // People looked, and found nobody else whose it may be.
            _ if near.is_empty() && statement.is_told_apart() => None,
            InesVerification::Differs => Some(Doubt::RegisterDiffers),
            _ if verified.is_some() => None,
            _ if ambiguous => Some(Doubt::Homonyms),
            _ if !near.is_empty() => Some(Doubt::Resembles),
            _ => None,
        };
        return RecordDecision { near, runner_up, ..RecordDecision::newcomer(doubt) };
    }
    let waiting = same.iter().all(|student| student.is_on_hold_without(statement.record));
    let on_hold = verified.is_none() && waiting && !statement.is_told_apart();
    let doubt = match statement.verification {
        _ if !on_hold => None,
        InesVerification::Differs => Some(Doubt::RegisterDiffers),
        _ if reads == Reads::Cut => Some(Doubt::Homonyms),
        _ => None,
    };
    // Whom INES vouches for survives, then who can be seen; the id settles the rest, whatever the
    // order of reads.
    same.sort_by_key(|student| {
        (student.verified().is_none(), !student.on_hold.is_empty(), student.id)
    });
    let same = same.into_iter().map(|student| student.id).collect();
    RecordDecision { same, reason, doubt, near, evidence, runner_up }
}

/// Whether two students may be one person, as far as their records say.
#[must_use]
pub fn may_be_one(one: &Student, other: &Student) -> Option<Closeness<StudentId>> {
    let parted = one
        .edges()
        .any(|edge| other.edges().any(|known| known.parts_from(&edge.record, &edge.links)));
    if parted {
        return None;
    }
    let people: Vec<ComparedPerson> = named(other.edges());
    let records: Vec<&ComparedPerson> = people.iter().collect();
    let closest = named(one.edges())
        .iter()
        .filter_map(|person| {
            engine::closeness(person, Candidate { student: other.id, records: &records })
        })
        .max_by_key(|closeness| (closeness.verdict, closeness.best.bits));
    closest.filter(|closeness| closeness.verdict > MatchVerdict::Distinct)
}

/// A student, without what the record says itself.
struct Others<'a> {
    student: &'a Student,
    edges: Vec<&'a Edge>,
    /// People decided that it is somebody else.
    parted: bool,
    /// People decided that it is the same person.
    joined: bool,
}

impl<'a> Others<'a> {
    fn of(student: &'a Student, statement: StatedRecord<'a>) -> Self {
        let edges: Vec<&Edge> = student.edges_besides(statement.record).collect();
        let parted = edges.iter().any(|edge| edge.parts_from(statement.record, statement.links));
        let joined = edges.iter().any(|edge| edge.joins(statement.record, statement.links));
        Self { student, edges, parted, joined }
    }

    fn compete(&self) -> bool {
        edge::compete(self.edges.iter().copied())
    }

    fn people(&self) -> Vec<ComparedPerson> {
        named(self.edges.iter().copied())
    }

    fn verified(&self) -> Option<Ine> {
        self.edges.iter().filter_map(|edge| edge.verified()).next_back()
    }

    fn has(&self, ine: Ine) -> bool {
        self.edges.iter().flat_map(|edge| edge.ines()).any(|known| known == ine)
    }

    fn is_born(&self, birth: BirthDate) -> bool {
        self.edges.iter().any(|edge| edge.declaration.identite.birth_date() == birth)
    }

    /// Whether the record names nobody, and has the INE and the birth date of the statement.
    fn is_the_pair_of(&self, statement: StatedRecord<'_>) -> bool {
        let nameless = self.edges.iter().all(|edge| !edge.traits().iter().any(Traits::is_named));
        let ine = statement.declaration.ine.filter(|_| believes(statement.verification));
        nameless
            && ine.is_some_and(|ine| self.has(ine))
            && self.is_born(statement.declaration.identite.birth_date())
    }
}

fn named<'a>(edges: impl Iterator<Item = &'a Edge>) -> Vec<ComparedPerson> {
    edges.flat_map(Edge::people).collect()
}

fn believes(verification: &InesVerification) -> bool {
    matches!(verification, InesVerification::Unasked | InesVerification::Confirmed { .. })
}

fn verified(verification: &InesVerification) -> Option<Ine> {
    match verification {
        InesVerification::Confirmed { ine_maitre, .. } => Some(*ine_maitre),
        InesVerification::Granted { ine, .. } => Some(*ine),
        _ => None,
    }
}

/// The students that can be one with each other and with a person of that INE, those proposed first
/// before the others. Two INEs that INES keeps apart are never joined without two people (see
/// [`super::review`]).
fn compatible<'a>(proposed: &[&Others<'a>], verified: Option<Ine>) -> Vec<&'a Student> {
    let mut kept: Vec<&Student> = Vec::new();
    let mut master = verified;
    for others in proposed {
        let own = others.verified();
        let two = own.is_some() && master.is_some() && own != master && !others.joined;
        let parted = kept.iter().flat_map(|student| student.edges()).any(|edge| {
            others.edges.iter().any(|other| other.parts_from(&edge.record, &edge.links))
        });
        if !two && !parted {
            master = master.or(own);
            kept.push(others.student);
        }
    }
    kept
}

/// An equal INE is enough for a record that names nobody, if the birth date says so too, as the
/// write contract has it (domain.md §2).
fn by_pair(statement: StatedRecord<'_>, others: &[Others<'_>]) -> RecordDecision {
    let ine = statement.declaration.ine.filter(|_| believes(statement.verification));
    let birth = statement.declaration.identite.birth_date();
    let holders: Vec<_> =
        others.iter().filter(|others| ine.is_some_and(|ine| others.has(ine))).collect();
    let joined = others.iter().find(|others| others.joined);
    match (joined, holders.iter().find(|holder| holder.is_born(birth))) {
        (Some(others), _) => {
            let same = vec![others.student.id];
            RecordDecision { same, reason: Reason::Decided, ..RecordDecision::newcomer(None) }
        }
        (None, Some(holder)) => {
            let same = vec![holder.student.id];
            RecordDecision { same, reason: Reason::SameIne, ..RecordDecision::newcomer(None) }
        }
        (None, None) if holders.is_empty() || statement.is_told_apart() => {
            RecordDecision::newcomer(Some(Doubt::Unknown))
        }
        (None, None) => RecordDecision::newcomer(Some(Doubt::BirthDateDiffers)),
    }
}

#[cfg(test)]
mod tests;
