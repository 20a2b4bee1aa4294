//! The handler over an AWS of this process: what is shown and what isn't, who may decide, and what
//! a crash between any two calls leaves.

mod deciding;
mod reading;
mod world;
