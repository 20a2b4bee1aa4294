//! The first pass over the file, before any row of it is stored.
//!
//! It changes nothing, so a crash costs only the time since its last checkpoint; what it found is
//! kept with the work, so that an import that is taken up again reads by the same encoding.

use shared::files::reader::{Step, Survey, SurveyPosition};
use tokio::time::Instant;

use super::download::Download;
use super::work::Stage;
use super::{CHECKPOINT_EVERY, PROGRESS_EVERY, Run, Stop, Unreadable};

impl Run<'_> {
    /// Finds what all lines of the file have in common. The outer error is ours, the inner one the
    /// file's.
    pub(super) async fn survey(&mut self) -> Result<Result<(), Unreadable>, Stop> {
        let Stage::Surveying(position) = &self.work.stage else { return Ok(Ok(())) };
        let from = position.as_ref().map_or(0, SurveyPosition::object_offset);
        let mut survey =
            match position.clone().map_or_else(|| Ok(self.new_survey()), Survey::resume) {
                Ok(survey) => survey,
                Err(error) => return Ok(Err(Unreadable(error.to_string()))),
            };
        let mut download = match Download::start(self, from).await? {
            Ok(download) => download,
            Err(gone) => return Ok(Err(gone)),
        };
        if self.work.extracted_at.is_none() {
            match download.extracted_at(self.job.import.event_time) {
                Ok(extracted) => {
                    self.work.extracted_at = Some(extracted.at);
                    self.work.extraction_given = extracted.given;
                }
                Err(error) => return Ok(Err(Unreadable(error.to_string()))),
            }
        }
        let conventions = loop {
            match survey.next() {
                Ok(Step::Done(conventions)) => break conventions,
                Ok(Step::NeedsBytes) => match download.next(self).await? {
                    Some(chunk) => survey.push(&chunk),
                    None => survey.finish(),
                },
                Ok(Step::Pause) => {}
                Err(error) => return Ok(Err(Unreadable(error.to_string()))),
            }
            self.checkpoint_survey_if_due(&survey).await?;
            // Nothing is waited for while much is inflated, and the heartbeat must have its turn.
            tokio::task::yield_now().await;
        };
        self.work.conventions = conventions;
        // What took longer than a moment to find is put by at once; the rest goes with the first
        // checkpoint of the rows.
        if self.told.checkpoint.elapsed() >= PROGRESS_EVERY {
            self.enter(Stage::Reading).await?;
        } else {
            self.work.stage = Stage::Reading;
        }
        Ok(Ok(()))
    }

    fn new_survey(&self) -> Survey {
        Survey::new(self.file.depositor.mapping().clone())
    }

    /// Looks at the clock: puts by where the survey stands, or stops.
    async fn checkpoint_survey_if_due(&mut self, survey: &Survey) -> Result<(), Stop> {
        let out_of_time = self.job.out_of_time();
        if !out_of_time && self.told.checkpoint.elapsed() < CHECKPOINT_EVERY {
            return Ok(());
        }
        if let Some(position) = survey.position() {
            self.work.stage = Stage::Surveying(Some(position));
            let half = self.job.invocation.killed_at.saturating_duration_since(Instant::now()) / 2;
            // If not even this ends, the last checkpoint stands.
            if let Ok(kept) = tokio::time::timeout(half, self.checkpoint()).await {
                kept?;
            }
        }
        if out_of_time { Err(self.out_of_time()) } else { Ok(()) }
    }
}
