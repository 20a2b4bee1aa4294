//! What has to be known to go on with an import where another invocation left off.
//!
//! It is one object beside the report, put whole at each checkpoint under a key of its owner's; the
//! import's item then names it. Whatever happens between the two, the item names a state in which
//! everything before the position is written and pointed to: the last one, or the one before it. An
//! owner that was taken over goes on writing its own object, which nobody names any more.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::academic_year::AcademicYear;
use shared::domain::uai::Uai;
use shared::feeding::record::{LeftAlone, Slice};
use shared::feeding::shared_keys::SharedKeys;
use shared::files::mapping::Mapping;
use shared::files::reader::{Conventions, Detected, Position, SurveyPosition};
use shared::files::report::Tally;
use shared::identity::digest::RecordId;
use shared::identity::student::RecordVersion;

/// The state of an import.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Work {
    pub(super) stage: Stage,
    /// When what the file says was true. Known once the object was opened.
    pub(super) extracted_at: Option<Timestamp>,
    /// Whether the depositor said when.
    #[serde(default)]
    pub(super) extraction_given: bool,
    /// What the establishment called its columns when the import began.
    #[serde(default)]
    pub(super) mapping: Option<Mapping>,
    /// The date order and encoding that the survey found for all lines.
    pub(super) conventions: Conventions,
    /// After the last row that is accounted for.
    pub(super) position: Option<Position>,
    pub(super) bytes_read: u64,
    /// The keys that rows of several people have, once the rows were compared with each other.
    #[serde(default)]
    pub(super) shared: Option<SharedKeys>,
    pub(super) tally: Tally,
    pub(super) detected: Option<Detected>,
    /// The establishments that rows were accepted for.
    pub(super) fed: BTreeSet<Uai>,
    /// The establishments that rows are about, accepted or not: those that a complete file covers.
    pub(super) covered: BTreeSet<Uai>,
    /// For each establishment and year, how far complete files went when the first row about it
    /// came.
    pub(super) horizons: Vec<Known>,
    /// Rejected rows that don't say what they are about.
    pub(super) unidentified: u64,
    /// Of a complete file that is run dry.
    pub(super) listed: Listed,
    /// The records that several rows of a complete file are about.
    #[serde(default)]
    pub(super) repeated: Listed,
    /// The records that rows of a complete file left alone.
    #[serde(default)]
    pub(super) left: Left,
    /// How often the rows were begun again because others wrote meanwhile, or because nothing may
    /// be cancelled.
    #[serde(default)]
    pub(super) begun_again: u32,
    pub(super) comparison: Comparison,
}

/// The stage of the import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// Looking at the whole file, from here on.
    Surveying(Option<SurveyPosition>),
    /// Reading rows and writing records.
    Reading,
    /// Counting what a complete file lacks.
    Counting(Walk),
    /// Looking for complete files that came while this one was read.
    Overtaking,
    /// Cancelling what a complete file lacks.
    Cancelling(Walk),
    Reporting,
}

impl Default for Stage {
    fn default() -> Self {
        Self::Surveying(None)
    }
}

/// One establishment and year of [`Work::horizons`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) uai: Uai,
    pub(super) year: AcademicYear,
    pub(super) horizon: Option<RecordVersion>,
    /// How many writers had come when this import was alone among them; nothing where it isn't, or
    /// leaves no record alone for another reason.
    #[serde(default)]
    pub(super) alone_since: Option<u64>,
}

/// The records that rows left alone.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Left {
    /// Those that stand.
    pub(super) standing: Listed,
    /// Those that were cancelled, as their row says.
    pub(super) cancelled: Listed,
}

impl Left {
    pub(super) fn add(&mut self, left: &LeftAlone) {
        if left.cancelled {
            self.cancelled.add(&left.id);
        } else {
            self.standing.add(&left.id);
        }
    }

    pub(super) fn sort(&mut self) {
        self.standing.sort();
        self.cancelled.sort();
    }

    pub(super) fn has(&self, id: &RecordId) -> bool {
        self.standing.has(id) || self.cancelled.has(id)
    }

    pub(super) fn len(&self) -> usize {
        self.standing.0.len() + self.cancelled.0.len()
    }
}

/// The enrolments that a complete file lacks.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Comparison {
    /// Enrolments that were there before the file and not cancelled.
    pub(super) present: u64,
    /// Among them, those that it lacks.
    pub(super) absent: u64,
    /// Among those, those that it cancelled.
    pub(super) cancelled: u64,
    /// The reason for which nothing is cancelled.
    pub(super) refusal: Option<String>,
    /// Whether they are once somebody confirms it.
    #[serde(default)]
    pub(super) confirmable: bool,
    /// Whether all this is known, and stays so if the rows are read again.
    #[serde(default)]
    pub(super) is_counted: bool,
}

/// A walk through the stored records of establishments and years.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Walk {
    pub(super) targets: Vec<Target>,
    target: usize,
    digit: u8,
    after: Option<RecordId>,
}

/// The records of one establishment and year that are older than a complete file, and not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Target {
    pub(super) uai: Uai,
    pub(super) year: AcademicYear,
    pub(super) horizon: RecordVersion,
}

impl Walk {
    pub(super) fn through(targets: Vec<Target>) -> Self {
        Self { targets, ..Self::default() }
    }

    /// The slice being cancelled; `None` when all are.
    pub(super) fn place(&self) -> Option<(&Target, Slice, Option<&RecordId>)> {
        let target = self.targets.get(self.target)?;
        let slice = Slice { uai: target.uai, year: target.year, digit: self.digit };
        Some((target, slice, self.after.as_ref()))
    }

    /// Goes on after a page.
    pub(super) fn advance(&mut self, after: Option<RecordId>) {
        if after.is_none() {
            self.digit += 1;
            if self.digit == Slice::DIGITS {
                self.digit = 0;
                self.target += 1;
            }
        }
        self.after = after;
    }
}

/// Records, by 64 bits of their ids: eight bytes each. That two of ten million share them has a
/// chance of one in four hundred thousand, and at stake is that one is counted wrong, or cancelled
/// a file later.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Listed(Vec<u64>);

impl Listed {
    pub(super) fn add(&mut self, id: &RecordId) {
        self.0.push(prefix(id));
    }

    /// Makes it ready to be asked.
    pub(super) fn sort(&mut self) {
        self.0.sort_unstable();
    }

    pub(super) fn has(&self, id: &RecordId) -> bool {
        self.0.binary_search(&prefix(id)).is_ok()
    }

    /// Keeps those that were added more than once, ready to be asked.
    pub(super) fn repeated(mut self) -> Self {
        self.sort();
        let groups = self.0.chunk_by(|one, other| one == other);
        Self(
            groups
                .filter(|group| group.len() > 1)
                .filter_map(|group| group.first().copied())
                .collect(),
        )
    }
}

fn prefix(id: &RecordId) -> u64 {
    let digits = id.as_str().split_once('.').map_or("", |(_, digits)| digits);
    digits.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

impl Work {
    /// Has the rows read again from the first one, and their versions moved where `moving` says so.
    /// What the first reading wrote is found by its version, as after a crash, and counts as it did.
    pub(super) fn begin_again(&mut self, moving: impl Fn(&Known) -> bool) {
        self.begun_again += 1;
        for known in &mut self.horizons {
            // Who is disturbed twice could be for ever.
            if self.begun_again > 1 || moving(known) {
                known.alone_since = None;
            }
        }
        self.stage = Stage::Reading;
        (self.position, self.bytes_read, self.unidentified) = (None, 0, 0);
        // The places of rows are noted anew.
        self.shared = None;
        self.tally = Tally::default();
        self.left = Left::default();
    }

    /// The version of a row. A complete file cancels with that of line 0, which every row of its
    /// own is newer than.
    pub(super) fn version(&self, sequencer: &str, import: &str, line: u64) -> RecordVersion {
        RecordVersion::new(
            self.extracted_at.unwrap_or(Timestamp::UNIX_EPOCH),
            sequencer,
            import,
            line,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_goes_through_every_slice_of_every_target() {
        let horizon = Work::default().version("", "import", 0);
        let year = AcademicYear::parse("2026-2027").unwrap();
        let target = |uai| Target { uai: Uai::parse(uai).unwrap(), year, horizon: horizon.clone() };
        let mut walk = Walk::through(vec![target("0751967F"), target("0011402U")]);
        let id = RecordId::parse("1.0123456789abcdef0123456789abcdef").unwrap();
        let (mut slices, mut pages) = (BTreeSet::new(), 0);
        while let Some((_, slice, after)) = walk.place() {
            pages += 1;
            slices.insert(slice);
            // Each slice has two pages.
            let next = after.is_none().then(|| id.clone());
            walk = serde_json::from_str(&serde_json::to_string(&walk).unwrap()).unwrap();
            walk.advance(next);
        }
        assert_eq!((slices.len(), pages), (32, 64));
    }

    #[test]
    fn listed_records_are_found() {
        let id = |digit: char| {
            RecordId::parse(&format!("1.{}0123456789abcdef", String::from(digit).repeat(16)))
                .unwrap()
        };
        let mut listed = Listed::default();
        for digit in ['9', '1', 'f', '1'] {
            listed.add(&id(digit));
        }
        listed.sort();
        assert!(listed.has(&id('9')) && listed.has(&id('f')));
        assert!(!listed.has(&id('a')));
    }
}
