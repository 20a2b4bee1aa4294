//! The tables, as cells of one cube.
//!
//! ```text
//! shape     which dimensions are crossed, at which levels
//! tally     facts → counts of the finest cells of each shape
//! cells     finest cells → every cell, and the sums that tie them
//! flows     who is new since the snapshot before, who moved and who left
//! moves     what people who are somebody or somewhere else change in them
//! published which cells which table shows, and how its rows are called
//! ```

pub mod cells;
pub mod flows;
pub mod moves;
pub mod published;
pub mod shape;
pub mod tally;
