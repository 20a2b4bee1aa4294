//! INES over HTTP: [`client::Client`] is the [`Ines`](crate::identity::ines::Ines) of production
//! (domain.md §3).
//!
//! ```text
//! client        the order of things: may it be asked, ask, try again, read
//!   ├── breaker   pure: leaves INES alone for a while after failures in a row
//!   ├── retries   pure: how long to wait before the next attempt, and when to stop
//!   ├── access    the OAuth2 token, with the credentials of `secret`
//!   ├── firewall  pure: whose a 403 is
//!   └── reading   pure: from what INES writes to what it means, and back
//! ```
//!
//! Nothing here prints a person, a token or a credential. A question that gets no answer leaves one
//! log line, `INES gave no answer`, whose `ines` field is
//! [`InesError::kind`](crate::identity::ines::InesError::kind): the alarms of
//! `infra/ines_client.tf` count them.

pub mod client;
pub mod secret;

mod access;
mod breaker;
mod firewall;
mod pace;
mod reading;
mod retries;

#[cfg(test)]
mod tests;
