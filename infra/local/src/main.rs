//! `cargo local`: the whole system on this machine, from the same Terraform as production.
//!
//! The order of things is told in [`platform`]; each command is a file of [`commands`]. Nothing is
//! left running: an interruption drops the future of the command, and each child process is owned
//! by a guard that ends its whole process group when dropped ([`process::Running`]).

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command-line tool: printing is its job"
)]

mod advisories;
mod agents;
mod attestation;
mod browser;
mod claim;
mod cli;
mod commands;
mod data_package;
mod data_provider;
mod demo;
mod dependencies;
mod deposit;
mod double;
mod emulator;
mod environment;
mod feed;
mod files;
mod findings;
mod fuzz;
mod http;
mod ines;
mod json;
mod matching;
mod opinion;
mod outputs;
mod packages;
mod platform;
mod policies;
mod process;
mod release;
mod renewal;
mod report;
mod samples;
mod sandbox;
mod service;
mod signals;
mod status;
mod students;
mod terraform;
mod tools;

use std::process::ExitCode;

use clap::Parser as _;
use statut::ui;

/// What shells report for a program ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return ui::failed(&anyhow::Error::new(error)),
    };
    let outcome = runtime.block_on(async {
        let signal = signals::first()?;
        tokio::select! {
            biased;
            () = signal => Ok(None),
            outcome = commands::run(arguments) => outcome.map(Some),
        }
    });
    // A blocking request may still wait for an emulator that is gone: nobody needs its answer.
    runtime.shutdown_background();
    match outcome {
        Ok(Some(())) => ExitCode::SUCCESS,
        Ok(None) if commands::is_serving() => {
            println!("the local platform is stopped");
            ExitCode::SUCCESS
        }
        Ok(None) => {
            eprintln!("interrupted: everything that was started has been stopped");
            ExitCode::from(INTERRUPTED)
        }
        Err(error) => ui::failed(&error),
    }
}
