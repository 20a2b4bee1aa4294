//! The quality of what establishments send, and the use that clients make of the register. Both are
//! private: an establishment is told its own, and a client's small counts point at people.

mod cases;
mod counted;
mod tables;
mod usage;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use shared::contract::quality::Freshness;
use shared::domain::uai::Uai;
use shared::registry::StoreError;
use tokio::task::JoinSet;

pub(crate) use self::cases::OfCases;
pub(crate) use self::counted::OfRecords;
use self::counted::{OfImports, median};
use crate::context::Context;
use crate::counting::Plan;
use crate::handler::StatisticsError;
use crate::snapshot::Coverage;
use crate::store::{INTERNAL, OWN_QUALITY};

/// Days of imports, and of what was said, that are counted.
const DAYS: u16 = 30;
/// Establishments whose imports are read at once.
const AT_ONCE: usize = 16;

/// Counts everything and writes it: tables of all establishments and clients below the day, and for
/// each establishment what it is told.
///
/// Idempotent: a second run of the day writes the same keys again. A run that dies between two of
/// them leaves some establishments with the figures of the day before, which say so by their date.
pub(crate) async fn make(
    context: &Context,
    plan: &Plan,
    (mut records, cases): (BTreeMap<Uai, OfRecords>, &OfCases),
    coverage: &[Coverage],
) -> Result<usize, StatisticsError> {
    let (now, today, year) = (plan.at, plan.date(), plan.year());
    let mut counted = imports(context, from(plan), coverage).await?;
    for uai in records.keys() {
        counted.entry(*uai).or_default();
    }

    let days_since = |day: Date| day.until(today).map_or(0, |span| span.get_days());
    let freshness: BTreeMap<Uai, Date> =
        coverage.iter().filter_map(|one| Some((one.uai, one.last_feed?))).collect();
    let national = median(freshness.values().map(|day| days_since(*day)).collect());
    let mut told: Vec<_> = counted
        .into_iter()
        .map(|(uai, counted)| {
            let last = freshness.get(&uai).copied();
            let fresh = Freshness {
                dernier_versement: last,
                jours: last.map(days_since),
                mediane_nationale: national,
            };
            let records = records.remove(&uai).unwrap_or_default();
            records.told(counted, uai, (today, year), fresh, now)
        })
        .collect();

    let usual = median(told.iter().filter_map(|one| one.imports.rejetees_pour_mille).collect());
    for one in &mut told {
        one.imports.mediane_nationale = usual;
    }

    let prefix = format!("{INTERNAL}{today}/");
    for file in [tables::establishments(&told)?, tables::rules(&told)?, tables::cases(cases, now)?]
    {
        context.snapshots.put(&prefix, &file).await?;
    }
    let yesterday = TimeZone::UTC.to_datetime(now).date().saturating_sub(Span::new().days(1));
    let uses = usage::of(context, yesterday).await?;
    context.snapshots.put(&prefix, &tables::uses(yesterday, &uses)?).await?;
    for one in &told {
        context.snapshots.put(OWN_QUALITY, &tables::own(one)?).await?;
    }
    Ok(told.len())
}

/// The first instant that counts.
pub(crate) fn from(plan: &Plan) -> Timestamp {
    plan.at - SignedDuration::from_hours(24 * i64::from(DAYS))
}

/// Adds what records of another part say.
pub(crate) fn absorb(all: &mut BTreeMap<Uai, OfRecords>, other: BTreeMap<Uai, OfRecords>) {
    for (uai, counted) in other {
        all.entry(uai).or_default().absorb(counted);
    }
}

/// What the imports of the last days say, by who sent them.
async fn imports(
    context: &Context,
    from: Timestamp,
    coverage: &[Coverage],
) -> Result<BTreeMap<Uai, OfImports>, StatisticsError> {
    let mut counted = BTreeMap::new();
    let mut reading = JoinSet::new();
    let mut left = coverage.iter().map(|one| one.uai);
    loop {
        while reading.len() < AT_ONCE {
            let Some(uai) = left.next() else { break };
            let imports = context.imports.clone();
            reading
                .spawn(async move { Ok::<_, StoreError>((uai, imports.since(uai, from).await?)) });
        }
        let Some(read) = reading.join_next().await else { return Ok(counted) };
        let (uai, imports) = read.map_err(|_| StatisticsError::Task)??;
        counted.insert(uai, OfImports::of(&imports));
    }
}
