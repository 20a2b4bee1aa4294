//! The handler over an AWS of this process: what is shown and what isn't, who may decide, and what a crash between any two
//! calls leaves.

mod deciding;
// The same tables as enrolment's tests: what they can't do isn't called by either.
#[allow(dead_code, reason = "enrolment's tests look at more of it")]
#[path = "../../../enrolment/src/handler/tests/dynamodb.rs"]
mod dynamodb;
mod reading;
mod world;
