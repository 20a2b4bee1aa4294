//! What the tests of a function's handler stand on: an AWS of this process, which fails where no
//! deployed stack can be made to, and requests as API Gateway hands them over.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on fails by panicking"
)]
#![allow(
    clippy::missing_panics_doc,
    reason = "all of it panics when a test asks for what it doesn't know"
)]

pub mod aws;
pub mod dynamodb;
pub mod gateway;
pub mod golden;
pub mod kms;
pub mod log;
pub mod openapi;
mod opinion;
pub mod s3;
pub mod sns;
pub mod sqs;
pub mod terraform;
