//! The direct API, with the contract of API Particulier v3 (domain.md §4.2), and what we add in its
//! manner.

pub mod answer;
pub mod batch;
pub mod coverage;
pub mod error;
pub mod introspection;
pub mod request;
