//! What the programs of the status benchmark have in common: the invented student that is looked up.
//!
//! How to run it and what it measures is in `benchmarks/README.md`.

pub mod sample;
