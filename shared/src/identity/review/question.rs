//! What a person is asked, and what an answer would do.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::digest::{IneDigest, RecordId};
use super::super::engine::compare::Comparison;
use super::super::student::StudentId;

/// The id of a case: made of what it is about, so that a question that comes up twice is one case.
///
/// | | |
/// |---|---|
/// | `a-<record>` | whose is this record? |
/// | `d-<student>-<student>` | are these two one person? |
/// | `c-<student>` | is this student one person? |
///
/// Neither records nor students say who they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(String);

impl CaseId {
    /// The case of a record that waits.
    #[must_use]
    pub fn attachment(record: &RecordId) -> Self {
        Self(format!("a-{record}"))
    }

    /// The case of two students who may be one person, in either order.
    #[must_use]
    pub fn duplicate(one: StudentId, other: StudentId) -> Self {
        Self(format!("d-{}-{}", one.min(other), one.max(other)))
    }

    /// The case of a student who may be two people.
    #[must_use]
    pub fn dispute(student: StudentId) -> Self {
        Self(format!("c-{student}"))
    }

    /// The id as it was given out, in a pointer or a path. Only its form is checked.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let student = |text: &str| {
            text.len() == 32
                && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        let well_formed = match text.split_once('-')? {
            ("a", record) => RecordId::parse(record).is_some(),
            ("d", students) => students
                .split_once('-')
                .is_some_and(|(one, other)| student(one) && student(other) && one < other),
            ("c", id) => student(id),
            _ => false,
        };
        well_formed.then(|| Self(text.to_owned()))
    }

    /// Whether the case is a dispute: nothing but people's decision settles it.
    #[must_use]
    pub fn is_dispute(&self) -> bool {
        self.0.starts_with("c-")
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A student in question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    pub student: StudentId,
    /// The digest of the master INE that INES confirmed, if it confirmed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master: Option<IneDigest>,
}

/// A student whom a record resembles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Near {
    /// The student.
    #[serde(flatten)]
    pub side: Side,
    /// The comparison of the record with the closest of the student's. Levels only: nothing
    /// personal.
    pub comparison: Comparison,
}

/// The question that a case asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseQuestion {
    /// Whose is this record? It is on hold, and nobody can see it.
    Attachment {
        record: RecordId,
        /// The digest of the master INE that INES confirmed for it, if it confirmed one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        master: Option<IneDigest>,
        /// The students whom it resembles, the closest first: the second is the runner-up. None,
        /// when too many share its traits to be read, or when it names nobody.
        near: Vec<Near>,
    },
    /// Are these two students one person? Both are told meanwhile.
    Duplicate {
        /// The students, in the order of their ids.
        sides: [Side; 2],
        /// The record that showed it.
        by: RecordId,
        /// The comparison of their closest records.
        comparison: Comparison,
    },
    /// Is this student one person? Somebody says that it is two, and nothing is told of it until
    /// this is settled.
    Dispute { student: StudentId },
}

/// Which of the three questions it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Whose is this record?
    Attachment,
    /// Are these two students one person?
    Duplicate,
    /// Is this student one person?
    Dispute,
}

/// The answer of a reviewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseVerdict {
    /// The record is this student's. Of an attachment.
    Attach(StudentId),
    /// The two students are one person. Of a duplicate.
    Same,
    /// The record is none of these students', or the two students are two people.
    Different,
    /// These records are somebody else's. Of a dispute.
    Split(BTreeSet<RecordId>),
    /// The student is one person. Of a dispute.
    Keep,
    /// The reviewer can't tell from what is shown. It decides nothing.
    Unsure,
}

/// The consequence of a decision for records and students. It outlives the question: deduplication
/// keeps it as links, which no evidence overrides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The record is the student's.
    Attach { record: RecordId, student: StudentId },
    /// The record is none of these students'.
    Separate {
        record: RecordId,
        /// Those it is not.
        students: BTreeSet<StudentId>,
    },
    /// The two students are one.
    Merge([StudentId; 2]),
    /// The two students are two people.
    KeepApart([StudentId; 2]),
    /// These records leave the student, and are one other person's.
    Split {
        student: StudentId,
        /// The records that leave.
        records: BTreeSet<RecordId>,
    },
    /// The student is one person.
    Keep(StudentId),
}

impl Effect {
    /// The record that it is about, if it is about one.
    #[must_use]
    pub fn record(&self) -> Option<&RecordId> {
        match self {
            Self::Attach { record, .. } | Self::Separate { record, .. } => Some(record),
            Self::Merge(_) | Self::KeepApart(_) | Self::Split { .. } | Self::Keep(_) => None,
        }
    }
}

impl CaseQuestion {
    /// Are these two one person? In either order.
    #[must_use]
    pub fn duplicate(one: Side, other: Side, by: RecordId, comparison: Comparison) -> Self {
        let sides = if one.student <= other.student { [one, other] } else { [other, one] };
        Self::Duplicate { sides, by, comparison }
    }

    /// The id of its case.
    #[must_use]
    pub fn case(&self) -> CaseId {
        match self {
            Self::Attachment { record, .. } => CaseId::attachment(record),
            Self::Duplicate { sides: [one, other], .. } => {
                CaseId::duplicate(one.student, other.student)
            }
            Self::Dispute { student } => CaseId::dispute(*student),
        }
    }

    /// Which of the three it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Attachment { .. } => Kind::Attachment,
            Self::Duplicate { .. } => Kind::Duplicate,
            Self::Dispute { .. } => Kind::Dispute,
        }
    }

    /// The students in question.
    #[must_use]
    pub fn students(&self) -> BTreeSet<StudentId> {
        match self {
            Self::Attachment { near, .. } => near.iter().map(|near| near.side.student).collect(),
            Self::Duplicate { sides, .. } => sides.iter().map(|side| side.student).collect(),
            Self::Dispute { student } => BTreeSet::from([*student]),
        }
    }

    /// The INEs that are held against each other.
    pub(crate) fn masters_mut(&mut self) -> impl Iterator<Item = &mut IneDigest> {
        let (own, sides): (_, Vec<&mut Side>) = match self {
            Self::Attachment { master, near, .. } => {
                (master.as_mut(), near.iter_mut().map(|near| &mut near.side).collect())
            }
            Self::Duplicate { sides, .. } => (None, sides.iter_mut().collect()),
            Self::Dispute { .. } => (None, Vec::new()),
        };
        own.into_iter().chain(sides.into_iter().filter_map(|side| side.master.as_mut()))
    }

    /// The effect of a verdict; `None` for [`CaseVerdict::Unsure`], which has none.
    ///
    /// # Errors
    ///
    /// [`NotAnAnswer`] when the verdict is another question's, or speaks of a student that isn't in
    /// question.
    pub fn effect(&self, verdict: &CaseVerdict) -> Result<Option<Effect>, NotAnAnswer> {
        let effect = match (self, verdict) {
            (_, CaseVerdict::Unsure) => return Ok(None),
            (Self::Attachment { record, .. }, CaseVerdict::Attach(student))
                if self.students().contains(student) =>
            {
                Effect::Attach { record: record.clone(), student: *student }
            }
            (Self::Attachment { record, .. }, CaseVerdict::Different) => {
                Effect::Separate { record: record.clone(), students: self.students() }
            }
            (Self::Duplicate { sides, .. }, CaseVerdict::Same) => {
                Effect::Merge(sides.each_ref().map(|side| side.student))
            }
            (Self::Duplicate { sides, .. }, CaseVerdict::Different) => {
                Effect::KeepApart(sides.each_ref().map(|side| side.student))
            }
            (Self::Dispute { student }, CaseVerdict::Split(records)) if !records.is_empty() => {
                Effect::Split { student: *student, records: records.clone() }
            }
            (Self::Dispute { student }, CaseVerdict::Keep) => Effect::Keep(*student),
            _ => return Err(NotAnAnswer),
        };
        Ok(Some(effect))
    }

    /// The number of reviewers who must agree on an effect: two when it would make one student of
    /// two people whom INES tells apart, one otherwise. What is wrongly left apart only has
    /// somebody wait; what is wrongly joined tells one person's status to another, against the
    /// national register.
    #[must_use]
    pub fn voices(&self, effect: &Effect) -> usize {
        let two = match (self, effect) {
            (Self::Attachment { master, near, .. }, Effect::Attach { student, .. }) => near
                .iter()
                .filter(|near| near.side.student == *student)
                .any(|near| are_two(master.as_ref(), near.side.master.as_ref())),
            (Self::Duplicate { sides: [one, other], .. }, Effect::Merge(_)) => {
                are_two(one.master.as_ref(), other.master.as_ref())
            }
            _ => false,
        };
        if two { 2 } else { 1 }
    }

    /// Some answer would need two people.
    #[must_use]
    pub fn may_need_two(&self) -> bool {
        match self {
            Self::Attachment { master, near, .. } => {
                near.iter().any(|near| are_two(master.as_ref(), near.side.master.as_ref()))
            }
            Self::Duplicate { sides: [one, other], .. } => {
                are_two(one.master.as_ref(), other.master.as_ref())
            }
            Self::Dispute { .. } => false,
        }
    }
}

/// A verdict is no answer to the question that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("verdict does not answer the question of the case")]
pub struct NotAnAnswer;

/// INES confirmed a master INE for both, and not the same.
fn are_two(one: Option<&IneDigest>, other: Option<&IneDigest>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}
