//! The rows of a file compared with each other, before anything of it is stored.
//!
//! Nothing is put by on the way: an invocation that is stopped goes through the file again. It
//! takes some two seconds a million rows on a core (benchmarks/README.md), and the largest file
//! that is read at all less than an invocation.

use shared::feeding::shared_keys::{Claims, Uncomparable};
use shared::files::reader::{EnrolmentReader, Next};
use shared::files::row::RowOutcome;
use shared::identity::digest::RecordId;

use super::download::Download;
use super::rows::ROWS_BETWEEN_CHECKS;
use super::work::Listed;
use super::{ImportError, Run, Stop, Unreadable};

impl Run<'_> {
    /// Finds the numbers and INEs that several people have in the file. The outer error is ours,
    /// the inner one the file's.
    pub(super) async fn compare_rows(&mut self) -> Result<Result<(), Unreadable>, Stop> {
        let mut about = Listed::default();
        let shared = match self.claims(&mut about).await? {
            Ok(claims) => claims.shared(),
            Err(error) => Err(error),
        };
        self.work.repeated = about.repeated();
        Ok(match shared {
            Ok(shared) => {
                self.work.shared = Some(shared);
                Ok(())
            }
            Err(error) => Err(Unreadable(error.to_string())),
        })
    }

    /// Reads the people named by the rows' keys, up to where the file can't be read any more: the
    /// second reading says why. Of a file whose rows may leave records alone, lists the record of
    /// each row.
    async fn claims(&mut self, about: &mut Listed) -> Result<Result<Claims, Uncomparable>, Stop> {
        let key = &self.job.settings.record_key;
        let lists = self.leaves_alone();
        let mut claims = Claims::default();
        let Ok(mut download) = Download::start(self, 0).await? else { return Ok(Ok(claims)) };
        let mut reader = EnrolmentReader::new(self.setting(), self.work.conventions);
        let mut read = 0_u64;
        loop {
            match reader.next() {
                Ok(Next::Row(row)) => {
                    match &row.outcome {
                        RowOutcome::Accepted { declaration, .. } => {
                            if lists {
                                about.add(&RecordId::of(key, declaration));
                            }
                            if let Err(error) = claims.note(key, declaration) {
                                return Ok(Err(error));
                            }
                        }
                        RowOutcome::Rejected { about: Some(subject), .. } if lists => {
                            about.add(&RecordId::of_subject(key, subject));
                        }
                        RowOutcome::Rejected { .. } => {}
                    }
                    read += 1;
                    if !read.is_multiple_of(ROWS_BETWEEN_CHECKS) {
                        continue;
                    }
                }
                Ok(Next::NeedsBytes) => match download.next(self).await? {
                    Some(chunk) => reader.push(&chunk),
                    None => reader.finish(),
                },
                Ok(Next::Unopened(workbook)) => {
                    let opened = tokio::task::spawn_blocking(|| workbook.open()).await;
                    reader.opened(opened.map_err(|_| ImportError::Stopped)?);
                }
                Ok(Next::Pause) => {}
                Ok(Next::Ended) | Err(_) => return Ok(Ok(claims)),
            }
            if self.job.out_of_time() {
                return Err(self.out_of_time());
            }
            // The heartbeat has its turn.
            tokio::task::yield_now().await;
        }
    }
}
