//! The whole system from outside: files in S3, questions over HTTP, on the stack that `cargo local test` deploys.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on fails by panicking")]

mod consultation;
mod contract;
mod files;
mod identity;
mod privacy;
mod queue;
mod statistics;
mod story;
