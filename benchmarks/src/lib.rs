//! What the programs of the benchmarks have in common: the invented student that is looked up, and
//! what the system says of a process and of the machine.
//!
//! How to run them and what they measure is in `benchmarks/README.md`.

pub mod clock;
pub mod machine;
pub mod sample;
pub mod usage;
