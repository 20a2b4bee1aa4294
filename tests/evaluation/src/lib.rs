//! How well identities are resolved and looked up, over a labelled set: a population whose records,
//! people and questions are known, as docs/identity.md describes it.
//!
//! Whatever decides is judged in one way: the engine alone over a file ([`matching`], which `cargo
//! local match` runs), deduplication's handler, and consultation's routes. A [`set::LabelledSet`]
//! says who is who, a [`linkage::Linkage`] what was decided, [`resolution`] and [`look_ups`] count,
//! and [`bounds`] says what must be reached. The program `evaluate` prints the tables of
//! docs/identity.md.

pub mod bounds;
mod columns;
pub mod declared;
pub mod linkage;
pub mod look_ups;
pub mod matching;
pub mod measures;
pub mod outputs;
pub mod resolution;
pub mod set;
pub mod tables;

#[cfg(test)]
mod tests;
