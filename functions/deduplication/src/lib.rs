//! Identity: which student each record is about, its publication, and what people decide about
//! those in doubt.
//!
//! ```text
//! batch ───► handler ─┬─ lanes             which of its pointers are followed side by side
//!                     └─ asked_once        INES, for equal questions of one batch
//! pointer ─► handler ─┬─ record ─► resolve ─► pairs            whether its INE and birth date may be checked today
//!                     │                   ├─► verification     what INES says of its INE
//!                     │                   ├─► candidates       everybody who resembles, as of now
//!                     │                   ├─► immatriculation  its INE, within the establishment's quota
//!                     │                   ├─► outcome          what the decision comes to (pure)
//!                     │                   └─► owners           who keeps an INE
//!                     ├─ case ───► apply_case ─► decide        what people decided, as links and moves
//!                     │                       ├─► undo         the same, taken back
//!                     │                       └─► publish      in one transaction, or in steps
//!                     └─ due ────► daily                INES is asked again, and how long doubts wait
//! ```
//!
//! [`register`] has the tables; [`world`] what is outside besides them.

pub mod apply_case;
pub mod handler;
pub mod register;
pub mod resolve;
pub mod world;

mod asked_once;
mod candidates;
mod changes;
mod daily;
mod found;
mod immatriculation;
mod lanes;
mod outcome;
mod owners;
mod pairs;
mod review;
mod verification;
