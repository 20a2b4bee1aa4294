//! Feeding in real time: what establishments tell of enrolments, one by one or in batches, and the
//! forms that they send files with. The API that their own software calls, behind API Gateway.
//!
//! ```text
//! handler     what the kernel of `shared::api`, which has the order of things, asks of this function
//!   ├── routes        every route: who may call it, what it reads, its documentation
//!   ├── caller        which establishment sends, shown by its key
//!   ├── statement     what one body says, and whether it may be said
//!   ├── pairs         which INE and birth date are whose, within the depositor's allowances
//!   ├── plan          which records a statement is written to
//!   ├── shared_key    one number, or one INE, on statements of several people
//!   ├── traces        who did what about whom, before the answer
//!   ├── single        one enrolment: caller → statement → quota → idempotent_request → pair → plan → trace → store, pointer → answer
//!   ├── batch         the same for five hundred
//!   ├── idempotent_request  an `Idempotency-Key` is answered once
//!   ├── store         records, then pointers, then the day of the feed
//!   ├── existing      reading back and cancelling
//!   ├── deposits      forms to send files with, and what became of the files
//!   ├── refusal       every end but a success, in the contract's words
//!   └── openapi       the documentation, generated from the types
//! ```

pub mod context;
pub mod handler;
pub mod metrics;
pub mod openapi;

mod batch;
mod caller;
mod deposits;
mod existing;
mod idempotent_request;
mod pairs;
mod plan;
mod refusal;
mod routes;
mod shared_key;
mod single;
mod statement;
mod store;
mod traces;
