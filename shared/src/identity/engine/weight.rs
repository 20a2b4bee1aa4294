//! Evidence in bits, and every weight of the rules in one place.
//!
//! One bit doubles the odds that two records are about the same person. Weights are round numbers
//! that can be argued in a meeting, not coefficients fitted to a file: what an agreement is worth
//! comes from how many people share the value (module `frequency`), and what a disagreement costs
//! from how often the same person's records disagree.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::{Deserialize, Serialize};

/// Evidence, in tenths of a bit: integers, so that a sum does not depend on the order of its terms.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bits(i32);

/// That many bits.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    reason = "weights are a few dozen bits, and the cast saturates"
)]
pub const fn bits(value: f64) -> Bits {
    Bits((value * 10.0) as i32)
}

impl Bits {
    /// No evidence either way.
    pub const ZERO: Self = Self(0);

    /// The value in bits.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / 10.0
    }

    /// At least nothing: an agreement that is doubted says less, never the contrary.
    pub(super) fn or_nothing(self) -> Self {
        self.max(Self::ZERO)
    }
}

impl Add for Bits {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Bits {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Bits {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Neg for Bits {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sum for Bits {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}
