//! Enrolment files: bytes to declarations, without knowing where the bytes come from.
//!
//! A row is a line: enrolment data has no line break in a field, so framing by line isolates every
//! broken row (an unclosed quotation mark spoils one line, not the rest of the file), bounds memory
//! by the longest line allowed, and gives line numbers for free.

pub mod column;
pub mod depositor;
pub mod dictionary;
pub mod json;
pub mod mapping;
pub mod problem;
pub mod reader;
pub mod report;
pub mod row;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod documented;
#[cfg(test)]
pub(crate) mod fixtures;
