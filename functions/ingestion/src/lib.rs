//! Feeding: a file dropped in the inbox becomes source records, pointers and a report.
//!
//! | module | |
//! |---|---|
//! | [`handler`] | a delivery of the queue: which message may be acknowledged |
//! | [`import`] | one import, in order |
//! | [`limiter`] | how fast the table is written |
//! | [`world`] | the tables, the buckets, the queues and the topic |

pub mod clock;
pub mod handler;
pub mod import;
pub mod limiter;
pub mod world;

mod bucket;
mod notifier;
mod object;
mod queues;
