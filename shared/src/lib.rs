//! What the functions of Statut Étudiant have in common.
//!
//! The modules are layers, and arrows only go down:
//!
//! ```text
//! telemetry, config
//! api                             bodies, replies and metrics of the functions behind API Gateway (feature `api`)
//!    │
//! deposits, statements, reviewing what the API and the portal both do: files and single enrolments on their way in, doubts
//! exercising                      what people ask by their rights
//! registry, audit                 ports and their AWS adapters (feature `aws`)
//! auth                            tokens and FranceConnect, over HTTP (feature `auth`)
//! ines                            the client of INES (features `auth` and `aws`, where its secret is)
//!    │
//! files, feeding, identity,       pure logic: bytes to rows, rows to records, records to students,
//! contract, access, rights        answers to JSON, what a client may ask, what a person may
//!    │
//! domain                          types that cannot hold rubbish; no I/O, no AWS
//! ```
//!
//! Without its features only the two lower layers compile, which proves that they know nothing of
//! AWS or HTTP.

pub mod access;
pub mod contract;
pub mod domain;
pub mod feeding;
pub mod files;
pub mod identity;
pub mod retention;
pub mod rights;

#[cfg(feature = "api")]
pub mod api;
#[cfg(feature = "aws")]
pub mod audit;
#[cfg(feature = "auth")]
pub mod auth;
#[cfg(feature = "aws")]
pub mod config;
#[cfg(feature = "aws")]
pub mod deadline;
#[cfg(feature = "aws")]
pub mod deposits;
#[cfg(feature = "aws")]
pub mod exercising;
#[cfg(all(feature = "auth", feature = "aws"))]
pub mod ines;
#[cfg(feature = "aws")]
pub mod registry;
#[cfg(feature = "aws")]
pub mod reviewing;
#[cfg(all(feature = "auth", feature = "aws"))]
pub mod statements;
#[cfg(feature = "aws")]
pub mod telemetry;
