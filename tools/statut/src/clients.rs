//! The operators' view of clients: what each command makes of a client and its keys, without any
//! I/O.

mod keys;
mod shown;
mod terms;

pub(crate) use self::keys::{explained, find};
pub(crate) use self::shown::{card, json, list};
pub(crate) use self::terms::{changed, created, warnings};
