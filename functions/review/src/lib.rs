//! The doubts that a person decides: listing them, reading one, deciding, undoing, disputing. The
//! API that reviewing officers call, behind API Gateway.
//!
//! It never touches a student. A decision is kept with its case, then a pointer to the case goes to
//! deduplication, which applies it together with everything that rests on it.
//!
//! ```text
//! handler     what the kernel of `shared::api`, which has the order of things, asks of this function
//!   ├── routes        every route: what it reads, its documentation
//!   ├── caller        which officer asks, shown by the key
//!   ├── listing       open cases, the oldest first
//!   ├── reading       one case: what it shows → trace → answer
//!   ├── deciding      a vote, an undo, a dispute: case → pointer → answer
//!   ├── involved      nobody decides on what they send
//!   ├── refusal       every end but a success
//!   └── openapi       the documentation, generated from the types
//! ```

pub mod context;
pub mod handler;
pub mod metrics;
pub mod openapi;

mod caller;
mod deciding;
mod involved;
mod listing;
mod reading;
mod refusal;
mod routes;
