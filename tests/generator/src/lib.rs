//! National enrolment files of any size, from a seed.
//!
//! A [`Generator`] yields rows one by one, without end to their number and without holding them:
//! the same [`Settings`] always give the same rows. [`write()`] puts them in a file of any
//! [`Format`] that the register reads. A settable share of rows is broken on purpose, and each of
//! those tells the rule that it breaks, so that a test can compare a report with what it should
//! say.
//!
//! People are invented: surnames, given names and communes are drawn from INSEE's open lists, one
//! by one.

pub mod column;
pub mod fault;
pub mod format;
pub mod settings;

mod dice;
mod enrolment;
mod generator;
mod ine;
mod ines;
mod lists;
mod person;
mod row;

pub use format::{Format, Written, write};
pub use generator::Generator;
pub use ines::write_ines;
pub use row::GeneratedRow;
pub use settings::{Establishment, Kind, Rates, Settings, SettingsError};
