//! What reviewers do: the doubts that wait, and what a person answers.

pub(crate) mod case;
pub(crate) mod cases;
