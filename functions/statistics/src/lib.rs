//! Statistics: aggregates that add up and disclose nobody.
//!
//! ```text
//! handler            one run, in order: scan → facts → tally → snapshot → files
//!   ├── segments        a table read in parts, side by side
//!   ├── facts           one student of one academic year
//!   │     └── main_enrolment   which enrolment counts it
//!   ├── dimensions      the values of each dimension, as integers
//!   ├── tables          cells, sums, and which table shows which
//!   ├── disclosure      what is hidden, and the proof that it is enough
//!   ├── snapshot        all tables at a date, with the snapshot before
//!   ├── outputs         its files, the manifest last
//!   ├── quality         what establishments send, and what clients ask: private
//!   ├── audit           the same proof from published files alone
//!   └── store           where snapshots are kept
//! ```

pub mod audit;
pub mod context;
pub mod dimensions;
pub mod disclosure;
pub mod facts;
pub mod handler;
pub mod main_enrolment;
pub mod outputs;
mod quality;
mod segments;
pub mod snapshot;
pub mod store;
pub mod tables;
