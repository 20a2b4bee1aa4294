//! Whether a complete file may leave records alone that it says nothing new of.
//!
//! A record that is left alone keeps its version, so no condition of a write keeps older rows out.
//! The horizon does, once it is raised; before, nobody else may be writing. Every import enters its
//! name into the feed of an establishment and year before it writes there, and takes it away before
//! it ends. A file that found no other name raises its horizon only if nobody came since, and reads
//! its rows again where somebody did.
//!
//! A crash leaves the name, and whoever goes on with the import finds it; one that is left behind
//! by an import that ended is taken away by the next who is in its way. The rows that are done again
//! after a crash are read again as of now. A horizon that was raised before a crash is recognised.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::SignedDuration;
use shared::domain::academic_year::AcademicYear;
use shared::domain::uai::Uai;
use shared::registry::StoreError;
use shared::registry::imports::Feed;

use super::work::{Known, Target};
use super::{Run, Stop};

/// How old an extraction date must be. A push is stored well within that time of its reception, and
/// is later than the file if it is received afterwards.
const SETTLED: SignedDuration = SignedDuration::from_secs(5);
/// Feeds that are left side by side.
const SIDE_BY_SIDE: usize = 16;

impl Run<'_> {
    /// Whether it is a file whose horizon will keep older ones out.
    pub(super) fn leaves_alone(&self) -> bool {
        self.complete() && !self.file.key.dry_run
    }

    /// Enters the import among those that write records of an establishment and year, unless it
    /// changes nothing, and finds out how far complete files go there.
    pub(super) async fn arrival(&self, uai: Uai, year: AcademicYear) -> Result<Known, Stop> {
        let (imports, import) = (&self.job.world.imports, self.job.holder.import);
        if self.file.key.dry_run {
            let horizon = imports.horizon(uai, year).await?;
            return Ok(Known { uai, year, horizon, alone_since: None });
        }
        let feed = imports.arrive(uai, year, import).await?;
        let is_latest = feed.horizon.as_ref().is_none_or(|horizon| *horizon < self.version(0));
        let may_leave = self.leaves_alone()
            && is_latest
            && self.is_settled(feed.horizon.is_some()).await
            && !feed.has_late_push(self.job.now())
            && self.is_alone(uai, year, &feed).await?;
        let alone_since = may_leave.then_some(feed.arrivals);
        Ok(Known { uai, year, horizon: feed.horizon, alone_since })
    }

    /// Whether nobody else is writing. Who has ended and left its name is taken away.
    async fn is_alone(&self, uai: Uai, year: AcademicYear, feed: &Feed) -> Result<bool, Stop> {
        let imports = &self.job.world.imports;
        for other in feed.others(self.job.holder.import) {
            if imports.get(other).await?.is_some_and(|other| !other.state.is_final()) {
                return Ok(false);
            }
            imports.depart(uai, year, other).await?;
        }
        Ok(true)
    }

    /// Whether pushes that are received from now on are later than the file. Where a complete file
    /// came before, so that most rows will change nothing, a file that has just been dropped waits
    /// for some seconds.
    async fn is_settled(&self, is_sent_again: bool) -> bool {
        let Some(extracted_at) = self.work.extracted_at else { return false };
        let left = SETTLED - self.job.now().duration_since(extracted_at);
        if is_sent_again && left <= SETTLED {
            tokio::time::sleep(Duration::try_from(left).unwrap_or_default()).await;
            return true;
        }
        !left.is_positive()
    }

    /// Whether a later complete file had cancelled what it lacked before this one came.
    pub(super) fn is_overtaken(&self, target: &Target) -> bool {
        let is_it = |known: &&Known| known.uai == target.uai && known.year == target.year;
        let known = self.work.horizons.iter().find(is_it);
        known.is_some_and(|known| known.horizon.as_ref() > Some(&target.horizon))
    }

    /// Says how far the file goes, and gives the feeds where others came while it left records
    /// alone.
    pub(super) async fn raise_horizons(
        &self,
        targets: &[Target],
    ) -> Result<BTreeSet<(Uai, AcademicYear)>, Stop> {
        let imports = &self.job.world.imports;
        let mut disturbed = BTreeSet::new();
        for Target { uai, year, horizon } in targets {
            let known =
                self.work.horizons.iter().find(|known| known.uai == *uai && known.year == *year);
            match known.and_then(|known| known.alone_since) {
                None => imports.raise_horizon(*uai, *year, horizon).await?,
                Some(arrivals) => {
                    if !imports.raise_horizon_undisturbed(*uai, *year, horizon, arrivals).await? {
                        disturbed.insert((*uai, *year));
                    }
                }
            }
        }
        Ok(disturbed)
    }

    /// Has the rows read again, and the versions moved of what they left alone where `moving` says
    /// so. That the rows are read again is put by first.
    pub(super) async fn read_again(&mut self, moving: impl Fn(&Known) -> bool) -> Result<(), Stop> {
        tracing::info!(import = self.job.id(), left = self.work.left.len(), "rows read again");
        self.work.begin_again(moving);
        self.checkpoint().await
    }

    /// Takes the import away from those that write, once all is written.
    pub(super) async fn depart(&self) -> Result<(), StoreError> {
        if self.file.key.dry_run {
            return Ok(());
        }
        let (imports, import) = (&self.job.world.imports, self.job.holder.import);
        stream::iter(&self.work.horizons)
            .map(|known| imports.depart(known.uai, known.year, import))
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await
    }
}
