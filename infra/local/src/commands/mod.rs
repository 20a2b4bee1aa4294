//! One file a command; the demonstration has a module of its own, [`demo`].

mod down;
mod drop;
mod stats;
mod test;
mod up;

use anyhow::Result;

use crate::cli::{Arguments, Command};
use crate::demo;
use crate::files::Files;

pub(crate) use self::up::is_serving;

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let files = Files::locate()?;
    match arguments.command {
        Command::Up(options) => up::run(&files, options.detach).await,
        Command::Down => down::run(&files),
        Command::Demo => demo::run(&files).await,
        Command::Drop(options) => drop::run(&files, &options).await,
        Command::Stats => stats::run(&files).await,
        Command::Test => test::run(&files).await,
    }
}
