//! What the end-to-end tests share: the deployed stack as its users see it, over HTTP and S3.
//!
//! The tests know nothing of the inside: they read `outputs.json` and `sandbox.json`, as a person would. What an operator
//! does (register a client, revoke a token, read traces), they do as the operator's tools do, in the tables.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that can't go on fails by panicking")]

pub mod clients;
pub mod depositors;
pub mod double;
pub mod http;
pub mod ines;
pub mod logs;
pub mod people;
pub mod reviews;
pub mod stack;
pub mod tool;
pub mod traces;

use std::time::{Duration, Instant};

/// How long the whole way may take, from a dropped file to a visible status, on a busy two-core machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Tries until there is something, and fails with what was waited for when there never is.
///
/// # Panics
///
/// When nothing comes in two minutes.
pub async fn eventually<T, F>(what: &str, attempt: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    eventually_within(PATIENCE, what, attempt).await
}

/// The same, for what takes longer.
///
/// # Panics
///
/// When nothing comes in that time.
pub async fn eventually_within<T, F>(patience: Duration, what: &str, mut attempt: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let started = Instant::now();
    loop {
        if let Some(value) = attempt().await {
            return value;
        }
        assert!(started.elapsed() < patience, "waited {} s in vain for: {what}", patience.as_secs());
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
