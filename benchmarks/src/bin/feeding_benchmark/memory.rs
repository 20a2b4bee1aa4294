//! Resident memory at most while a file is read, in a process that does nothing else.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use benchmarks::usage::Memory;

use crate::files::{Maker, Measured};
use crate::reading;

/// Writes a file on the disk, and reads it in a process of its own: bytes resident at most.
pub(crate) fn measure(format: &Measured, rows: u64, maker: &Maker) -> Result<u64> {
    let path = std::env::temp_dir().join(format!("feeding-benchmark-{}", std::process::id()));
    maker.write(format, rows, &path)?;
    let mut reader = Command::new(std::env::current_exe()?);
    let output = reader.arg("--peak-while-reading").arg(&path).output();
    std::fs::remove_file(&path)?;
    let output = output?;
    if !output.status.success() {
        bail!("the reading process failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .context("the reading process didn't say its memory")
}

/// Reads a file as an import does, piece by piece, and says how many bytes of this process were
/// resident at most.
pub(crate) fn peak_while_reading(file: &Path, maker: &Maker) -> Result<u64> {
    let input = File::open(file).with_context(|| format!("{} can't be opened", file.display()))?;
    reading::read_from(input, maker)?;
    Ok(Memory::of(std::process::id())?.peak)
}
