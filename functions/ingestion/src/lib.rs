//! Feeding: a file dropped in the inbox becomes source records, pointers and a report.
//!
//! | module | |
//! |---|---|
//! | [`handler`] | a delivery of the queue: which message may be acknowledged |
//! | [`import`] | one import, in order; it knows of the world what [`ports`] says |
//! | [`limiter`] | how fast the table is written |
//! | [`aws`] | the world as it is |

pub mod aws;
pub mod clock;
pub mod handler;
pub mod import;
pub mod limiter;
pub mod ports;

mod object;
