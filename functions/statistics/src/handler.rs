//! One run, in order: scan, count, protect, write.
//!
//! A run without an order is the day's, and internal: exact tables every day would tell of whoever
//! arrived in between, by subtraction, whatever is hidden in each. An order to freeze makes the
//! public snapshot of a date.

use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};
use shared::domain::academic_year::{AcademicYear, day_in_france};
use shared::registry::StoreError;
use shared::registry::public_statistics::{DAILY, Daily, PUBLIC, SNAPSHOTS, Snapshots};

use crate::audit::{AuditError, read_tables};
use crate::context::Context;
use crate::dimensions::Nomenclature;
use crate::facts::{Observed, Scope};
use crate::outputs::{File, FormatError, MANIFEST, Manifest, files, json_file};
use crate::quality;
use crate::segments;
use crate::snapshot::{Coverage, PublishedRows, Snapshot, YearBefore};
use crate::store::{FROZEN, INTERNAL};
use crate::tables::tally::Tally;

/// Establishments read at once.
const PAGE: u16 = 500;
/// Days that two years' reference dates may lie apart.
const NEAR: i32 = 7;

/// What the function is asked.
#[derive(Debug, Default, Deserialize)]
pub struct Order {
    /// The date to freeze: the day's, since the register holds the state of today alone.
    #[serde(rename = "geler", default)]
    freeze: Option<Date>,
}

impl Order {
    /// Reads an event: what the scheduler sends is no order, and the day is counted.
    pub fn read(event: serde_json::Value) -> Result<Self, StatisticsError> {
        if !event.is_object() {
            return Ok(Self::default());
        }
        serde_json::from_value(event).map_err(|_| StatisticsError::Order)
    }
}

/// Where a run's output is.
#[derive(Debug, Serialize, Deserialize)]
pub struct Published {
    pub bucket: String,
    /// What the keys of its files begin with.
    pub prefix: String,
    /// The names of its files after the prefix, the manifest last.
    pub files: Vec<String>,
}

/// Why there is no output.
#[derive(Debug, thiserror::Error)]
pub enum StatisticsError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("an order is `geler` with a date, YYYY-MM-DD")]
    Order,
    #[error("a scanning task ended early")]
    Scan,
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error("the snapshot of {0} can't be read: {1}")]
    Previous(Date, AuditError),
    #[error("the manifest of the snapshot of {0} can't be read")]
    Manifest(Date),
    #[error("{asked} can't be frozen on {today}: the register holds the state of the day alone")]
    NotToday { asked: Date, today: Date },
    #[error("the snapshot of {0} is frozen already")]
    Frozen(Date),
    #[error("{0} isn't frozen: no proof was found that its tables tell of nobody")]
    Unproved(Date),
}

impl From<StatisticsError> for Diagnostic {
    /// Stable types for alarms to filter on: the scheduler retries what may go through later.
    fn from(error: StatisticsError) -> Self {
        let kind = match error {
            StatisticsError::Order
            | StatisticsError::NotToday { .. }
            | StatisticsError::Frozen(_)
            | StatisticsError::Unproved(_) => "Permanent",
            _ => "Retryable",
        };
        Self { error_type: kind.to_owned(), error_message: error.to_string() }
    }
}

/// Counts the day, or freezes it.
pub async fn handle(context: &Context, order: Order) -> Result<Published, StatisticsError> {
    let started = Instant::now();
    let today = day_in_france(Timestamp::now());
    if let Some(asked) = order.freeze.filter(|asked| *asked != today) {
        return Err(StatisticsError::NotToday { asked, today });
    }
    let frozen = context.snapshots.frozen().await?;
    if order.freeze.is_some() && frozen.contains(&today) {
        return Err(StatisticsError::Frozen(today));
    }
    let scope = Scope {
        year: AcademicYear::starting_on(today),
        cpge_prefixes: context.cpge_prefixes.clone(),
    };
    let previous = match order.freeze {
        Some(_) => previous(context, &frozen, scope.year).await?,
        None => None,
    };
    let (nomenclature, coverage) = establishments(context).await?;
    let year = scope.year;
    let (tally, observed) = scan(context, nomenclature, scope).await?;
    let at = (today, year);
    let (snapshot, published) = if let Some(date) = order.freeze {
        let previous = previous.as_ref().map(|(date, rows)| (*date, rows));
        let mut snapshot = Snapshot::of(at, tally, context.thresholds, previous, coverage);
        if !snapshot.protection.proved {
            return Err(StatisticsError::Unproved(date));
        }
        snapshot.year_before = year_before(context, &frozen, date).await?;
        let published = freeze(context, date, &files(&snapshot, context.site())?).await?;
        (snapshot, published)
    } else {
        let snapshot = Snapshot::internal(at, tally, context.thresholds, coverage);
        let files = files(&snapshot, context.site())?;
        let published = keep(context, &snapshot, &observed, files).await?;
        let judged = quality::make(context, at, &snapshot.coverage).await?;
        tracing::info!(establishments = judged, "quality counted");
        (snapshot, published)
    };
    let protection = &snapshot.protection;
    tracing::info!(
        frozen = order.freeze.is_some(),
        students = observed.students,
        malformed = observed.malformed,
        sensitive = protection.sensitive,
        hidden = protection.hidden,
        dropped_rows = protection.dropped_rows,
        attacks = protection.attacks,
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "statistics made"
    );
    Ok(published)
}

/// The tables of the latest snapshot of the year.
async fn previous(
    context: &Context,
    frozen: &[Date],
    year: AcademicYear,
) -> Result<Option<(Date, PublishedRows)>, StatisticsError> {
    let of_year = |date: &&Date| AcademicYear::starting_on(**date) == year;
    let Some(date) = frozen.iter().rfind(of_year) else { return Ok(None) };
    Ok(Some((*date, tables_of(context, *date).await?)))
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
async fn establishments(context: &Context) -> Result<(Nomenclature, Vec<Coverage>), StoreError> {
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

async fn scan(
    context: &Context,
    nomenclature: Nomenclature,
    scope: Scope,
) -> Result<(Tally, Observed), StatisticsError> {
    let (total, scope) = (context.segments, Arc::new(scope));
    segments::scan(total, (Tally::new(nomenclature), Observed::default()), |segment, counted| {
        let (answers, scope) = (context.answers.clone(), Arc::clone(&scope));
        async move {
            let each = |scanned| {
                counted.with(|(tally, observed)| {
                    if let Some(fact) = scope.fact(scanned, observed) {
                        tally.add(&fact);
                    }
                });
            };
            answers.scan_statistics(segment, total, each).await
        }
    })
    .await
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
/// run that dies before leaves files that the next run of the day takes the place of, and a run
/// that comes second stops at the manifest. Two at once are kept apart by the function's
/// asynchronous queue, and the digests in the manifest tell if they weren't.
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
        return Err(StatisticsError::Frozen(date));
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
