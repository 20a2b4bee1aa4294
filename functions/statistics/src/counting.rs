//! A count in steps, so that none is longer than an invocation.
//!
//! An order makes a plan and sends a message for each part of each table. Whoever has such a message
//! counts that part and keeps what it came to; near the end of its time it keeps what it has so far,
//! with where it stopped, and sends the message again. Whoever finds that no part is missing any more
//! asks for the assembly, which makes the files and says how the count ended.
//!
//! | key below `interne/comptages/<id>/` | |
//! |---|---|
//! | `plan.json` | what is counted, written once |
//! | `parties/<table>-<segment>.json` | what a part came to |
//! | `en-cours/<table>-<segment>.json` | what it came to so far, and where it goes on |
//! | `issue.json` | how the count ended |
//!
//! Every step may be done twice. A part that is kept isn't counted again; two invocations that count
//! the same part at once keep one whole result in the place of the other, never their sum; and of
//! what was kept unfinished each goes on with all of it. A count that has ended isn't assembled
//! again.

pub mod cases;
pub mod kept;
pub mod part;
pub mod records;
pub mod students;
pub mod tasks;
pub mod whereabouts;

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::domain::academic_year::{AcademicYear, day_in_france};
use shared::registry::segment::Segment;

/// A count's id: the id of the request that ordered it, so that an order which is delivered again goes
/// on with the same count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CountId(String);

/// It isn't the id of a request: 1 to 64 letters, digits and hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a count is named by 1 to 64 letters, digits and hyphens")]
pub struct NoCountId;

impl TryFrom<String> for CountId {
    type Error = NoCountId;

    fn try_from(text: String) -> Result<Self, NoCountId> {
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let well_formed = (1..=64).contains(&text.len()) && text.bytes().all(usual);
        if well_formed { Ok(Self(text)) } else { Err(NoCountId) }
    }
}

impl From<CountId> for String {
    fn from(id: CountId) -> Self {
        id.0
    }
}

impl fmt::Display for CountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// When it was ordered: the count is of that day, even if it ends after midnight.
    #[serde(rename = "demandeLe")]
    pub at: Timestamp,
    /// Whether the public snapshot of the date is made of it.
    #[serde(rename = "geler")]
    pub freeze: bool,
    /// Parts that each table is read in.
    pub segments: i32,
}

/// A table that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Table {
    /// The students, for the tables.
    Etudiants,
    /// The records, for the quality of what establishments send.
    Fiches,
    /// The cases of reviewers, for that of the register.
    Dossiers,
}

impl Table {
    const ALL: [Self; 3] = [Self::Etudiants, Self::Fiches, Self::Dossiers];
}

/// A part of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub table: Table,
    #[serde(rename = "segment")]
    pub at: i32,
}

impl Plan {
    /// The day that is counted.
    #[must_use]
    pub fn date(&self) -> Date {
        day_in_france(self.at)
    }

    /// The academic year that is counted.
    #[must_use]
    pub fn year(&self) -> AcademicYear {
        AcademicYear::starting_on(self.date())
    }

    /// Every part of the tables that are read: a snapshot is made of the students alone.
    pub fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        let tables: &[Table] = if self.freeze { &[Table::Etudiants] } else { &Table::ALL };
        let segments = self.segments;
        tables.iter().flat_map(move |table| (0..segments).map(|at| Part { table: *table, at }))
    }

    pub(crate) fn segment(&self, part: Part) -> Segment {
        Segment { at: part.at, of: self.segments }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = match self.table {
            Table::Etudiants => "etudiants",
            Table::Fiches => "fiches",
            Table::Dossiers => "dossiers",
        };
        write!(f, "{table}-{}", self.at)
    }
}

/// What a message asks: a part of a count or, without one, its assembly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    #[serde(rename = "comptage")]
    pub count: CountId,
    #[serde(rename = "partie", default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// How a count ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Its files are there.
    #[serde(rename = "publie")]
    Published(Published),
    /// There are none, for this reason: the same again would end the same.
    #[serde(rename = "refus")]
    Refused(String),
}

/// Where the files of a count are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    pub bucket: String,
    /// What the keys of its files begin with.
    pub prefix: String,
    /// The names of its files after the prefix, the manifest last.
    pub files: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_reads_the_students_alone() {
        let plan = |freeze| Plan { at: Timestamp::UNIX_EPOCH, freeze, segments: 2 };
        let parts = |freeze| plan(freeze).parts().map(|part| part.to_string()).collect::<Vec<_>>();
        assert_eq!(parts(true), ["etudiants-0", "etudiants-1"]);
        let fiches = ["etudiants-0", "etudiants-1", "fiches-0", "fiches-1"];
        assert_eq!(parts(false), [&fiches[..], &["dossiers-0", "dossiers-1"]].concat());
    }

    #[test]
    fn a_message_asks_for_a_part_or_for_the_assembly() {
        let read = |text: &str| serde_json::from_str::<Task>(text);
        let part = read(r#"{"comptage":"a-1","partie":{"table":"fiches","segment":3}}"#).unwrap();
        assert_eq!(part.part, Some(Part { table: Table::Fiches, at: 3 }));
        assert_eq!(read(r#"{"comptage":"a-1"}"#).unwrap().part, None);
        for wrong in [r#"{"comptage":"../snapshots"}"#, r#"{"comptage":""}"#, "{}"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
