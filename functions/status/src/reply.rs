//! What goes back when there is no answer: refusals in the words of each contract.

mod refusal;

pub(crate) use refusal::{ApiError, Refusal, Unauthenticated, response};
