//! What the end-to-end tests share: the deployed stack as its users see it, over HTTP and S3.
//!
//! The tests know nothing of the inside: they read `outputs.json` and `sandbox.json`, as a person
//! would. What an operator does (register a client, revoke a token, read traces), they do as the
//! operator's tools do, in the tables.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on fails by panicking")]

pub mod clients;
pub mod depositors;
pub mod double;
pub mod http;
pub mod ines;
mod lambda;
pub mod logs;
pub mod people;
pub mod portal;
pub mod reviews;
pub mod stack;
pub mod tool;
pub mod traces;
mod wait;

pub use wait::eventually;
