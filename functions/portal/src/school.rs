//! What the members of an establishment do: its files, its students, its access and its keys.

pub(crate) mod access;
pub(crate) mod by_hand;
pub(crate) mod calendar;
pub(crate) mod confirming;
pub(crate) mod deposit;
pub(crate) mod establishment;
pub(crate) mod fields;
pub(crate) mod followed;
pub(crate) mod identities;
pub(crate) mod joining;
pub(crate) mod keys;
pub(crate) mod mapping;
pub(crate) mod quality;
pub(crate) mod rejected;
pub(crate) mod report;
pub(crate) mod sending;
pub(crate) mod student;
