//! Consultation: is this person a student? The API that administrations and companies call, behind
//! API Gateway.
//!
//! ```text
//! handler     what the kernel of `shared::api`, which has the order of things, asks of this function
//!   ├── routes        every route: who may call it, what it reads, its documentation
//!   ├── consultation  one person: question → quota and look-up → trace → answer
//!   ├── batch         the same for a hundred
//!   ├── public        what is told to anybody: coverage, keys
//!   ├── caller        who asks: an API key, a signed token, FranceConnect
//!   ├── reply         refusals, in the words of each contract
//!   └── openapi       the documentation, generated from the types
//! ```

pub mod context;
pub mod handler;
pub mod metrics;
pub mod openapi;

mod batch;
mod caller;
mod consultation;
mod france_connect;
mod public;
mod question;
mod reply;
mod routes;
