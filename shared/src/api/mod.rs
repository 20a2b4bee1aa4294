//! What the functions behind API Gateway have in common: bodies, replies, and one line of metrics for each request.

pub mod body;
pub mod metrics;
pub mod reply;
