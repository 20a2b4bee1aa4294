//! Feeding: what an object in the inbox is for, and what becomes of each statement that it makes.
//!
//! Pure decisions; the registry's stores and the importer carry them out.

pub mod import;
pub mod key;
pub mod record;
pub mod rejected;
pub mod shared_keys;
