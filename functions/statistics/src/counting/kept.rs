//! What is kept of counts, in the bucket of statistics.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::registry::StoreError;
use shared::registry::segment::Position;

use super::{CountId, Outcome, Part, Plan};
use crate::handler::StatisticsError;
use crate::outputs::{compact_json_file, json_file};
use crate::store::{COUNTS, SnapshotStore};

const PLAN: &str = "plan.json";
const OUTCOME: &str = "issue.json";
const PARTS: &str = "parties/";
const UNFINISHED: &str = "en-cours/";

/// What one count has come to.
#[derive(Debug, Clone)]
pub(crate) struct Kept<'a> {
    store: &'a SnapshotStore,
    prefix: String,
}

/// A part that is still being counted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Unfinished<T> {
    #[serde(rename = "compte")]
    pub(crate) counted: T,
    #[serde(rename = "suite")]
    pub(crate) after: Position,
}

impl<'a> Kept<'a> {
    pub(crate) fn of(store: &'a SnapshotStore, id: &CountId) -> Self {
        Self { store, prefix: format!("{COUNTS}{id}/") }
    }

    /// Keeps the plan, and gives it; that of an earlier delivery of the order if there is one.
    pub(crate) async fn plan(&self, plan: Plan) -> Result<Plan, StatisticsError> {
        if self.store.put_new(&self.prefix, &json_file(PLAN, &plan)?).await? {
            return Ok(plan);
        }
        Ok(self.planned().await?.unwrap_or(plan))
    }

    /// The plan; none of a count that never was, or was long ago.
    pub(crate) async fn planned(&self) -> Result<Option<Plan>, StatisticsError> {
        self.get(PLAN).await
    }

    /// Keeps what a part came to.
    pub(crate) async fn keep<T: Serialize>(
        &self,
        part: Part,
        counted: &T,
    ) -> Result<(), StatisticsError> {
        let file = compact_json_file(&format!("{PARTS}{part}.json"), counted)?;
        Ok(self.store.put(&self.prefix, &file).await?)
    }

    /// What a part came to.
    pub(crate) async fn part<T: DeserializeOwned>(
        &self,
        part: Part,
    ) -> Result<Option<T>, StatisticsError> {
        self.get(&format!("{PARTS}{part}.json")).await
    }

    /// Keeps what a part came to so far.
    pub(crate) async fn interrupt<T: Serialize>(
        &self,
        part: Part,
        unfinished: &Unfinished<T>,
    ) -> Result<(), StatisticsError> {
        let file = compact_json_file(&format!("{UNFINISHED}{part}.json"), unfinished)?;
        Ok(self.store.put(&self.prefix, &file).await?)
    }

    /// What an earlier invocation counted of a part.
    pub(crate) async fn unfinished<T: DeserializeOwned>(
        &self,
        part: Part,
    ) -> Result<Option<Unfinished<T>>, StatisticsError> {
        self.get(&format!("{UNFINISHED}{part}.json")).await
    }

    /// The parts that nothing whole is kept of.
    pub(crate) async fn missing(&self, plan: &Plan) -> Result<Vec<Part>, StoreError> {
        let parts = format!("{}{PARTS}", self.prefix);
        let there = self.store.list(&parts).await?;
        let is_missing = |part: &Part| !there.contains(&format!("{parts}{part}.json"));
        Ok(plan.parts().filter(is_missing).collect())
    }

    /// Says how it ended.
    pub(crate) async fn end(&self, outcome: &Outcome) -> Result<(), StatisticsError> {
        Ok(self.store.put(&self.prefix, &json_file(OUTCOME, outcome)?).await?)
    }

    /// How it ended, if it did.
    pub(crate) async fn outcome(&self) -> Result<Option<Outcome>, StatisticsError> {
        self.get(OUTCOME).await
    }

    async fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StatisticsError> {
        read(self.store, &self.prefix, name).await
    }
}

/// What is kept under a name below a prefix.
pub(super) async fn read<T: DeserializeOwned>(
    store: &SnapshotStore,
    prefix: &str,
    name: &str,
) -> Result<Option<T>, StatisticsError> {
    let content = store.get(&format!("{prefix}{name}")).await?;
    let read = content.map(|content| serde_json::from_slice(&content)).transpose();
    read.map_err(|_| StatisticsError::Kept(name.to_owned()))
}
