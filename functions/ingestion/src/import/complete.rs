//! What a complete file lacks: counted, and cancelled if that is plausible.
//!
//! The stored records of each establishment that the file covers are walked through, slice by
//! slice. One is absent if its version is older than the file's and no broken row of the file was
//! about it. Those that an import wrote or renewed have its version; those that it left alone are
//! remembered.
//!
//! Others write meanwhile. A file that is older and arrives later must not bring back what a
//! complete one lacks: the complete file first says how far it goes, then walks; every import
//! compares its rows with what was said before, and when it has written them all asks again. If a
//! complete file came in between, it walks for it. Either the rows are there when the file walks,
//! or the import finds that it did. Where the complete file left records alone, nobody else was
//! there (`alone.rs`).

use std::time::Duration;

use shared::feeding::key::Mode;
use shared::feeding::record::{Stored, Write};
use shared::files::reader::Detected;
use shared::identity::digest::RecordId;

use super::work::{Stage, Target, Walk};
use super::writer::{read_now, send_pointers, slice_page, write_those_that_hold};
use super::{Run, Stop};

/// The lag of the index of slices behind the table. DynamoDB gives no bound; usually it is a
/// fraction of a second.
const INDEX_LAG: Duration = Duration::from_secs(2);

impl Run<'_> {
    /// The stage that follows the rows.
    pub(super) fn after_reading(&self) -> Stage {
        if self.complete() && self.work.comparison.is_counted {
            Stage::Overtaking
        } else if self.complete() {
            Stage::Counting(Walk::through(self.own_targets()))
        } else if self.file.key.dry_run {
            Stage::Reporting
        } else {
            Stage::Overtaking
        }
    }

    /// Does what has to be done after the rows.
    pub(super) async fn compare(&mut self) -> Result<(), Stop> {
        loop {
            match &self.work.stage {
                Stage::Surveying(_) | Stage::Reading | Stage::Reporting => return Ok(()),
                Stage::Counting(_) => self.add_counts().await?,
                Stage::Overtaking => self.overtake().await?,
                Stage::Cancelling(_) => self.cancel().await?,
            }
        }
    }

    /// The file's own comparison: every establishment that it covers, for its year.
    fn own_targets(&self) -> Vec<Target> {
        let Mode::Complete { year, .. } = self.file.key.mode else { return Vec::new() };
        let horizon = self.version(0);
        let target = |uai| Target { uai, year, horizon: horizon.clone() };
        self.work.covered.iter().copied().map(target).collect()
    }

    async fn add_counts(&mut self) -> Result<(), Stop> {
        tokio::time::sleep(INDEX_LAG).await;
        while let Some((target, ids)) = self.page().await? {
            let standing = &self.work.left.standing;
            self.work.comparison.present += ids.iter().filter(|id| standing.has(id)).count() as u64;
            let page = self.read_besides_left(&target, ids).await?;
            // A later complete file has cancelled what was absent.
            let is_latest = !self.is_overtaken(&target);
            for stored in page.into_iter().filter(|stored| !stored.is_cancelled()) {
                let absent = is_latest
                    && if self.file.key.dry_run {
                        stored.version < target.horizon && !self.work.listed.has(&stored.id)
                    } else {
                        stored.is_older_than(&target.horizon)
                    };
                let new = stored
                    .first_version
                    .as_ref()
                    .is_some_and(|first| first.same_import(&target.horizon));
                self.work.comparison.present += u64::from(!new);
                self.work.comparison.absent += u64::from(absent);
            }
            self.step().await?;
        }
        (self.work.comparison.refusal, self.work.comparison.confirmable) = self.refusal();
        self.work.comparison.is_counted = true;
        if self.file.key.dry_run {
            return self.enter(Stage::Reporting).await;
        }
        if self.work.comparison.refusal.is_some() && self.work.left.len() > 0 {
            // Without a horizon only their versions keep what is older out.
            return self.read_again(|_| true).await;
        }
        self.enter(Stage::Overtaking).await
    }

    /// The reason for which nothing is cancelled, if there is one, and whether a confirmation lifts
    /// it.
    fn refusal(&self) -> (Option<String>, bool) {
        if let Some(passed) = self.work.detected.as_ref().and_then(Detected::passed_sheets) {
            let reason = format!(
                "le classeur n'a pas été lu en entier : {passed} sans en-tête. Rien n'est annulé, même avec \
                 confirmation ; retirer ce qui n'est pas une liste d'inscriptions, et redéposer le fichier"
            );
            return (Some(reason), false);
        }
        let super::work::Comparison { present, absent, .. } = self.work.comparison;
        // Who confirms was shown a number: more than that is not what was confirmed.
        let was_shown = self.file.cancellations.is_some_and(|shown| absent <= shown);
        if was_shown || matches!(self.file.key.mode, Mode::Complete { confirmed: true, .. }) {
            return (None, false);
        }
        let reason = self.doubt(present, absent);
        let confirmable = reason.is_some();
        (reason, confirmable)
    }

    /// Why so many absences aren't believed without a confirmation.
    fn doubt(&self, present: u64, absent: u64) -> Option<String> {
        let share = self.job.settings.cancel_share;
        if absent > 0 && self.work.unidentified > 0 {
            return Some(format!(
                "{} lignes rejetées ne disent pas de quelle inscription elles parlent : l'absence des autres n'est pas sûre",
                self.work.unidentified
            ));
        }
        (absent * 100 > present * share).then(|| {
            format!("{absent} inscriptions sur {present} manquent au fichier, plus que les {share} % admis sans confirmation")
        })
    }

    /// Says how far the file goes, and finds out whether others went further while it was read.
    async fn overtake(&mut self) -> Result<(), Stop> {
        let imports = &self.job.world.imports;
        let mut targets = Vec::new();
        if self.complete() && self.work.comparison.refusal.is_none() {
            targets = self.own_targets();
            targets.retain(|target| !self.is_overtaken(target));
            let disturbed = self.raise_horizons(&targets).await?;
            if !disturbed.is_empty() {
                return self.read_again(|known| disturbed.contains(&(known.uai, known.year))).await;
            }
        }
        let last = self.version(u64::MAX);
        for known in &self.work.horizons {
            let horizon = imports.horizon(known.uai, known.year).await?;
            targets.extend(
                horizon
                    .filter(|now| Some(now) != known.horizon.as_ref() && *now > last)
                    .map(|horizon| Target { uai: known.uai, year: known.year, horizon }),
            );
        }
        self.enter(if targets.is_empty() {
            Stage::Reporting
        } else {
            Stage::Cancelling(Walk::through(targets))
        })
        .await
    }

    /// Cancels. Each page is written before its pointers are sent, and both before the walk is
    /// moved on: done again, it finds what it cancelled by its version, and sends the pointers of
    /// what still waits.
    async fn cancel(&mut self) -> Result<(), Stop> {
        let job = self.job;
        tokio::time::sleep(INDEX_LAG).await;
        while let Some((target, ids)) = self.page().await? {
            let page = self.read_besides_left(&target, ids).await?;
            let mut pointers = Vec::new();
            let (mut cancelled, mut writes) = (0, Vec::new());
            for stored in page {
                if stored.is_cancelled() {
                    if stored.version == target.horizon {
                        cancelled += 1;
                        pointers.extend(stored.is_unresolved().then_some(stored.id));
                    }
                } else if stored.is_older_than(&target.horizon) {
                    writes.push(Write::Cancel { id: stored.id, version: target.horizon.clone() });
                }
            }
            let written = write_those_that_hold(job.world, &job.speed, writes).await?;
            cancelled += written.len() as u64;
            pointers.extend(written);
            send_pointers(job.world, &job.speed, &pointers).await?;
            if target.horizon == self.version(0) {
                self.work.comparison.cancelled += cancelled;
                self.work.tally.cancel(cancelled);
            }
            self.step().await?;
        }
        self.enter(Stage::Reporting).await
    }

    /// The next page of the walk that the stage is, with its target; the walk then stands after it.
    async fn page(&mut self) -> Result<Option<(Target, Vec<RecordId>)>, Stop> {
        let job = self.job;
        let (Stage::Counting(walk) | Stage::Cancelling(walk)) = &mut self.work.stage else {
            return Ok(None);
        };
        let Some((target, slice, after)) = walk.place() else { return Ok(None) };
        let target = target.clone();
        let page = slice_page(job.world, &job.speed, &slice, after).await?;
        walk.advance(page.after);
        Ok(Some((target, page.ids)))
    }

    /// What is stored of these records, besides those that the file itself left alone: they are in
    /// it, and nobody who is older wrote them since.
    async fn read_besides_left(
        &self,
        target: &Target,
        ids: Vec<RecordId>,
    ) -> Result<Vec<Stored>, Stop> {
        let is_own = target.horizon == self.version(0);
        let others: Vec<RecordId> =
            ids.into_iter().filter(|id| !(is_own && self.work.left.has(id))).collect();
        Ok(read_now(self.job.world, &self.job.speed, &others).await?)
    }
}
