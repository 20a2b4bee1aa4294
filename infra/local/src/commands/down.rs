//! `cargo local down`.

use anyhow::Result;

use crate::claim;
use crate::files::Files;

/// Stops whatever platform there is.
pub(crate) fn run(files: &Files) -> Result<()> {
    if claim::stop(files)? {
        println!("the local platform is stopped");
    } else {
        println!("no local platform was running");
    }
    Ok(())
}
