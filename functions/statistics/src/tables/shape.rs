//! Which dimensions are crossed, and what kind of cell a key is.

use crate::dimensions::{Dimension, EVERYBODY, Flow, Key, Nomenclature, TOTAL};
use crate::tables::flows::flow_of;

/// Dimensions that are crossed, each with the levels that cells are counted at, finest first, down
/// to the total (0).
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub levels: &'static [(Dimension, &'static [u8])],
    /// It counts students by their main enrolment alone.
    pub people_only: bool,
    /// The dimensions whose values are all counted wherever one is, zeros included: a row that
    /// isn't published doesn't tell which of its cells are empty.
    pub filled: &'static [Dimension],
}

const fn enrolments(
    levels: &'static [(Dimension, &'static [u8])],
    filled: &'static [Dimension],
) -> Shape {
    Shape { levels, people_only: false, filled }
}

const fn people(
    levels: &'static [(Dimension, &'static [u8])],
    filled: &'static [Dimension],
) -> Shape {
    Shape { levels, people_only: true, filled }
}

use Dimension::{Age, Birth, Cursus, Diploma, Multiple, Place, Regime, Sex, Status, Supplier};

/// The shapes. Those by establishment have its académies too: an establishment with two sites ties
/// its own row to two territories, and an attacker knows where sites are.
pub const SHAPES: [Shape; 9] = [
    enrolments(&[(Place, &[3, 2, 1, 0]), (Supplier, &[2, 1, 0]), (Cursus, &[1, 0])], &[Cursus]),
    people(&[(Place, &[2, 0]), (Supplier, &[2, 0]), (Sex, &[1, 0])], &[Sex]),
    enrolments(&[(Place, &[2, 0]), (Supplier, &[2, 0]), (Regime, &[1, 0])], &[Regime]),
    enrolments(&[(Place, &[2, 0]), (Regime, &[2, 1, 0])], &[Regime]),
    people(&[(Place, &[2, 0]), (Age, &[1, 0]), (Sex, &[1, 0])], &[Age, Sex]),
    people(&[(Place, &[2, 0]), (Birth, &[1, 0])], &[Birth]),
    enrolments(&[(Place, &[2, 0]), (Status, &[1, 0])], &[Status]),
    enrolments(&[(Diploma, &[2, 1, 0])], &[]),
    people(&[(Place, &[2, 0]), (Multiple, &[1, 0])], &[Multiple]),
];

/// Below how many people a cell is sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    pub plain: i64,
    /// With the sex, the age or the place of birth.
    pub personal: i64,
}

impl Thresholds {
    #[must_use]
    pub fn of(self, key: &Key) -> i64 {
        let personal = [Sex, Age, Birth].iter().any(|one| key[one.at()] != TOTAL);
        if personal { self.personal } else { self.plain }
    }
}

/// A cell that no table has: of an establishment in a place, or of people who were counted elsewhere.
#[must_use]
pub fn is_latent(key: &Key, nomenclature: &Nomenclature) -> bool {
    let is_untold = matches!(flow_of(key), Some(Flow::MovedAway | Flow::Before));
    is_untold || key[Place.at()] != TOTAL && is_establishments(key, nomenclature)
}

/// Whether a cell is of one establishment.
#[must_use]
pub fn is_establishments(key: &Key, nomenclature: &Nomenclature) -> bool {
    nomenclature.level(Supplier, key[Supplier.at()]) == 2
}

/// The row of a table that a cell belongs to: what the unit's total is split into by one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// The unit's total: of an establishment, a place, a diploma, or the country.
    pub unit: Key,
    /// The dimension that tells the tables of one unit apart.
    pub by: Dimension,
}

impl RowKey {
    /// That of a cell; a unit's total belongs to none.
    #[must_use]
    pub fn of(key: &Key, nomenclature: &Nomenclature) -> Option<Self> {
        let mut unit = EVERYBODY;
        if is_establishments(key, nomenclature) {
            unit[Supplier.at()] = key[Supplier.at()];
            let by = [Cursus, Sex, Regime].into_iter().find(|by| key[by.at()] != TOTAL)?;
            return Some(Self { unit, by });
        }
        let diploma = key[Diploma.at()];
        if diploma != TOTAL {
            if nomenclature.level(Diploma, diploma) == 2 {
                unit[Diploma.at()] = nomenclature.lift(Diploma, diploma, 1);
            }
            return Some(Self { unit, by: Diploma });
        }
        unit[Place.at()] = key[Place.at()];
        match flow_of(key) {
            None => {}
            Some(Flow::New | Flow::MovedHere | Flow::Stayed) => {
                return Some(Self { unit, by: Dimension::Flow });
            }
            // Those who left are some of those who were there.
            Some(Flow::Left) => {
                unit[Dimension::Flow.at()] = Flow::Before.value();
                return Some(Self { unit, by: Dimension::Flow });
            }
            Some(Flow::MovedAway | Flow::Before) => return None,
        }
        // A table by age and sex, and that of the sexes alone which follows from it, are one.
        let by = [Regime, Age, Sex, Birth, Status, Multiple, Cursus, Supplier]
            .into_iter()
            .find(|by| key[by.at()] != TOTAL)?;
        let by = match by {
            Sex => Age,
            Supplier => Cursus,
            other => other,
        };
        Some(Self { unit, by })
    }
}
