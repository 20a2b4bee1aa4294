//! The doubts that a person decides: listing them, reading one, deciding, undoing, disputing. The
//! API that reviewing officers call, behind API Gateway.
//!
//! It never touches a student. A decision is kept with its case, then a pointer to the case goes to
//! deduplication, which applies it together with everything that rests on it.
//!
//! What a case shows and what changes it is `shared::reviewing`, which the portal's pages are on as well.
//!
//! ```text
//! handler     what the kernel of `shared::api`, which has the order of things, asks of this function
//!   ├── routes        every route: what it reads, its documentation
//!   ├── caller        which officer asks, shown by the key
//!   ├── listing       open cases, the oldest first
//!   ├── changing      a vote, an undo, a dispute, as bodies say them
//!   ├── refusal       every end but a success
//!   └── openapi       the documentation, generated from the types
//! ```

pub mod context;
pub mod handler;
pub mod metrics;
pub mod openapi;

mod caller;
mod changing;
mod listing;
mod refusal;
mod routes;
