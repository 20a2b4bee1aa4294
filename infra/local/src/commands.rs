//! One file a command; the demonstration has a module of its own, [`demo`].

mod bench;
mod down;
mod drop;
mod match_;
mod package;
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
        Command::Up(options) => up::run(&files, &options).await,
        Command::Down => down::run(&files),
        Command::Demo(options) => demo::run(&files, options.with_probes).await,
        Command::Drop(options) => drop::run(&files, &options).await,
        Command::Match(options) => match_::run(&options).await,
        Command::Bench(options) => bench::run(&files, &options).await,
        Command::Package(options) => package::run(&files, &options).await,
        Command::Test(options) => test::run(&files, &options).await,
    }
}
