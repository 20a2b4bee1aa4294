//! `statut`: what an operator does to a deployment, without a Rust toolchain and without a
//! checkout.
//!
//! [`cli`] is what is asked, `commands` has a file for each command, and `place` says where it
//! acts. Results go to the standard output, as tables or as JSON (`shown`); progress, warnings and
//! errors go to the standard error. `cargo local` uses the same deployments, terminal and identity
//! service for the local platform.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command-line tool: printing is its job"
)]

mod accesses;
pub mod aws;
pub mod cli;
mod clients;
mod commands;
mod cost;
pub mod deployment;
mod establishments;
pub mod http;
pub mod ines;
mod lambda;
pub mod members;
mod place;
mod redecide;
mod redrive;
mod rekey;
mod replay;
mod restore;
mod shown;
pub mod statistics;
pub mod ui;

pub use self::commands::run;
