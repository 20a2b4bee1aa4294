//! Disclosure control: what is hidden so that nobody can be told of by a table, or by several.
//!
//! ```text
//! system   cells of all tables as variables, sums as equations
//! cover    sensitive cells are hidden, and others so that no single sum gives them away
//! attack   the least and the most that an attacker can say of a hidden cell
//! moves    the same by people who are somebody or somewhere else, without a solver
//! protect  attack and repair, until every hidden cell is protected
//! ```
//!
//! What can't be protected loses its row. Where that isn't enough, or takes too long, the system isn't
//! proved, and isn't frozen: nothing is published that wasn't proved.

mod attack;
pub mod base;
mod cover;
pub mod moves;
mod protect;
pub mod system;

pub use protect::{Protection, hide_sensitive, narrow_cells, protect};
