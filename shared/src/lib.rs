//! What the functions of Statut Étudiant have in common.
//!
//! The modules are layers, and arrows only go down:
//!
//! ```text
//! telemetry, config
//!    │
//! registry, audit, secrets        ports and their AWS adapters (feature `aws`)
//!    │
//! files, identity, contract       pure logic: bytes to rows, records to students, answers to JSON
//!    │
//! domain                          types that cannot hold rubbish; no I/O, no AWS
//! ```
//!
//! Without the feature `aws` only the two lower layers compile, which proves that they know nothing of it.

pub mod contract;
pub mod domain;
pub mod files;
pub mod identity;

#[cfg(feature = "aws")]
pub mod audit;
#[cfg(feature = "aws")]
pub mod config;
#[cfg(feature = "aws")]
pub mod registry;
#[cfg(feature = "aws")]
pub mod telemetry;
