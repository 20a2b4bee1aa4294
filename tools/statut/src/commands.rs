//! One file a command.

mod accesses;
mod client;
mod cost;
mod establishment;
mod ines;
mod member;
mod redecide;
mod redrive;
mod rekey;
mod replay;
mod restore;
mod retention;
mod review;
mod stats;
mod verify;

use anyhow::Result;

use crate::cli::{Arguments, Command};

/// Runs what the command line asks for.
pub async fn run(arguments: Arguments) -> Result<()> {
    let format = arguments.format();
    let Arguments { deployment: place, command, .. } = arguments;
    match command {
        Command::Client(options) => client::run(&place, format, &options).await,
        Command::Establishment(options) => establishment::run(&place, format, &options).await,
        Command::Review(options) => review::run(&place, format, &options).await,
        Command::Ines(options) => ines::run(&place, format, &options).await,
        Command::Member(options) => member::run(&place, format, &options).await,
        Command::Accesses(options) => accesses::run(&place, format, &options).await,
        Command::Redrive(options) => redrive::run(&place, format, &options).await,
        Command::Replay(options) => replay::run(&place, format, &options).await,
        Command::Rekey => rekey::run(&place, format).await,
        Command::Restore(options) => restore::run(&place, format, &options).await,
        Command::Retention(options) => retention::run(&place, format, &options).await,
        Command::Redecide(options) => redecide::run(&place, format, &options).await,
        Command::Cost(options) => cost::run(format, &options),
        Command::Verify(options) => verify::run(format, &options),
        Command::Stats(options) => stats::run(&place, format, &options).await,
    }
}
