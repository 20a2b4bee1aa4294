//! Feeding in real time: what establishments tell of enrolments, one by one or in batches, and the
//! forms that they send files with. The API that their own software calls, behind API Gateway.
//!
//! ```text
//! handler     what the kernel of `shared::api`, which has the order of things, asks of this function
//!   ├── routes        every route: who may call it, what it reads, its documentation
//!   ├── caller        which establishment sends, shown by its key
//!   ├── statement     what one body says, as `shared::statements` reads, checks and writes it
//!   ├── shared_key    one number, or one INE, on statements of several people
//!   ├── traces        who read the findings of a file, before the answer
//!   ├── single        one enrolment: caller → statement → quota → idempotent_request → pair → plan → trace → store, pointer → answer
//!   ├── batch         the same for five hundred
//!   ├── idempotent_request  an `Idempotency-Key` is answered once
//!   ├── existing      reading back and cancelling
//!   ├── deposits      forms to send files with, and what became of the files
//!   ├── quality       what was counted of an establishment's own feed
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
mod quality;
mod refusal;
mod routes;
mod shared_key;
mod single;
mod statement;
mod traces;
