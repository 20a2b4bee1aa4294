//! Who may ask, for what, and how much: clients, their keys, scopes and quotas, without any I/O.

pub mod client;
pub mod ines;
pub mod key;
pub mod keys;
pub mod officer;
pub mod quota;
pub mod route;
pub mod scope;
pub mod share_code;
