//! Statistics: aggregates that add up and disclose nobody.
//!
//! ```text
//! handler            orders and tasks: plan → parts → assembly
//!   ├── counting        a count in steps, and what is kept between them
//!   ├── assembly        the parts of a count → snapshot → files
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

mod assembly;
pub mod audit;
pub mod context;
pub mod counting;
pub mod dimensions;
pub mod disclosure;
pub mod facts;
pub mod handler;
pub mod main_enrolment;
pub mod outputs;
mod quality;
pub mod snapshot;
pub mod store;
pub mod tables;
