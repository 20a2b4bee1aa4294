//! One import: claim → read, check and store the rows → note whose feed came → report → end.
//!
//! A crash between any two of these leaves the import claimed by this invocation. Lambda retries the event, and the
//! retry takes the import up again from the first row, once the lease is over if it comes under another request
//! id: rows stored before are recognised by their version, the report is put under the same key, and only the end
//! is final.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;
use lambda_runtime::Diagnostic;
use shared::domain::uai::Uai;
use shared::files::reader::Depositor;
use shared::files::report::{Counts, Ending, Tally};
use shared::files::row::Outcome;
use shared::identity::digest::RecordId;
use shared::identity::student::RecordVersion;
use shared::registry::StoreError;
use shared::registry::imports::{Arrival, Claim, ImportId, LEASE, ProgressError};
use shared::registry::records::NewRecord;

use crate::context::Context;
use crate::object::InboxObject;
use crate::rows::{self, Batch, Stopped};
use crate::writer::Writer;

/// How often progress is told, and the lease renewed.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// How long to wait before asking again for an import that is in another's hands.
const CLAIM_AGAIN: Duration = Duration::from_secs(2);

/// The infrastructure failed: the event is worth another try.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Progress(#[from] ProgressError),
    #[error("reading the object was interrupted")]
    Interrupted,
    #[error("another invocation has the import in hand")]
    InHand,
}

impl From<ImportError> for Diagnostic {
    /// One stable type for alarms to filter on: whatever reaches Lambda is retried.
    fn from(error: ImportError) -> Self {
        Self { error_type: "Retryable".to_owned(), error_message: error.to_string() }
    }
}

/// The file is at fault: the import ends as failed, with a reason for the establishment.
struct Unreadable(String);

/// Carries out the import of one object version, if nobody has.
pub(crate) async fn run(context: &Context, object: &InboxObject, owner: &str) -> Result<(), ImportError> {
    let started = Instant::now();
    let id = ImportId::of(&object.bucket, &object.key, &object.version_id);
    let uai = object.depositor();
    let arrival = Arrival { object_key: &object.key, version_id: &object.version_id, bytes: object.bytes, uai };
    if !claimed(context, &id, owner, &arrival).await? {
        tracing::info!(import = id.as_str(), "import ended before, nothing to do");
        return Ok(());
    }

    let import = Import { context, id: &id, owner };
    let mut tally = Tally::default();
    let mut fed = BTreeSet::new();
    let failure = match import.read(object, &mut tally, &mut fed).await? {
        Ok(()) => None,
        Err(Unreadable(reason)) => Some(reason),
    };
    for uai in fed {
        context.establishments.note_feed(uai, Timestamp::now()).await?;
    }
    let uai = uai.map_or_else(|| "inconnu".to_owned(), |uai| uai.to_string());
    let ending = failure.as_deref().map_or(Ending::Done, Ending::Failed);
    let report_key = import.put_report(&uai, &tally, ending).await?;
    let counts = tally.counts();
    context.imports.finish(&id, owner, counts, &report_key, failure.as_deref(), Timestamp::now()).await?;

    let Counts { read, accepted, superseded, rejected, .. } = counts;
    tracing::info!(
        import = id.as_str(),
        uai,
        outcome = if failure.is_some() { "failed" } else { "done" },
        read,
        accepted,
        superseded,
        rejected,
        bytes = object.bytes,
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "import ended"
    );
    Ok(())
}

/// Takes the import; `false` when it has ended.
///
/// While another invocation has it, this one waits until that one has ended, or has been silent long enough to be
/// taken for dead. If it is alive after all, the event comes back later: acknowledging it would lose the file, should
/// the other die now.
async fn claimed(context: &Context, id: &ImportId, owner: &str, arrival: &Arrival<'_>) -> Result<bool, ImportError> {
    let started = Instant::now();
    loop {
        match context.imports.claim(id, owner, arrival, Timestamp::now()).await? {
            Claim::Taken => return Ok(true),
            Claim::Ended => return Ok(false),
            Claim::Busy if started.elapsed() > LEASE + CLAIM_AGAIN => return Err(ImportError::InHand),
            Claim::Busy => tokio::time::sleep(CLAIM_AGAIN).await,
        }
    }
}

struct Import<'a> {
    context: &'a Context,
    id: &'a ImportId,
    owner: &'a str,
}

impl Import<'_> {
    /// Reads the file to its end, and says whose enrolments were accepted. The outer error is ours, the inner one the
    /// file's.
    async fn read(
        &self,
        object: &InboxObject,
        tally: &mut Tally,
        fed: &mut BTreeSet<Uai>,
    ) -> Result<Result<(), Unreadable>, ImportError> {
        let depositor = match self.depositor(object).await? {
            Ok(depositor) => Arc::new(depositor),
            Err(unreadable) => return Ok(Err(unreadable)),
        };
        let Some(file) = self.get(object).await? else {
            return Ok(Err(Unreadable("le fichier a été retiré avant d'être lu".to_owned())));
        };
        let last_modified = file
            .last_modified()
            .and_then(|time| Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).unwrap_or_default()).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let given = file.metadata().and_then(|metadata| metadata.get("date-extraction")).map(String::as_str);
        let extracted_at = object.extracted_at(given, last_modified);

        self.progress(tally, 0).await?;
        let mut told = Instant::now();
        let context = self.context;
        let mut writer = Writer::new(context.records.clone(), context.sqs.clone(), context.identity_queue.clone());
        let mut batches = rows::stream(file.body, depositor);
        while let Some(batch) = batches.recv().await {
            let batch = match batch {
                Ok(batch) => batch,
                Err(Stopped::Interrupted) => return Err(ImportError::Interrupted),
                Err(Stopped::Unreadable(error)) => return Ok(Err(Unreadable(error.to_string()))),
            };
            let bytes_read = batch.bytes_read;
            let records = self.sort(batch, extracted_at, tally);
            fed.extend(records.iter().map(|record| record.declaration.inscription.uai));
            tally.supersede(writer.write(records).await?);
            if told.elapsed() >= PROGRESS_EVERY {
                self.progress(tally, bytes_read).await?;
                told = Instant::now();
            }
        }
        tally.supersede(writer.finish().await?);
        Ok(Ok(()))
    }

    async fn depositor(&self, object: &InboxObject) -> Result<Result<Depositor, Unreadable>, StoreError> {
        let Some(uai) = object.depositor() else {
            let reason = "le dossier de dépôt n'est pas une UAI : le fichier doit être déposé sous <UAI>/<nom>.csv";
            return Ok(Err(Unreadable(reason.to_owned())));
        };
        if !object.is_csv() {
            return Ok(Err(Unreadable("seuls les fichiers .csv sont lus".to_owned())));
        }
        let depositor = self.context.establishments.depositor(uai).await?;
        Ok(depositor.ok_or_else(|| Unreadable("l'établissement déposant n'est pas enregistré".to_owned())))
    }

    /// The object, in exactly the version of the event; `None` when it is gone.
    async fn get(&self, object: &InboxObject) -> Result<Option<GetObjectOutput>, StoreError> {
        let result = self
            .context
            .s3
            .get_object()
            .bucket(&object.bucket)
            .key(&object.key)
            .version_id(&object.version_id)
            .send()
            .await;
        match result {
            Ok(output) => Ok(Some(output)),
            Err(error) => {
                let gone = error
                    .as_service_error()
                    .and_then(aws_sdk_s3::error::ProvideErrorMetadata::code)
                    .is_some_and(|code| matches!(code, "NoSuchKey" | "NoSuchVersion" | "MethodNotAllowed"));
                if gone { Ok(None) } else { Err(StoreError::new("s3 GetObject", &error)) }
            }
        }
    }

    /// Counts the rows of a batch, and makes records of the accepted ones.
    fn sort(&self, batch: Batch, extracted_at: Timestamp, tally: &mut Tally) -> Vec<NewRecord> {
        let mut records = Vec::with_capacity(batch.rows.len());
        for row in batch.rows {
            match row.outcome {
                Outcome::Accepted { declaration, warnings } => {
                    tally.accept(row.line, &warnings);
                    records.push(NewRecord {
                        id: RecordId::of(&self.context.record_key, &declaration),
                        version: RecordVersion::new(extracted_at, "", self.id.as_str(), row.line),
                        declaration,
                    });
                }
                Outcome::Rejected { problems, .. } => tally.reject(row.line, &problems),
            }
        }
        records
    }

    async fn progress(&self, tally: &Tally, bytes_read: u64) -> Result<(), ProgressError> {
        self.context.imports.progress(self.id, self.owner, tally.counts(), bytes_read, Timestamp::now()).await
    }

    /// Puts the report where it belongs, twice the same if done twice.
    async fn put_report(&self, uai: &str, tally: &Tally, ending: Ending<'_>) -> Result<String, StoreError> {
        const OPERATION: &str = "s3 PutObject";
        let key = format!("{uai}/{}/rapport.json", self.id.as_str());
        let report = tally.report(self.id.as_str(), uai, ending);
        let body = serde_json::to_vec_pretty(&report).map_err(|_| StoreError::shape(OPERATION))?;
        self.context
            .s3
            .put_object()
            .bucket(&self.context.reports)
            .key(&key)
            .content_type("application/json; charset=utf-8")
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        Ok(key)
    }
}
