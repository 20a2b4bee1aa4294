//! The wire: what `/api/etudiant` takes and answers, to the letter (domain.md §1).

pub mod error;
pub mod student_status;
