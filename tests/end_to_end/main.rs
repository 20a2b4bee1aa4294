//! The whole system from outside: files in S3, questions over HTTP, on the stack that `cargo local
//! test` deploys.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on fails by panicking"
)]

mod batch;
mod clients;
mod complete;
mod consultation;
mod contract;
mod coverage;
mod deposits;
mod direct;
mod establishment;
mod files;
mod findings;
mod france_connect;
mod golden;
mod http;
mod identity;
mod ines;
mod metrics;
mod operations;
mod oracle;
mod population;
mod portal;
mod privacy;
mod push;
mod queue;
mod quotas;
mod retention;
mod review;
mod scopes;
mod statistics;
mod story;
mod tokens;
