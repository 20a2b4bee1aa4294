//! The whole system from outside: files in S3, questions over HTTP, on the stack that `cargo local test` deploys.

mod consultation;
mod contract;
mod files;
mod identity;
mod privacy;
mod queue;
mod statistics;
mod story;
