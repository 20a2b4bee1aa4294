//! What a list would change of what is registered, and the writing of it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde::Serialize;
use shared::domain::establishment::Establishment;
use shared::domain::uai::Uai;
use shared::registry::StoreError;
use shared::registry::establishments::{EstablishmentStore, Registration};

use super::Kind;
use super::list::{List, Listed, Problem};

/// Writes side by side.
const SIDE_BY_SIDE: usize = 16;

/// What a list would change. Absence from it changes nothing, unless retiring is asked for.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Plan {
    /// Registered anew; each sends for itself.
    pub(crate) added: Vec<Registration>,
    pub(crate) changed: Vec<Change>,
    /// Registered, of the kind that was named, not retired, and absent from the list.
    pub(crate) retired: Vec<Registration>,
    pub(crate) unchanged: usize,
    /// In the list, and retired here: `set --retired=false` brings one back.
    pub(crate) still_retired: Vec<Uai>,
    /// Lines that were left out.
    pub(crate) problems: Vec<Problem>,
    /// Lines that are about something else, by what they are.
    pub(crate) passed_over: BTreeMap<String, u64>,
}

/// An establishment of which a list tells something else than what is registered.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    /// As it would be.
    pub(crate) registration: Registration,
    pub(crate) differences: Vec<Difference>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    pub(crate) attribute: &'static str,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// What was written.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Written {
    pub(crate) added: usize,
    pub(crate) changed: usize,
    pub(crate) retired: usize,
}

impl Plan {
    /// Compares a list with what is registered. `retire` names the kind whose absence counts.
    pub(crate) fn new(
        list: List,
        registered: Vec<Registration>,
        retire: Option<Kind>,
    ) -> Result<Self> {
        let List { establishments, problems, passed_over } = list;
        if let Some(kind) = retire {
            check_retirement(kind, &establishments, &problems)?;
        }
        let mut plan = Self { problems, passed_over, ..Self::default() };
        let listed: BTreeSet<Uai> = establishments.iter().map(|one| one.uai).collect();
        let mut registered: BTreeMap<Uai, Registration> =
            registered.into_iter().map(|one| (one.establishment.uai, one)).collect();
        for (uai, registration) in &registered {
            let is_of_kind =
                retire.is_some_and(|kind| registration.establishment.kind == kind.name());
            if is_of_kind && registration.retired_at.is_none() && !listed.contains(uai) {
                plan.retired.push(registration.clone());
            }
        }
        for one in establishments {
            let Some(before) = registered.remove(&one.uai) else {
                plan.added.push(new(one));
                continue;
            };
            if before.retired_at.is_some() {
                plan.still_retired.push(one.uai);
            }
            let after = described(before.clone(), one);
            let differences = differences(&before, &after);
            if differences.is_empty() {
                plan.unchanged += 1;
            } else {
                plan.changed.push(Change { registration: after, differences });
            }
        }
        Ok(plan)
    }

    /// Whether nothing would be written.
    pub(crate) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.retired.is_empty()
    }

    /// Adds and changes, then retires. Run again after a crash, it finds what is left to do.
    pub(crate) async fn apply(
        &self,
        store: &EstablishmentStore,
        now: Timestamp,
    ) -> Result<Written> {
        const UNWRITABLE: &str =
            "an establishment can't be written: what was written stays, run this again";
        let added = side_by_side(self.added.iter().map(|one| store.register(one)))
            .await
            .context(UNWRITABLE)?;
        let changed = self.changed.iter().map(|change| store.describe(&change.registration));
        let changed = side_by_side(changed).await.context(UNWRITABLE)?;
        let retired: Vec<Registration> = self
            .retired
            .iter()
            .map(|one| Registration { retired_at: Some(now), ..one.clone() })
            .collect();
        let retired = side_by_side(retired.iter().map(|one| store.set_retired(one)))
            .await
            .context(UNWRITABLE)?;
        Ok(Written { added, changed, retired })
    }
}

/// How many of the writes found what they were made for: somebody else may have been faster.
async fn side_by_side(
    writes: impl Iterator<Item = impl Future<Output = Result<bool, StoreError>>>,
) -> Result<usize> {
    let writes: Vec<_> = writes.collect();
    let written: Vec<bool> =
        stream::iter(writes).buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
    Ok(written.into_iter().filter(|written| *written).count())
}

/// Absence is only believed of a list that could be read whole and that knows the kind.
fn check_retirement(kind: Kind, establishments: &[Listed], problems: &[Problem]) -> Result<()> {
    if let Some(Problem { line, column, reason }) = problems.first() {
        bail!(
            "nothing is retired by a list with {} lines that can't be read, the first being line {line}, {column}: \
             {reason}; an establishment there would be taken for absent",
            problems.len()
        );
    }
    if !establishments.iter().any(|one| one.kind == kind) {
        bail!("the list has no {kind}, so every {kind} would be retired: is it the right list?");
    }
    Ok(())
}

fn new(listed: Listed) -> Registration {
    let Listed { uai, name, kind, commune, postal_code, siret } = listed;
    Registration {
        establishment: Establishment {
            uai,
            name,
            kind: kind.name().to_owned(),
            commune,
            postal_code,
            sends_for: vec![uai],
            regime_codes: BTreeMap::new(),
            status_codes: BTreeMap::new(),
        },
        siret,
        retired_at: None,
    }
}

/// A list without SIRETs says nothing about them.
fn described(before: Registration, listed: Listed) -> Registration {
    let Listed { uai: _, name, kind, commune, postal_code, siret } = listed;
    let kind = kind.name().to_owned();
    Registration {
        establishment: Establishment { name, kind, commune, postal_code, ..before.establishment },
        siret: siret.or(before.siret),
        retired_at: before.retired_at,
    }
}

fn differences(before: &Registration, after: &Registration) -> Vec<Difference> {
    let siret = |one: &Registration| one.siret.map(|siret| siret.to_string()).unwrap_or_default();
    let texts = |one: &Registration| {
        let Establishment { name, kind, commune, postal_code, .. } = &one.establishment;
        [name.clone(), kind.clone(), commune.to_string(), postal_code.clone(), siret(one)]
    };
    let attributes = ["name", "kind", "commune", "postal_code", "siret"].into_iter();
    let both = attributes.zip(texts(before).into_iter().zip(texts(after)));
    both.filter(|(_, (before, after))| before != after)
        .map(|(attribute, (before, after))| Difference { attribute, before, after })
        .collect()
}
