//! `statut restore`.

use anyhow::{Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shared::registry::withdrawals::{Withdrawal, Withdrawn};

use crate::cli::restore::{self as cli, Action};
use crate::deployment::Deployment;
use crate::place::Place;
use crate::restore::{self, Outcome, Restoration, Swapped};
use crate::shown::Format;
use crate::ui;

/// What DynamoDB can go back to.
const OLDEST: SignedDuration = SignedDuration::from_hours(35 * 24);

pub(super) async fn run(place: &Place, format: Format, options: &cli::Restore) -> Result<()> {
    let deployment = place.deployment().await?;
    match &options.action {
        Action::Prepare { at } => prepare(&deployment, format, *at).await,
        Action::Swap { at, confirm } => {
            if *confirm != deployment.name {
                bail!("--confirm {confirm} is not the deployment, which is {}", deployment.name);
            }
            swap(&deployment, format, *at).await
        }
        Action::Withdrawals { since } => withdrawals(&deployment, format, *since).await,
    }
}

async fn prepare(deployment: &Deployment, format: Format, at: Timestamp) -> Result<()> {
    let now = Timestamp::now();
    if at > now || now.duration_since(at) > OLDEST {
        bail!("--at {at} is not of the last 35 days");
    }
    let beside = Restoration::new(deployment, at).prepare().await?;
    format.show(&json!({ "tables": beside }), || {
        for table in &beside {
            ui::line(table);
        }
    })?;
    eprintln!("stop what writes, then `statut restore swap` (docs/runbook.md)");
    Ok(())
}

async fn swap(deployment: &Deployment, format: Format, at: Timestamp) -> Result<()> {
    let swapped = Restoration::new(deployment, at).swap().await?;
    let word = |swapped: &Swapped| match swapped {
        Swapped::Now => "restored",
        Swapped::Before => "was restored",
    };
    let shown: Vec<_> = swapped
        .iter()
        .map(|(table, swapped)| json!({ "table": table, "outcome": word(swapped) }))
        .collect();
    format.show(&shown, || {
        for (table, swapped) in &swapped {
            ui::line(&format!("{table}  {}", word(swapped)));
        }
    })?;
    eprintln!(
        "now `statut restore withdrawals --since {at}`, then `terraform apply`: the tables have neither expiry, \
         nor recovery, nor protection yet"
    );
    Ok(())
}

async fn withdrawals(deployment: &Deployment, format: Format, since: Timestamp) -> Result<()> {
    let applied = restore::apply(deployment, since, Timestamp::now()).await?;
    let shown: Vec<_> = applied
        .iter()
        .map(|(Withdrawal { at, withdrawn }, outcome)| {
            json!({ "at": at, "withdrawn": withdrawn, "outcome": outcome.name() })
        })
        .collect();
    format.show(&shown, || {
        for (Withdrawal { at, withdrawn }, outcome) in &applied {
            ui::line(&format!("{at:.0}  {}  {}", named(withdrawn), outcome.name()));
        }
    })?;
    let count = |wanted| applied.iter().filter(|(_, outcome)| *outcome == wanted).count();
    eprintln!(
        "{} withdrawals: {} taken back again, {} stood already, {} gone with the restore",
        applied.len(),
        count(Outcome::Applied),
        count(Outcome::StoodAlready),
        count(Outcome::Gone)
    );
    Ok(())
}

/// What was taken back, for people. A student's id is random, and a digest tells no key.
fn named(withdrawn: &Withdrawn) -> String {
    match withdrawn {
        Withdrawn::Client { client_id } => format!("client {client_id}"),
        Withdrawn::Key { client_id, key, .. } => format!("key {} of {client_id}", key.locator()),
        Withdrawn::Token { token, .. } => format!("token {}", token.number()),
        Withdrawn::Student { student } => format!("student {student}"),
        Withdrawn::Role { member, uai, .. } => format!("role of {member} for {uai}"),
    }
}
