//! The bytes of a workbook, as the parser gets them: each part once, and none after the deadline.
//!
//! The parser opens whatever part a sheet names, by whatever spelling of its path, and forgets that
//! it did. Here every reading of a part passes by where its data begin, so a second one is seen
//! whatever led to it: two sheets on one part, two entries of the archive on the same bytes.

use std::collections::HashMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::WorkbookError;

/// Why a guard stopped the parser, which only knows that reading failed.
#[derive(Debug, Clone, Default)]
pub(super) struct Stopped(Arc<OnceLock<WorkbookError>>);

impl Stopped {
    /// The guard's reason if there is one, else the parser's.
    pub(super) fn or(&self, error: WorkbookError) -> WorkbookError {
        self.0.get().cloned().unwrap_or(error)
    }

    fn because(&self, error: WorkbookError) -> io::Error {
        let _ = self.0.set(error);
        io::Error::other("stopped by the guard")
    }
}

/// A workbook's bytes with their guard.
#[derive(Debug)]
pub(super) struct Guard<B> {
    object: Cursor<B>,
    deadline: Instant,
    stopped: Stopped,
    /// Where the data of each part begin, and whether they were read.
    parts: HashMap<u64, bool>,
}

impl<B: AsRef<[u8]>> Guard<B> {
    pub(super) fn before(object: Cursor<B>, deadline: Instant, stopped: Stopped) -> Self {
        Self { object, deadline, stopped, parts: HashMap::new() }
    }

    /// Refuses to read a second time what begins at one of these bytes.
    pub(super) fn each_once(self, parts: Vec<u64>) -> Self {
        Self { parts: parts.into_iter().map(|start| (start, false)).collect(), ..self }
    }
}

impl<B: AsRef<[u8]>> Read for Guard<B> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if Instant::now() >= self.deadline {
            return Err(self.stopped.because(WorkbookError::Slow));
        }
        if let Some(read) = self.parts.get_mut(&self.object.position())
            && std::mem::replace(read, true)
        {
            return Err(self.stopped.because(WorkbookError::PartReadTwice));
        }
        self.object.read(into)
    }
}

impl<B: AsRef<[u8]>> Seek for Guard<B> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.object.seek(to)
    }
}
