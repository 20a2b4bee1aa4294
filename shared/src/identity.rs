//! Who is who: which student a declaration is about, and which student a look-up means. Pure logic.
//!
//! Precision comes first: a wrong merge shows one person's status to another. Whatever isn't
//! certain waits for a person ([`Doubt`](crate::domain::record_state::Doubt)) and stays invisible to
//! consultation.

pub mod block;
pub mod decide;
pub mod digest;
pub mod edge;
pub mod engine;
pub mod finding;
pub mod immatriculation;
pub mod ines;
pub mod lookup;
pub mod moves;
pub mod publication;
pub mod reconsider;
pub mod review;
pub mod same_enrolment;
pub mod stat;
pub mod student;

#[cfg(test)]
pub(crate) mod fixtures;
