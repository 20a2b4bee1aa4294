//! The tables, as cells of one cube.
//!
//! ```text
//! shape     which dimensions are crossed, at which levels
//! tally     facts → counts of the finest cells of each shape
//! cells     finest cells → every cell, and the sums that tie them
//! moves     what people who are somebody or somewhere else change in them
//! published which cells which table shows, and how its rows are called
//! ```

pub mod cells;
pub mod moves;
pub mod published;
pub mod shape;
pub mod tally;
