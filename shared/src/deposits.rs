//! Deposits: a form is given out, a file is dropped with it, tried, and then imported for good by an
//! order, without being dropped again. `/api/depots` and the portal are two ways to the same.
//!
//! ```text
//! open ─► form ─► the file is dropped ─► import ─┬─ not a trial: it is done
//!                                                └─ a trial ─► order ─► import of the same object version
//! ```

use std::time::Duration;

use aws_config::SdkConfig;
use jiff::{SignedDuration, Timestamp};

use crate::contract::deposit::{DepositForm, DepositStatus, ReportLinks, Wish};
use crate::domain::uai::Uai;
use crate::files::mapping::Mapping;
use crate::registry::StoreError;
use crate::registry::deposits::{Deposit, DepositStore, Ordered, Sender};
use crate::registry::imports::{Import, ImportId, ImportState, ImportStore, Order};
use crate::registry::imports_queue::ImportsQueue;

pub mod buckets;

mod form;

use buckets::{BucketSettings, Buckets};

/// How long a deposit can be followed.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Why an order isn't taken, for whoever gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Another file was dropped, or something else was ordered.
    #[error("un autre import de ce dépôt a été demandé depuis : relire où il en est")]
    Overtaken,
    /// There is nothing to confirm.
    #[error("cet import n'est pas un essai : ce qu'il dit est déjà enregistré")]
    NotATrial,
    /// The report isn't there.
    #[error("l'essai n'est pas terminé : attendre son rapport")]
    Running,
    /// There is nothing that could be confirmed.
    #[error("l'essai a échoué : rien ne peut être confirmé")]
    Failed,
    /// More labels than a header can have.
    #[error("trop de libellés sont connus de cet établissement")]
    TooManyColumns,
}

/// The deposits, where their files go, and who is asked to import them.
#[derive(Debug)]
pub struct Deposits {
    store: DepositStore,
    imports: ImportStore,
    queue: ImportsQueue,
    buckets: Buckets,
}

impl Deposits {
    #[must_use]
    pub fn new(
        aws: &SdkConfig,
        imports_table: String,
        imports_queue_url: String,
        buckets: BucketSettings,
    ) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        Self {
            store: DepositStore::new(dynamodb.clone(), imports_table.clone()),
            imports: ImportStore::new(dynamodb, imports_table),
            queue: ImportsQueue::new(aws_sdk_sqs::Client::new(aws), imports_queue_url),
            buckets: Buckets::new(aws, buckets),
        }
    }

    #[must_use]
    pub fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    #[must_use]
    pub fn imports(&self) -> &ImportStore {
        &self.imports
    }

    /// Keeps a deposit of an establishment, and gives its id.
    ///
    /// Asked for twice, there are two, and each that is used is an import of its own. It is stored
    /// before its form is given: whatever is uploaded can be followed.
    pub async fn open(
        &self,
        uai: Uai,
        wish: &Wish,
        sender: Sender,
        now: Timestamp,
    ) -> Result<(String, Deposit), StoreError> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let deposit = Deposit {
            uai,
            sender,
            key: wish.key(uai, &id),
            created_at: now,
            expires_at: now.as_second() + KEPT.as_secs(),
            import: None,
            ordered: None,
        };
        self.store.put(&id, &deposit).await?;
        Ok((id, deposit))
    }

    /// The form of one upload; a browser is then sent to `then`.
    pub async fn form(
        &self,
        id: &str,
        deposit: &Deposit,
        then: Option<&str>,
        now: Timestamp,
    ) -> Result<DepositForm, StoreError> {
        self.buckets.form(id, &deposit.key, then, now).await
    }

    /// A deposit, whoever's it is.
    pub async fn get(&self, id: &str) -> Result<Option<Deposit>, StoreError> {
        let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id { self.store.get(id).await } else { Ok(None) }
    }

    /// The latest import of a deposit.
    pub async fn import(&self, deposit: &Deposit) -> Result<Option<Import>, StoreError> {
        match deposit.current() {
            Some(import) => self.imports.get(import).await,
            None => Ok(None),
        }
    }

    /// How far a deposit has come, with the links to its report.
    pub async fn status(&self, id: &str, deposit: &Deposit) -> Result<DepositStatus, StoreError> {
        let import = self.import(deposit).await?;
        let links: Option<ReportLinks> =
            match import.as_ref().and_then(|import| import.report_key.as_deref()) {
                Some(key) => Some(self.buckets.links(key).await?),
                None => None,
            };
        Ok(DepositStatus::of(id, import.as_ref(), links))
    }

    /// Orders what is to become of an object version that was tried. Gives the import that does it.
    ///
    /// The deposit is told first, then the import is kept, then asked for. A crash in between leaves
    /// a deposit that names what was ordered; ordered again, the rest is done, and what was done
    /// finds itself.
    pub async fn order(
        &self,
        id: &str,
        deposit: &Deposit,
        tried: &ImportId,
        order: Order,
        by: Sender,
        now: Timestamp,
    ) -> Result<Result<ImportId, OrderError>, StoreError> {
        let Some(import) = self.imports.get(tried).await? else {
            return Ok(Err(OrderError::Overtaken));
        };
        // What was tried by some columns is imported by them.
        let columns = order.columns.or_else(|| import.order.as_ref()?.columns.clone());
        let order = Order { columns, ..order };
        if let Some(known) = deposit.ordered.as_ref().filter(|known| known.of == *tried) {
            return self.start(&import, known, &order, now).await;
        }
        if deposit.current() != Some(tried) {
            return Ok(Err(OrderError::Overtaken));
        }
        if !import.is_trial() {
            return Ok(Err(OrderError::NotATrial));
        }
        match import.state {
            ImportState::Received | ImportState::Running => return Ok(Err(OrderError::Running)),
            ImportState::Failed if !order.dry_run => return Ok(Err(OrderError::Failed)),
            ImportState::Failed | ImportState::Done => {}
        }
        let ordered = Ordered { import: tried.after(), of: tried.clone(), order, by, at: now };
        if self.store.order(id, &ordered).await? {
            return self.start(&import, &ordered, &ordered.order, now).await;
        }
        // Somebody was quicker, perhaps with the same.
        let known = self.store.get(id).await?.and_then(|deposit| deposit.ordered);
        match known.filter(|known| known.of == *tried) {
            Some(known) => self.start(&import, &known, &ordered.order, now).await,
            None => Ok(Err(OrderError::Overtaken)),
        }
    }

    /// Keeps what the establishment calls its columns, beside what it said before of other labels,
    /// and orders the trial anew with that.
    ///
    /// Repeated after a crash, what was kept is kept again, and the order finds itself.
    pub async fn call_columns(
        &self,
        id: &str,
        deposit: &Deposit,
        tried: &ImportId,
        said: &Mapping,
        by: Sender,
        now: Timestamp,
    ) -> Result<Result<ImportId, OrderError>, StoreError> {
        let Some(columns) = self.imports.mapping(deposit.uai).await?.with(said) else {
            return Ok(Err(OrderError::TooManyColumns));
        };
        let order = Order { dry_run: true, cancellations: 0, columns: Some(columns.clone()) };
        let ordered = self.order(id, deposit, tried, order, by.clone(), now).await?;
        if ordered.is_ok() {
            self.imports.keep_mapping(deposit.uai, &columns, &by, now).await?;
        }
        Ok(ordered)
    }

    /// Keeps what was ordered as an import, and asks for it.
    async fn start(
        &self,
        tried: &Import,
        known: &Ordered,
        order: &Order,
        now: Timestamp,
    ) -> Result<Result<ImportId, OrderError>, StoreError> {
        if known.order != *order {
            return Ok(Err(OrderError::Overtaken));
        }
        self.imports.order(tried, order, now).await?;
        self.queue.go_on(&known.import, Duration::ZERO).await?;
        Ok(Ok(known.import.clone()))
    }
}
