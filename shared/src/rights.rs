//! Requests by which a person exercises a right over their data (RGPD, articles 15 to 21), from the
//! day they come in to their end.
//!
//! ```text
//! received ──► in progress ──► ended (granted, refused with a reason, withdrawn)
//!                   │
//!                   └─ of a rectification: sent to an establishment ──► to correct ──► ended (corrected)
//! ```
//!
//! Whatever its state, a request has a day by which it must be answered, and whoever has charge of
//! it. Each change is a step of its history, and done twice it is one.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::academic_year::day_in_france;
use crate::domain::uai::Uai;
use crate::identity::digest::RecordId;
use crate::identity::student::StudentId;

mod changing;
mod said;

pub use changing::ChangeError;
pub use said::said;

/// Months that the answer may take longer, when whoever asks is told why (article 12, paragraph 3).
pub const EXTENSION_MONTHS: i32 = 2;

/// The id of a request: random, or a keyed digest of the form that made it, so that it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(Uuid);

impl RequestId {
    /// A new id.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id that these 128 bits are.
    #[must_use]
    pub fn of(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The id as it is written in an address: 32 hexadecimal digits, in small letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Self(Uuid::try_parse(text).ok()?);
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_simple())
    }
}

/// The right that is exercised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Right {
    /// Article 15.
    #[serde(rename = "acces")]
    Access,
    /// Article 16.
    #[serde(rename = "rectification")]
    Rectification,
    /// Article 18.
    #[serde(rename = "limitation")]
    Restriction,
    /// Article 21.
    #[serde(rename = "opposition")]
    Objection,
    /// Article 17.
    #[serde(rename = "effacement")]
    Erasure,
}

impl Right {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 5] =
        [Self::Access, Self::Rectification, Self::Restriction, Self::Objection, Self::Erasure];

    /// Its name in forms, tables and commands.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Access => "acces",
            Self::Rectification => "rectification",
            Self::Restriction => "limitation",
            Self::Objection => "opposition",
            Self::Erasure => "effacement",
        }
    }

    /// The right of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.name() == name)
    }

    /// Whether nothing is told of the person once the request is granted.
    #[must_use]
    pub fn silences(self) -> bool {
        matches!(self, Self::Restriction | Self::Objection | Self::Erasure)
    }
}

/// The ground on which the register may hold data at all (article 6, paragraph 1). Which one it is
/// is the controller's to say: it decides which rights may be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ground {
    /// Point c: a legal obligation.
    #[serde(rename = "obligation_legale")]
    LegalObligation,
    /// Point e: a task of public interest.
    #[serde(rename = "mission_interet_public")]
    PublicTask,
}

impl Ground {
    pub const ALL: [Self; 2] = [Self::LegalObligation, Self::PublicTask];

    /// Its name in the settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LegalObligation => "obligation_legale",
            Self::PublicTask => "mission_interet_public",
        }
    }

    /// Whether a request of this right may be refused for this ground: objection is for a public
    /// task alone (article 21, paragraph 1), and neither ground has to erase (article 17, paragraph
    /// 3, point b).
    #[must_use]
    pub fn refuses(self, right: Right) -> bool {
        match right {
            Right::Erasure => true,
            Right::Objection => self == Self::LegalObligation,
            Right::Access | Right::Rectification | Right::Restriction => false,
        }
    }
}

impl std::str::FromStr for Ground {
    type Err = UnknownGround;

    fn from_str(text: &str) -> Result<Self, UnknownGround> {
        Self::ALL.into_iter().find(|ground| ground.name() == text).ok_or(UnknownGround)
    }
}

/// The text names no ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a ground is obligation_legale or mission_interet_public")]
pub struct UnknownGround;

/// Why a request is refused. The person is told, with the ways to contest it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusalReason {
    /// The right doesn't hold against the register's ground ([`Ground::refuses`]).
    #[serde(rename = "fondement")]
    Ground,
    /// What the register holds is right, by the documents.
    #[serde(rename = "exact")]
    Accurate,
    /// Nothing is held of the person.
    #[serde(rename = "introuvable")]
    NotHeld,
    /// It isn't known who asks (article 12, paragraph 6).
    #[serde(rename = "identite")]
    Identity,
    /// Manifestly unfounded or excessive (article 12, paragraph 5).
    #[serde(rename = "excessive")]
    Excessive,
}

impl RefusalReason {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 5] =
        [Self::Accurate, Self::NotHeld, Self::Identity, Self::Ground, Self::Excessive];

    /// Its name in forms, tables and commands.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ground => "fondement",
            Self::Accurate => "exact",
            Self::NotHeld => "introuvable",
            Self::Identity => "identite",
            Self::Excessive => "excessive",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// What was asked is done, or answered.
    #[serde(rename = "satisfaite")]
    Granted,
    /// The establishment's record isn't what it was.
    #[serde(rename = "corrigee")]
    Corrected,
    #[serde(rename = "refusee")]
    Refused(RefusalReason),
    /// Whoever asked takes it back.
    #[serde(rename = "retiree")]
    Withdrawn,
}

/// How far a request has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Nobody has charge of it yet.
    #[serde(rename = "recue")]
    Received,
    /// Somebody of the register has.
    #[serde(rename = "en_cours")]
    InProgress,
    /// An establishment has to say whether it corrects its record.
    #[serde(rename = "transmise")]
    Sent { uai: Uai },
    /// It agreed to. `said` is what its records of the person said then, as keyed digests: once one
    /// is another, or gone, the record was corrected.
    #[serde(rename = "a_corriger")]
    ToCorrect { uai: Uai, said: BTreeMap<RecordId, String> },
    #[serde(rename = "close")]
    Ended(End),
}

/// Who did a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Actor {
    /// Whoever asks.
    Person,
    /// A member of an establishment, by their digest.
    Establishment { uai: Uai, member: String },
    /// An operator or the data protection officer, by their digest.
    National { member: String },
    /// An officer who uses `statut`, by their name in the directory.
    Command { officer: String },
    /// A file or a push of the establishment.
    Feed,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Done {
    #[serde(rename = "ouverte")]
    Opened,
    #[serde(rename = "prise_en_charge")]
    Taken,
    #[serde(rename = "transmise")]
    Sent { uai: Uai },
    #[serde(rename = "acceptee")]
    Agreed,
    #[serde(rename = "prolongee")]
    Extended,
    #[serde(rename = "close")]
    Ended(End),
}

/// A step of a request's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub at: Timestamp,
    pub by: Actor,
    pub done: Done,
    /// What was written to whoever asks, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub id: RequestId,
    /// The number of writes; 0 for one that isn't stored yet.
    #[serde(default)]
    pub version: u64,
    pub right: Right,
    pub state: State,
    pub opened_at: Timestamp,
    /// The last day on which it may be answered.
    pub due_on: Date,
    /// Whether the answer was given two months more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extended: bool,
    /// The digest of whoever asks, as their provider names them; none for one that was opened by
    /// hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The student of the register that it is about, if one was found without doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student: Option<StudentId>,
    /// Who asks and what, encrypted.
    pub statement: String,
    /// Whether nothing is to be told of the person until it ends (article 18).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub contests: bool,
    /// Whoever has charge of it: an agent, by their digest, or an officer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_charge: Option<String>,
    pub history: Vec<Step>,
}

/// What a request begins with.
#[derive(Debug, Clone)]
pub struct Opening {
    pub id: RequestId,
    pub right: Right,
    pub owner: Option<String>,
    pub student: Option<StudentId>,
    pub statement: String,
    pub contests: bool,
    /// The establishment that a rectification is for, when it is known.
    pub uai: Option<Uai>,
    pub by: Actor,
}

impl Request {
    /// A request that comes in now, to be answered within so many months.
    #[must_use]
    pub fn open(opening: Opening, months: u8, now: Timestamp) -> Self {
        let Opening { id, right, owner, student, statement, contests, uai, by } = opening;
        let mut history = vec![Step { at: now, by: by.clone(), done: Done::Opened, note: None }];
        let uai = uai.filter(|_| right == Right::Rectification);
        if let Some(uai) = uai {
            history.push(Step { at: now, by, done: Done::Sent { uai }, note: None });
        }
        Self {
            id,
            version: 0,
            right,
            state: uai.map_or(State::Received, |uai| State::Sent { uai }),
            opened_at: now,
            due_on: months_later(day_in_france(now), i32::from(months)),
            extended: false,
            owner,
            student,
            statement,
            // A restriction that is asked for holds until it is decided on, like any other.
            contests: contests || right == Right::Restriction,
            in_charge: None,
            history,
        }
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, State::Ended(_))
    }

    /// Whether the day by which it had to be answered is over.
    #[must_use]
    pub fn is_late(&self, today: Date) -> bool {
        self.is_open() && self.due_on < today
    }

    /// The establishment whose turn it is.
    #[must_use]
    pub fn establishment(&self) -> Option<Uai> {
        match &self.state {
            State::Sent { uai } | State::ToCorrect { uai, .. } => Some(*uai),
            State::Received | State::InProgress | State::Ended(_) => None,
        }
    }

    /// The establishment that it was sent to last, which reads its end as well.
    #[must_use]
    pub fn last_sent_to(&self) -> Option<Uai> {
        self.history.iter().rev().find_map(|step| match step.done {
            Done::Sent { uai } => Some(uai),
            _ => None,
        })
    }

    /// Whether it is this establishment's to read.
    #[must_use]
    pub fn was_sent_to(&self, uai: Uai) -> bool {
        self.last_sent_to() == Some(uai)
    }

    /// Whether nothing may be told of the student because of it: until it ends if that was asked,
    /// and for good if what was granted is that.
    #[must_use]
    pub fn silences(&self) -> bool {
        match self.state {
            State::Ended(end) => end == End::Granted && self.right.silences(),
            _ => self.contests,
        }
    }

    /// When it ended, if it has.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        let last = self.history.last()?;
        matches!(self.state, State::Ended(_)).then_some(last.at)
    }
}

/// So many months later, on the same day, or on the month's last where it has no such day. A day
/// that no calendar has is the last that one has.
fn months_later(day: Date, months: i32) -> Date {
    day.saturating_add(Span::new().months(months))
}

#[cfg(test)]
mod tests;
