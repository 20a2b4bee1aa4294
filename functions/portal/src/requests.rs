//! What people ask by their rights, for those who answer: an operator, the data protection officer,
//! and of a rectification the managers of the establishment concerned.

pub(crate) mod answering;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod words;
