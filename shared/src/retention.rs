//! How long what tells of people is kept, and what of it is over. Pure.
//!
//! A duration is a deployment's own choice, and one that isn't given erases nothing: the arrêté's
//! durations weren't at hand (docs/domain.md, *Legal*).

use std::str::FromStr;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::academic_year::day_in_france;
use crate::domain::record_state::RecordState;
use crate::feeding::record::Record;
use crate::identity::review::{Case, State};
use crate::identity::student::Student;

/// The longest duration that is taken, in days: a hundred years. A longer one is a mistake.
const LONGEST: u16 = 36_525;

/// Whole days, from 0 to a hundred years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Days(u16);

/// A text isn't a duration. It says what was expected, and the text is an operator's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a duration is a number of days from 0 to {LONGEST}, not {0:?}")]
pub struct NotDays(String);

impl FromStr for Days {
    type Err = NotDays;

    fn from_str(text: &str) -> Result<Self, NotDays> {
        let days = text.parse().ok().filter(|days| *days <= LONGEST);
        days.map(Self).ok_or_else(|| NotDays(text.to_owned()))
    }
}

impl Days {
    /// The first day that is kept on `today`: what ended before it is over.
    #[must_use]
    pub fn first_kept(self, today: Date) -> Date {
        today.saturating_sub(Span::new().days(i64::from(self.0)))
    }

    /// The number.
    #[must_use]
    pub fn count(self) -> u16 {
        self.0
    }
}

/// A duration as a variable gives it; none when the text is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting(pub Option<Days>);

impl FromStr for Setting {
    type Err = NotDays;

    fn from_str(text: &str) -> Result<Self, NotDays> {
        if text.is_empty() { Ok(Self(None)) } else { text.parse().map(Some).map(Self) }
    }
}

/// The durations of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// From the last day of the last enrolment: students, with their records, their evidence, their
    /// answer and their block entries; and records that never became a student's.
    pub students: Option<Days>,
    /// From the last voice or decision: cases that are closed, once nobody whom they are about is
    /// left.
    pub cases: Option<Days>,
}

/// The reason for which a student stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// An enrolment ended too recently, or hasn't.
    Current,
    /// A person has to decide, or a record has yet to be attached.
    Undecided,
}

/// Whether a student with these records is over: `Err` says why it stays.
///
/// Every enrolment counts, cancelled ones as well, as the student has it and as its record does:
/// one that was sent again since it was attached may last longer.
pub fn judge(student: &Student, records: &[Record], first_kept: Date) -> Result<(), Kept> {
    let attached = student.edges().map(|edge| edge.declaration.inscription.date_fin);
    let stored = records.iter().map(|record| record.declaration.inscription.date_fin);
    if attached.chain(stored).any(|last_day| last_day >= first_kept) {
        return Err(Kept::Current);
    }
    let unresolved = records.iter().any(|record| record.state == RecordState::Pending);
    if unresolved || student.moving.is_some() || !student.on_hold.is_empty() {
        return Err(Kept::Undecided);
    }
    Ok(())
}

/// Whether a case, about nobody who is left, is over.
///
/// What is decided and not yet applied is deduplication's to finish.
#[must_use]
pub fn case_is_over(case: &Case, first_kept: Date) -> bool {
    let closed = match case.state {
        State::Open | State::Applied | State::Withdrawn => true,
        State::Decided | State::Undone => false,
    };
    closed && day_in_france(last_touched(case)) < first_kept
}

/// When somebody last said or decided something about a case, or it was opened.
fn last_touched(case: &Case) -> Timestamp {
    let votes = case.votes.iter().map(|vote| vote.at);
    let decided = case.decisions.iter().map(|decision| decision.at);
    let undone = case.decisions.iter().filter_map(|decision| Some(decision.undone.as_ref()?.at));
    votes.chain(decided).chain(undone).fold(case.opened_at, Timestamp::max)
}

/// What a pass did. Everything but `held`, `undecided` and `failed` is counted in the transaction that does
/// it, and so is what was written, whatever stopped in between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Students that were erased.
    pub students: u64,
    /// Records that were erased, with their student or alone.
    pub records: u64,
    /// Students that led to one who is no more.
    pub aliases: u64,
    /// Cases that were erased.
    pub cases: u64,
    /// Students that are over, and stay under a legal hold.
    pub held: u64,
    /// Students that are over, and stay until something is decided about them.
    pub undecided: u64,
    /// Students that are over, and couldn't be erased: the log says why.
    pub failed: u64,
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use jiff::civil::date;

    use super::*;
    use crate::identity::fixtures::{declaration, student};
    use crate::identity::review::{CaseId, CaseQuestion, CaseVerdict};
    use crate::identity::student::StudentId;

    fn kept(text: &str) -> Option<Days> {
        text.parse::<Setting>().unwrap().0
    }

    #[test]
    fn a_duration_is_days_or_nothing() {
        assert_eq!(kept(""), None);
        assert_eq!(kept("0").map(Days::count), Some(0));
        assert_eq!(kept("36525").map(Days::count), Some(LONGEST));
        for text in ["36526", "-1", "1.5", "1y", " "] {
            assert_eq!(text.parse::<Setting>(), Err(NotDays(text.to_owned())));
        }
    }

    #[test]
    fn a_student_is_over_the_day_after_the_duration() {
        let said = declaration(None, "Martin", "Léa", "2004-03-02");
        let one = student(1, std::slice::from_ref(&said));
        let last_day = said.inscription.date_fin;
        let after = |days: i32| {
            kept("365").unwrap().first_kept(last_day.saturating_add(Span::new().days(days)))
        };
        assert_eq!(judge(&one, &[], after(365)), Err(Kept::Current));
        assert_eq!(judge(&one, &[], after(366)), Ok(()));
    }

    #[test]
    fn one_enrolment_that_lasts_keeps_all_of_them() {
        let old = declaration(None, "Martin", "Léa", "2004-03-02");
        let mut recent = old.clone();
        recent.inscription.diplome = Some("2400001".into());
        recent.inscription.date_fin = date(2040, 8, 31);
        let both = student(1, &[old, recent]);
        assert_eq!(judge(&both, &[], date(2040, 8, 31)), Err(Kept::Current));
        assert_eq!(judge(&both, &[], date(2040, 9, 1)), Ok(()));
    }

    #[test]
    fn whom_people_decide_about_stays() {
        let said = declaration(None, "Martin", "Léa", "2004-03-02");
        let mut one = student(1, std::slice::from_ref(&said));
        let case = CaseId::dispute(one.id);
        one.on_hold = BTreeMap::from([(case.clone(), BTreeSet::new())]);
        assert_eq!(judge(&one, &[], date(2090, 1, 1)), Err(Kept::Undecided));
        one.on_hold.clear();
        one.moving = Some(case);
        assert_eq!(judge(&one, &[], date(2090, 1, 1)), Err(Kept::Undecided));
    }

    #[test]
    fn a_case_counts_from_the_last_that_was_said() {
        let opened: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let question = CaseQuestion::Dispute { student: StudentId::random() };
        let mut case = Case::open(question, 1, opened);
        assert!(case_is_over(&case, date(2026, 1, 2)));
        let decided: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        case.vote("one", CaseVerdict::Keep, None, decided).unwrap();
        assert!(!case_is_over(&case, date(2030, 1, 1)), "it has yet to be applied");
        case.complete(&BTreeSet::new(), decided);
        assert!(!case_is_over(&case, date(2026, 3, 1)));
        assert!(case_is_over(&case, date(2026, 3, 2)));
    }
}
