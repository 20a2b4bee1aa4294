//! Fills the register from an extract: portion by portion, some calls side by side.

use std::path::Path;

use anyhow::{Context as _, Result};
use shared::identity::digest::IdentityKeys;
use shared::identity::immatriculation::Registration;
use shared::registry::StoreError;
use shared::registry::ines::InesStore;
use shared::registry::ines::load::{
    BLOCKS_AT_ONCE, BlockEntries, Loaded, PEOPLE_AT_ONCE, block_entries,
};
use tokio::task::JoinSet;

use super::extract::Extract;
use crate::deployment::Deployment;
use crate::ui::Step;

/// People in memory at a time, with what they are indexed under: those of a portion who share a key
/// make one block, which is written once.
const PORTION: usize = 20_000;
/// Calls at a time.
const SIDE_BY_SIDE: usize = 8;

/// Loads a file; says what became of its people.
pub async fn load(deployment: &Deployment, path: &Path) -> Result<Loaded> {
    let extract =
        Extract::check(path).with_context(|| format!("{} is not loaded", path.display()))?;
    let (store, keys) = (super::store(deployment), super::keys(deployment).await?);
    let step =
        Step::of("registering people", extract.people.try_into()?, "{wide_bar} {pos} of {len}");
    let mut total = Loaded::default();
    let mut people = extract.people()?;
    loop {
        let portion = people.by_ref().take(PORTION).collect::<Result<Vec<_>>>()?;
        if portion.is_empty() {
            break;
        }
        let read = portion.len();
        total +=
            load_portion(&store, &keys, portion).await.context("the register can't be written")?;
        step.bar().inc(read.try_into()?);
    }
    let Loaded { added, unchanged, different } = total;
    let others = if different == 0 {
        String::new()
    } else {
        format!(", {different} differ and stay as they were")
    };
    step.done(&format!("{added} added, {unchanged} there already{others}"));
    Ok(total)
}

async fn load_portion(
    store: &InesStore,
    keys: &IdentityKeys,
    people: Vec<Registration>,
) -> Result<Loaded, StoreError> {
    let chunks: Vec<Vec<Registration>> = people.chunks(PEOPLE_AT_ONCE).map(<[_]>::to_vec).collect();
    let loaded = side_by_side(chunks, |chunk| {
        let (store, keys) = (store.clone(), keys.clone());
        async move { store.load_registrations(&keys, &chunk).await }
    })
    .await?;
    let (mut total, mut standing) = (Loaded::default(), Vec::with_capacity(people.len()));
    for (counts, people) in loaded {
        total += counts;
        standing.extend(people);
    }
    let mut wanted = block_entries(keys, &standing).into_iter();
    let chunks = std::iter::from_fn(|| {
        let chunk: BlockEntries = wanted.by_ref().take(BLOCKS_AT_ONCE).collect();
        (!chunk.is_empty()).then_some(chunk)
    });
    side_by_side(chunks, |chunk| {
        let store = store.clone();
        async move { store.load_blocks(&chunk).await }
    })
    .await?;
    Ok(total)
}

/// Works on each item, a few at a time; stops at the first failure. The order is that of the ends.
async fn side_by_side<T, R, F>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> F,
) -> Result<Vec<R>, StoreError>
where
    R: Send + 'static,
    F: Future<Output = Result<R, StoreError>> + Send + 'static,
{
    let ended = |end: Result<Result<R, StoreError>, tokio::task::JoinError>| {
        end.unwrap_or_else(|_| Err(StoreError::refused("loading", "cut short")))
    };
    let (mut running, mut done) = (JoinSet::new(), Vec::new());
    for item in items {
        if running.len() >= SIDE_BY_SIDE
            && let Some(end) = running.join_next().await
        {
            done.push(ended(end)?);
        }
        running.spawn(work(item));
    }
    while let Some(end) = running.join_next().await {
        done.push(ended(end)?);
    }
    Ok(done)
}
