//! The handler over an AWS of this process: each answer of the contract to the letter, what is
//! stored, and what no deployed stack can be made to do, such as dying between any two calls.

mod by_file;
mod contract;
mod deposits;
mod faults;
mod golden;
mod pairs;
mod quality;
mod world;
