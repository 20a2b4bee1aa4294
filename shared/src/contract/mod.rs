//! The wire: what `/api/etudiant` takes and answers, to the letter (domain.md §1), and what our queue carries.

pub mod error;
pub mod pointer;
pub mod student_status;
