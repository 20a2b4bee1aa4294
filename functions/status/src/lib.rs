//! Consultation: is this person a student? The API that administrations and companies call, behind API Gateway.
//!
//! ```text
//! handler     the order of things: endpoint → answer, or refusal → metrics
//!   ├── endpoint      what a path and a method mean
//!   ├── consultation  one person: caller → question → quota and look-up → trace → answer
//!   ├── batch         the same for a hundred
//!   ├── public        what is told to anybody: probe, coverage, keys, documentation
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
mod endpoint;
mod france_connect;
mod public;
mod question;
mod reply;
