//! The end of a count: its parts are put together, protected and written.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use shared::domain::academic_year::day_in_france;
use shared::registry::StoreError;
use shared::registry::public_statistics::{DAILY, Daily, PUBLIC, SNAPSHOTS, Snapshots};

use crate::audit::read_tables;
use crate::context::Context;
use crate::counting::kept::Kept;
use crate::counting::students::Students;
use crate::counting::whereabouts::Whereabouts;
use crate::counting::{Plan, Published, Table};
use crate::dimensions::Nomenclature;
use crate::facts::Observed;
use crate::handler::StatisticsError;
use crate::outputs::{File, FormatError, MANIFEST, Manifest, files, json_file};
use crate::quality::{self, OfCases};
use crate::snapshot::{Coverage, Previous, PublishedRows, Snapshot, YearBefore};
use crate::store::{FROZEN, INTERNAL};
use crate::tables::flows::Flows;

/// Establishments read at once.
const PAGE: u16 = 500;
/// Days that two years' reference dates may lie apart.
const NEAR: i32 = 7;

/// Makes the files of a count whose parts are all kept.
pub(crate) async fn assemble(
    context: &Context,
    kept: &Kept<'_>,
    plan: &Plan,
) -> Result<Published, StatisticsError> {
    let (nomenclature, coverage) = establishments(context).await?;
    let mut students = Students::none(nomenclature);
    let (mut records, mut cases) = (BTreeMap::new(), OfCases::default());
    for part in plan.parts() {
        let missing = || StatisticsError::Missing(part);
        match part.table {
            Table::Etudiants => students.absorb(kept.part(part).await?.ok_or_else(missing)?),
            Table::Fiches => {
                quality::absorb(&mut records, kept.part(part).await?.ok_or_else(missing)?);
            }
            Table::Dossiers => cases.absorb(kept.part(part).await?.ok_or_else(missing)?),
        }
    }
    let Students { tally, observed, whereabouts } = students;
    let at = (plan.date(), plan.year());
    let (snapshot, published) = if plan.freeze {
        let frozen = context.snapshots.frozen().await?;
        // One that this count has frozen already, before it could say so, isn't one before.
        let before: Vec<Date> = frozen.into_iter().filter(|date| *date < at.0).collect();
        let previous = match before.last() {
            Some(date) => Some(previous(context, *date, &whereabouts).await?),
            None => None,
        };
        let previous = previous.as_ref();
        let mut snapshot = Snapshot::of(at, tally, context.thresholds, previous, coverage);
        if !snapshot.protection.proved {
            return Err(StatisticsError::Unproved(at.0));
        }
        snapshot.year_before = year_before(context, &before, at.0).await?;
        let published = freeze(context, at.0, &files(&snapshot, context.site())?).await?;
        // Once the snapshot is there, so that they are always those of its own students.
        whereabouts.keep(&context.snapshots, at.0).await?;
        (snapshot, published)
    } else {
        let snapshot = Snapshot::internal(at, tally, context.thresholds, coverage);
        let files = files(&snapshot, context.site())?;
        let published = keep(context, &snapshot, &observed, files).await?;
        let judged = quality::make(context, plan, (records, &cases), &snapshot.coverage).await?;
        tracing::info!(establishments = judged, "quality counted");
        (snapshot, published)
    };
    let protection = &snapshot.protection;
    tracing::info!(
        frozen = plan.freeze,
        students = observed.students,
        malformed = observed.malformed,
        sensitive = protection.sensitive,
        hidden = protection.hidden,
        dropped_rows = protection.dropped_rows,
        attacks = protection.attacks,
        seconds = jiff::Timestamp::now().as_second().saturating_sub(plan.at.as_second()),
        "statistics made"
    );
    Ok(published)
}

/// A snapshot, and what became of students since. Where its own aren't known any more there are no
/// flows, and the next snapshot is frozen without.
async fn previous(
    context: &Context,
    date: Date,
    now: &Whereabouts,
) -> Result<Previous, StatisticsError> {
    let before = Whereabouts::kept(&context.snapshots, date).await?;
    if before.is_none() {
        tracing::warn!(since = %date, "where students were isn't known: no flows");
    }
    let flows = before.map(|before| Flows::between(&before, now));
    Ok(Previous { date, tables: tables_of(context, date).await?, flows })
}

/// The tables of the snapshot of a year before, if one was frozen within a week of that day. One that
/// can't be read any more isn't compared with: it must not keep this one from being frozen.
async fn year_before(
    context: &Context,
    frozen: &[Date],
    date: Date,
) -> Result<Option<YearBefore>, StatisticsError> {
    let then = date.saturating_sub(Span::new().years(1));
    let days = |one: &Date| one.until(then).map_or(i32::MAX, |span| span.get_days().abs());
    let Some(nearest) = frozen.iter().min_by_key(|one| days(one)).filter(|one| days(one) <= NEAR)
    else {
        return Ok(None);
    };
    match tables_of(context, *nearest).await {
        Ok(tables) => Ok(Some(YearBefore { date: *nearest, tables })),
        Err(StatisticsError::Store(error)) => Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "the year before isn't compared with");
            Ok(None)
        }
    }
}

/// The tables of a frozen snapshot.
async fn tables_of(context: &Context, date: Date) -> Result<PublishedRows, StatisticsError> {
    let prefix = format!("{FROZEN}{date}/");
    let manifest = context.snapshots.get(&format!("{prefix}{MANIFEST}")).await?;
    let manifest: Manifest = manifest
        .and_then(|content| serde_json::from_slice(&content).ok())
        .ok_or(StatisticsError::Manifest(date))?;
    let names = manifest.files.iter().map(|entry| entry.name.as_str());
    let files = context.snapshots.files(&prefix, names).await?;
    read_tables(&manifest, &files).map_err(|error| StatisticsError::Previous(date, error))
}

/// What is registered of each establishment, and when it was last fed.
pub(crate) async fn establishments(
    context: &Context,
) -> Result<(Nomenclature, Vec<Coverage>), StoreError> {
    let mut nomenclature = Nomenclature::new();
    for registration in context.establishments.registrations().await? {
        let one = registration.establishment;
        nomenclature.register(one.uai, &one.kind, &one.name);
    }
    let (mut coverage, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = context.establishments.coverage_page(after, PAGE).await?;
        coverage.extend(page.into_iter().map(|one| Coverage {
            uai: one.uai,
            name: one.name,
            last_feed: one.last_feed_at.map(day_in_france),
        }));
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    coverage.sort_by_key(|one| one.uai);
    Ok((nomenclature, coverage))
}

/// Keeps the day's tables, and tells the public the rounded total. Idempotent: a second run of the
/// same day writes the same keys again, and the bucket keeps both versions.
async fn keep(
    context: &Context,
    snapshot: &Snapshot,
    observed: &Observed,
    files: Vec<File>,
) -> Result<Published, StatisticsError> {
    let prefix = format!("{INTERNAL}{}/", snapshot.date);
    let met = json_file("observations.json", observed)?;
    context.snapshots.put(&prefix, &met).await?;
    for file in &files {
        context.snapshots.put(&prefix, file).await?;
    }
    let daily = Daily {
        date: snapshot.date,
        rentree: snapshot.year.to_string(),
        etudiants: snapshot.rounded(),
        arrondi: "centaine".to_owned(),
    };
    context.snapshots.put(PUBLIC, &json_file(DAILY, &daily)?).await?;
    // A run that froze a date and died before it was listed is made good by the next night.
    list(context, context.snapshots.frozen().await?).await?;
    Ok(published(context, prefix, &files))
}

/// Writes a snapshot, once. Its manifest is written last, where there is none, and makes it one: a
/// run that dies before leaves files that the next one of the day takes the place of, and one
/// that comes second stops at the manifest. Two at once write the same if they are of one count;
/// if they are of two, the digests in the manifest tell.
async fn freeze(
    context: &Context,
    date: Date,
    files: &[File],
) -> Result<Published, StatisticsError> {
    let prefix = format!("{FROZEN}{date}/");
    let (manifest, tables) = files.split_last().ok_or(FormatError::Json)?;
    for file in tables {
        let there = context.snapshots.get(&format!("{prefix}{}", file.name)).await?;
        if there.as_ref() != Some(&file.content) {
            context.snapshots.put(&prefix, file).await?;
        }
    }
    if !context.snapshots.put_new(&prefix, manifest).await? {
        // Its own, if it died before it could say how it ended.
        let there = context.snapshots.get(&format!("{prefix}{MANIFEST}")).await?;
        if there.as_ref() != Some(&manifest.content) {
            return Err(StatisticsError::Frozen(date));
        }
    }
    let mut frozen = context.snapshots.frozen().await?;
    if !frozen.contains(&date) {
        frozen.push(date);
    }
    list(context, frozen).await?;
    Ok(published(context, prefix, files))
}

/// Tells the public which dates are frozen.
async fn list(context: &Context, frozen: Vec<Date>) -> Result<(), StatisticsError> {
    let listed = json_file(SNAPSHOTS, &Snapshots { etats: frozen })?;
    Ok(context.snapshots.put(PUBLIC, &listed).await?)
}

fn published(context: &Context, prefix: String, files: &[File]) -> Published {
    let files = files.iter().map(|file| file.name.clone()).collect();
    Published { bucket: context.snapshots.bucket().to_owned(), prefix, files }
}
