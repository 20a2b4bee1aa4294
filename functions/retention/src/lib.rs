//! Retention: what is over is erased, and counted.
//!
//! ```text
//! handler           one run: a pass goes on where the one before stopped, step by step
//!   ├── students      a student, with all that is derived from its records, in one transaction
//!   ├── records       records that never became a student's
//!   └── cases         questions and decisions about nobody who is left
//! ```
//!
//! What is over, [`shared::retention`] says.

pub mod context;
pub mod handler;

mod cases;
mod records;
mod run;
mod students;
