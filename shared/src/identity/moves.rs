//! Where a record was before people's decisions moved it, so that each decision can be undone
//! alone.
//!
//! A decision moves the records that it is about, and then others: whoever waited because of them
//! is decided on again, and may join somebody, or leave. Evidence alone wouldn't bring those back,
//! because it was weighed in another order the first time. So each move on account of a decision is
//! kept with the record: the cases that it rests on, and where the record was. Undoing a case takes
//! its moves back, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::edge::{InesVerification, Reason};
use super::review::CaseId;
use super::student::{Student, StudentId};

/// Moves that are kept one by one; beyond, the oldest are kept as one, which is undone with either
/// of its cases.
const MOST_MOVES: usize = 16;

/// A place that a record had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub student: StudentId,
    /// The cases for which nothing was told of that student, each with the students that it might
    /// have been.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub on_hold: BTreeMap<CaseId, BTreeSet<StudentId>>,
    /// The rule by which it was that student's.
    pub reason: Reason,
    /// The verification of its INE, which another student's claim may have ended since
    /// ([`InesVerification::Taken`]).
    pub verification: InesVerification,
}

impl Place {
    /// The place of a record of this student. `None` if it is none of its records.
    #[must_use]
    pub fn of(record: &super::digest::RecordId, student: &Student) -> Option<Self> {
        let edge = student.edge(record)?;
        let (reason, verification) = (edge.reason, edge.verification.clone());
        Some(Self { student: student.id, on_hold: student.on_hold.clone(), reason, verification })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Move {
    /// The cases that it rests on.
    by: BTreeSet<CaseId>,
    /// The place of the record; none, if it came while their decisions stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Place>,
}

/// The moves of a record, the latest last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moves(Vec<Move>);

/// The consequence of undoing a case for a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Return {
    /// Nothing: it isn't there because of the case, or was moved again since, on account of
    /// another.
    Stays,
    /// The record goes back.
    To(Place),
    /// The record came while the decision stood, so it is decided on as if it came now.
    DecidedAgain,
}

impl Moves {
    /// Whether no decision of people ever moved it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The cases that where it is rests on.
    pub fn cases(&self) -> impl Iterator<Item = &CaseId> {
        self.0.iter().flat_map(|step| &step.by)
    }

    /// The record moves away `from` a place, on account of decisions in these cases. A move that
    /// the one before it already rests on is a part of that one.
    pub fn record(&mut self, by: &BTreeSet<CaseId>, from: Option<Place>) {
        if by.is_empty() || self.0.last().is_some_and(|last| by.is_subset(&last.by)) {
            return;
        }
        self.0.push(Move { by: by.clone(), from });
        if self.0.len() > MOST_MOVES {
            let oldest = self.0.remove(0);
            if let Some(next) = self.0.first_mut() {
                next.by.extend(oldest.by);
                next.from = oldest.from;
            }
        }
    }

    /// Forgets the moves that rest on a case, and says what that means for the record. A move in
    /// between leads from where the forgotten one led from.
    pub fn undo(&mut self, case: &CaseId) -> Return {
        let mut back = Return::Stays;
        while let Some(last) = self.0.pop_if(|last| last.by.contains(case)) {
            back = last.from.map_or(Return::DecidedAgain, Return::To);
        }
        let mut at = 0;
        while let Some(step) = self.0.get_mut(at) {
            if step.by.remove(case) && step.by.is_empty() {
                let forgotten = self.0.remove(at);
                if let Some(next) = self.0.get_mut(at) {
                    next.from = forgotten.from;
                }
            } else {
                at += 1;
            }
        }
        back
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::digest::RecordId;

    fn case(digit: char) -> CaseId {
        CaseId::attachment(
            &RecordId::parse(&format!("1.{}", digit.to_string().repeat(32))).unwrap(),
        )
    }

    fn place(digit: char) -> Place {
        let student = StudentId::parse(&digit.to_string().repeat(32)).unwrap();
        Place {
            student,
            on_hold: BTreeMap::new(),
            reason: Reason::Newcomer,
            verification: InesVerification::Unasked,
        }
    }

    fn moved(steps: &[(&str, char)]) -> Moves {
        let mut moves = Moves::default();
        for (by, from) in steps {
            moves.record(&by.chars().map(case).collect(), Some(place(*from)));
        }
        moves
    }

    #[test]
    fn the_latest_decision_is_undone_first_or_last() {
        let mut moves = moved(&[("a", '1'), ("b", '2')]);
        assert_eq!(moves.undo(&case('b')), Return::To(place('2')));
        assert_eq!(moves.undo(&case('a')), Return::To(place('1')));
        assert!(moves.is_empty());
        let mut moves = moved(&[("a", '1'), ("b", '2')]);
        assert_eq!(moves.undo(&case('a')), Return::Stays, "it is there because of the other");
        assert_eq!(
            moves.undo(&case('b')),
            Return::To(place('1')),
            "and was where neither had moved it"
        );
    }

    #[test]
    fn a_move_that_rests_on_two_is_undone_with_either() {
        for undone in ['a', 'b'] {
            let mut moves = moved(&[("ab", '1'), ("a", '2')]);
            assert_eq!(moves.undo(&case(undone)), Return::To(place('1')));
            assert!(moves.is_empty());
        }
        let mut moves = moved(&[("ab", '1'), ("c", '2')]);
        assert_eq!(moves.undo(&case('a')), Return::Stays);
        assert_eq!(moves.undo(&case('c')), Return::To(place('2')));
        assert_eq!(moves.undo(&case('b')), Return::To(place('1')));
    }

    #[test]
    fn what_came_meanwhile_is_decided_on_again() {
        let mut moves = Moves::default();
        moves.record(&BTreeSet::from([case('a')]), None);
        assert_eq!(moves.undo(&case('b')), Return::Stays);
        assert_eq!(moves.undo(&case('a')), Return::DecidedAgain);
    }

    #[test]
    fn moves_are_bounded() {
        let digits = "0123456789abcdef";
        let mut moves = Moves::default();
        for round in 0..4 {
            for digit in digits.chars() {
                let by = BTreeSet::from([case(digit)]);
                moves.record(&by, Some(place(if round == 0 { digit } else { 'f' })));
            }
        }
        assert_eq!(moves.0.len(), MOST_MOVES);
        assert_eq!(moves.0[0].from, Some(place('0')), "where it was before all of them");
    }
}
