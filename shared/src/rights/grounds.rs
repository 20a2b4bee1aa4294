//! Which rights there are, on which ground they may be refused, and why else.

use serde::{Deserialize, Serialize};

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
