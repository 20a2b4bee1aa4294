//! Our own identity service, compatible with INES, so that the system is whole without the
//! ministry's: whether an INE and a birth date go together, which INE a person has, an INE for who
//! has none, and what a person decides when nobody else can. Behind an API Gateway of its own, so
//! that the real INES replaces it by an address.
//!
//! ```text
//! handler     what the kernel of `shared::api`, which has the order of things, asks of this function
//!   ├── routes           every route: who may call it, what it reads, its documentation; answer → trace
//!   ├── oauth            a token for who shows an id and a secret
//!   ├── caller           who asks, shown by a token
//!   ├── token            making and believing tokens
//!   ├── verification     an INE and a birth date
//!   ├── search           a civil identity
//!   ├── immatriculation  an INE for a person: found, given, or a person decides
//!   ├── requests         what became of a request, and those that wait
//!   ├── decision         what a person decides of one
//!   ├── attachments      two INEs of one person, joined and parted
//!   ├── situation        all that a decision about a person rests on, and the transaction that follows
//!   ├── person           a civil identity, to and from the wire
//!   ├── refusal          every end but a success
//!   └── openapi          the documentation, generated from the types
//! ```

pub mod context;
pub mod handler;
pub mod metrics;
pub mod openapi;

mod answer;
mod attachments;
mod caller;
mod decision;
mod immatriculation;
mod oauth;
mod person;
mod refusal;
mod requests;
mod routes;
mod search;
mod situation;
mod token;
mod verification;
