//! Identity: which student each record is about, its publication, and what people decide about those in doubt.
//!
//! ```text
//! pointer ─► handler ─┬─ record ─► resolve ─► pairs      whether its INE and birth date may be checked today
//!                     │                   ├─► standing   what INES says of its INE
//!                     │                   ├─► scene      everybody who resembles, as of now
//!                     │                   ├─► immatriculation   its INE, within the establishment's quota
//!                     │                   ├─► outcome    what the decision comes to (pure)
//!                     │                   └─► owners     who keeps an INE
//!                     └─ case ───► settle                what people decided, applied or taken back
//! ```
//!
//! Everything outside is behind [`ports`]; [`aws`] has the real ones.

pub mod aws;
pub mod handler;
pub mod ports;
pub mod resolve;
pub mod settle;

mod changes;
mod found;
mod immatriculation;
mod outcome;
mod owners;
mod pairs;
mod review;
mod scene;
mod standing;
