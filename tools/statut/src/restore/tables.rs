//! One table after the other, as DynamoDB restores them.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::primitives::DateTime;
use aws_sdk_dynamodb::types::{
    BackupStatus, BillingMode, SseSpecification, SseType, TableDescription, TableStatus,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{INES_TABLES, TABLES};
use crate::deployment::Deployment;

/// Between two looks at a table that is being made: a restore takes minutes at least.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// The backup that a table is restored from under its own name.
const SWAP: &str = "swap";

/// A deployment's tables, and the instant that they go back to.
#[derive(Debug)]
pub(crate) struct Restoration<'a> {
    deployment: &'a Deployment,
    at: Timestamp,
}

/// What became of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Swapped {
    Now,
    Before,
}

impl<'a> Restoration<'a> {
    /// Nothing is called yet.
    pub(crate) fn new(deployment: &'a Deployment, at: Timestamp) -> Self {
        Self { deployment, at }
    }

    /// Restores each table beside the one that serves; nothing that serves changes.
    ///
    /// Run again, it finds those that are there.
    pub(crate) async fn prepare(&self) -> Result<Vec<String>> {
        let mut beside = Vec::new();
        for table in self.tables().await? {
            let target = self.beside(&table);
            if describe(self.client(), &target).await?.is_none() {
                self.restore_beside(&table, &target).await?;
            }
            beside.push(target);
        }
        for table in &beside {
            self.active(table).await?;
        }
        Ok(beside)
    }

    /// Puts what was restored in the place of what serves, which is kept as a backup.
    ///
    /// All are taken away before the first comes back: in between nothing is answered, rather than
    /// from tables of two instants.
    pub(crate) async fn swap(&self) -> Result<Vec<(String, Swapped)>> {
        let tables = self.tables().await?;
        let mut swaps = Vec::new();
        for table in tables {
            let beside = self.beside(&table);
            let Some(restored) = describe(self.client(), &beside).await? else {
                bail!("{beside} is not there: `statut restore prepare` makes it");
            };
            if restored.table_status != Some(TableStatus::Active) {
                bail!("{beside} is still being restored: `statut restore prepare` waits for it");
            }
            let backup = self.backup(&beside, SWAP).await?;
            let key = restored.sse_description.and_then(|sse| sse.kms_master_key_arn);
            swaps.push(Swap { table, beside, backup, key });
        }
        let mut outcomes = Vec::new();
        for swap in &swaps {
            outcomes.push((swap.table.clone(), self.take_away(swap).await?));
        }
        for swap in &swaps {
            self.bring_back(swap).await?;
        }
        for swap in &swaps {
            self.active(&swap.table).await?;
        }
        // Last: as long as they are there, this may be run again.
        for swap in &swaps {
            self.delete(&swap.beside).await?;
        }
        Ok(outcomes)
    }

    fn client(&self) -> &Client {
        &self.deployment.dynamodb
    }

    /// `TABLE-at-20261129T100000Z`.
    fn beside(&self, table: &str) -> String {
        format!("{table}-at-{}", self.stamp())
    }

    /// The instant, as a name may have it.
    fn stamp(&self) -> String {
        TimeZone::UTC.to_datetime(self.at).strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    /// The tables that are restored: those of our INES only where it is deployed, which what was
    /// restored beside tells while they are taken away.
    async fn tables(&self) -> Result<Vec<String>> {
        let mut tables: Vec<String> =
            TABLES.iter().map(|table| self.deployment.table(table)).collect();
        for table in INES_TABLES.iter().map(|table| self.deployment.table(table)) {
            if describe(self.client(), &table).await?.is_some()
                || describe(self.client(), &self.beside(&table)).await?.is_some()
            {
                tables.push(table);
            }
        }
        Ok(tables)
    }

    async fn restore_beside(&self, table: &str, target: &str) -> Result<()> {
        let there = describe(self.client(), table).await?;
        let there = there.with_context(|| format!("{table} is not there"))?;
        let key = there.sse_description.and_then(|sse| sse.kms_master_key_arn);
        self.client()
            .restore_table_to_point_in_time()
            .source_table_name(table)
            .target_table_name(target)
            .restore_date_time(DateTime::from_secs(self.at.as_second()))
            .billing_mode_override(BillingMode::PayPerRequest)
            .set_sse_specification_override(key.map(encrypted_by))
            .send()
            .await
            .with_context(|| format!("{table} can't be restored to {}", self.at))?;
        Ok(())
    }

    /// The ARN of a backup of a table by this name, which is made unless it is there.
    async fn backup(&self, table: &str, name: &str) -> Result<String> {
        let unlisted = || format!("the backups of {table} can't be listed");
        let mut after = None;
        loop {
            let listed = self
                .client()
                .list_backups()
                .table_name(table)
                .set_exclusive_start_backup_arn(after)
                .send()
                .await
                .with_context(unlisted)?;
            let mut named =
                listed.backup_summaries().iter().filter(|one| one.backup_name() == Some(name));
            if let Some(arn) = named.find_map(|backup| backup.backup_arn()) {
                return self.available(arn).await;
            }
            after = listed.last_evaluated_backup_arn;
            if after.is_none() {
                break;
            }
        }
        let made = self.client().create_backup().table_name(table).backup_name(name).send().await;
        let made = made.with_context(|| format!("{table} can't be backed up"))?;
        let arn = made.backup_details.map(|details| details.backup_arn);
        self.available(&arn.with_context(unlisted)?).await
    }

    async fn available(&self, backup: &str) -> Result<String> {
        loop {
            let described = self.client().describe_backup().backup_arn(backup).send().await;
            let described = described.context("a backup can't be read")?;
            let details =
                described.backup_description.and_then(|description| description.backup_details);
            match details.map(|details| details.backup_status) {
                Some(BackupStatus::Creating) => tokio::time::sleep(LOOK_AGAIN).await,
                Some(BackupStatus::Available) => return Ok(backup.to_owned()),
                other => bail!("the backup {backup} can't be used: it is {other:?}"),
            }
        }
    }

    /// Deletes a table that serves, once a backup of it is there; not one that was swapped before.
    async fn take_away(&self, swap: &Swap) -> Result<Swapped> {
        let Some(there) = describe(self.client(), &swap.table).await? else {
            return Ok(Swapped::Now);
        };
        if source(&there) == Some(&swap.backup) {
            return Ok(Swapped::Before);
        }
        self.backup(&swap.table, &format!("before-{}", self.stamp())).await?;
        if there.deletion_protection_enabled == Some(true) {
            let unprotected = self
                .client()
                .update_table()
                .table_name(&swap.table)
                .deletion_protection_enabled(false)
                .send()
                .await;
            unprotected
                .with_context(|| format!("{}: its protection can't be lifted", swap.table))?;
            self.active(&swap.table).await?;
        }
        self.delete(&swap.table).await?;
        Ok(Swapped::Now)
    }

    async fn bring_back(&self, swap: &Swap) -> Result<()> {
        if describe(self.client(), &swap.table).await?.is_some() {
            return Ok(());
        }
        self.client()
            .restore_table_from_backup()
            .target_table_name(&swap.table)
            .backup_arn(&swap.backup)
            .billing_mode_override(BillingMode::PayPerRequest)
            .set_sse_specification_override(swap.key.clone().map(encrypted_by))
            .send()
            .await
            .with_context(|| format!("{} can't be restored from {}", swap.table, swap.backup))?;
        Ok(())
    }

    /// Deletes a table, and waits until its name is free.
    async fn delete(&self, table: &str) -> Result<()> {
        if let Some(there) = describe(self.client(), table).await?
            && there.table_status != Some(TableStatus::Deleting)
        {
            let deleted = self.client().delete_table().table_name(table).send().await;
            deleted.with_context(|| format!("{table} can't be deleted"))?;
        }
        while describe(self.client(), table).await?.is_some() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Waits until a table may be used.
    async fn active(&self, table: &str) -> Result<()> {
        loop {
            let there = describe(self.client(), table).await?;
            match there.and_then(|there| there.table_status) {
                Some(TableStatus::Active) => return Ok(()),
                Some(TableStatus::Creating | TableStatus::Updating) => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                Some(other) => bail!("{table} is {}", other.as_str().to_lowercase()),
                None => bail!("{table} is not there"),
            }
        }
    }
}

/// One table, on its way.
struct Swap {
    table: String,
    beside: String,
    /// That of `beside`.
    backup: String,
    key: Option<String>,
}

/// The backup that a table was restored from.
fn source(table: &TableDescription) -> Option<&String> {
    table.restore_summary.as_ref()?.source_backup_arn.as_ref()
}

fn encrypted_by(key: String) -> SseSpecification {
    SseSpecification::builder().enabled(true).sse_type(SseType::Kms).kms_master_key_id(key).build()
}

async fn describe(client: &Client, table: &str) -> Result<Option<TableDescription>> {
    match client.describe_table().table_name(table).send().await {
        Ok(described) => Ok(described.table),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DescribeTableError::is_resource_not_found_exception) =>
        {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("{table} can't be described")),
    }
}
