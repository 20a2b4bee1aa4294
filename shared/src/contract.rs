//! The wire: what `/api/etudiant` takes and answers, to the letter (domain.md §1), what
//! `/api/inscription` does (§2), the direct API of v3 (§4.2), and what our queue carries.

pub mod deposit;
pub mod enrolment;
pub mod error;
pub mod finding;
pub mod ines;
mod null;
pub mod parameters;
pub mod pivot;
pub mod pointer;
pub mod quality;
pub mod review;
pub mod student_status;
pub mod v3;

mod asked;
