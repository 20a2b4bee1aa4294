//! The identity engine: is this the same person? One set of rules for deduplication,
//! immatriculation and look-up by civil identity. Pure: no store, no clock, no I/O.
//!
//! ```text
//! traits as written ──► Person ──► blocking keys ──► those who share one
//!   person, name,       (normalised)  blocking             │
//!   birth, place,                                          ▼
//!   identifier, sound                 Comparison: level per trait, bits, vetoes      compare, frequency, weight
//!                                                          │
//!                                     Decision: same, ambiguous, new (near: review)  decide
//!                                     Answer: found, ambiguous, none                 lookup
//!                                                          │
//!                                     a sentence in French for whoever must judge    explain
//! ```
//!
//! Evidence says how likely two people are one; a *veto* says that likelihood must not decide,
//! because the evidence is of the kind that twins, siblings and homonyms share. A veto is never
//! outweighed.

pub mod blocking;
pub mod compare;
pub mod decide;
pub mod explain;
pub mod lookup;
pub mod person;
pub mod register;
pub mod weight;

mod birth;
mod frequency;
mod group;
mod identifier;
mod name;
mod place;
mod sound;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

pub use birth::BirthLevel;
pub use identifier::IdentifierLevel;
pub use name::{GivenLevel, OthersLevel, SurnameLevel};
pub use person::NumberLevel;
pub use place::PlaceLevel;

/// The version of the rules, kept with each decision: another version may decide otherwise.
pub const RULE_VERSION: u16 = 4;
