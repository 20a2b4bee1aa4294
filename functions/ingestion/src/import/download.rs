//! The object's bytes.

use jiff::Timestamp;
use shared::registry::StoreError;

use super::{ImportError, Run, Unreadable};
use crate::bucket::Opened;
use crate::object::{self, ExtractedAt, WrongDate};

/// A download that breaks off is resumed at most so many times in a row.
const MOST_BREAKS: u32 = 5;

/// The bytes of the object, from a position on; taken up again where it breaks off, for a slow
/// writer may leave the connection idle for longer than S3 does.
pub(super) struct Download {
    opened: Opened,
    offset: u64,
    breaks: u32,
}

impl Download {
    /// Opens the object from a byte on; it may be gone.
    pub(super) async fn start(
        run: &Run<'_>,
        offset: u64,
    ) -> Result<Result<Self, Unreadable>, StoreError> {
        let import = run.job.import;
        let opened =
            run.job.world.buckets.open(&import.object_key, &import.version_id, offset).await?;
        let gone = || Unreadable("le fichier a été retiré avant d'être lu".to_owned());
        Ok(opened.map(|opened| Self { opened, offset, breaks: 0 }).ok_or_else(gone))
    }

    pub(super) fn extracted_at(
        &self,
        event_time: Option<Timestamp>,
    ) -> Result<ExtractedAt, WrongDate> {
        object::extracted_at(
            self.opened.extraction_date.as_deref(),
            event_time,
            self.opened.last_modified,
        )
    }

    /// The next bytes; `None` after the last.
    pub(super) async fn next(&mut self, run: &Run<'_>) -> Result<Option<Vec<u8>>, ImportError> {
        loop {
            let error = match self.opened.chunks.next().await {
                Ok(chunk) => {
                    self.breaks = 0;
                    self.offset += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
                    return Ok(chunk);
                }
                Err(error) => error,
            };
            self.breaks += 1;
            if self.breaks > MOST_BREAKS {
                return Err(error.into());
            }
            // Gone between two reads: the next invocation finds so, and ends the import.
            let Ok(again) = Self::start(run, self.offset).await? else { return Err(error.into()) };
            self.opened = again.opened;
        }
    }
}
