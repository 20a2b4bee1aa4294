//! `statut`, the operator's tool.

use std::process::ExitCode;

use clap::Parser as _;
use statut::cli::Arguments;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match statut::run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => statut::ui::failed(&error),
    }
}
