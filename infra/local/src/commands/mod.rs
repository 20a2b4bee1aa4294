//! One file a command; the demonstration has a module of its own, [`demo`].

mod accesses;
mod bench;
mod client;
mod down;
mod drop;
mod establishment;
mod ines;
mod match_;
mod redecide;
mod redrive;
mod replay;
mod review;
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
        Command::Up(options) => up::run(&files, &options).await,
        Command::Down => down::run(&files),
        Command::Demo(options) => demo::run(&files, options.with_probes).await,
        Command::Drop(options) => drop::run(&files, &options).await,
        Command::Redecide(options) => redecide::run(&files, &options).await,
        Command::Redrive(options) => redrive::run(&files, &options).await,
        Command::Replay(options) => replay::run(&files, &options).await,
        Command::Stats => stats::run(&files).await,
        Command::Client(options) => client::run(&files, &options).await,
        Command::Establishment(options) => establishment::run(&files, &options).await,
        Command::Ines(options) => ines::run(&files, &options).await,
        Command::Accesses(options) => accesses::run(&files, &options).await,
        Command::Review(options) => review::run(&files, &options).await,
        Command::Match(options) => match_::run(&options).await,
        Command::Bench(options) => bench::run(&files, &options).await,
        Command::Test(options) => test::run(&files, &options).await,
    }
}
