//! What anybody may read: what the register is, who feeds it, what it counts, what files and APIs are
//! made of.

pub(crate) mod coverage;
pub(crate) mod documentation;
pub(crate) mod format;
pub(crate) mod notices;
pub(crate) mod statistics;
