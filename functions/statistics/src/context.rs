//! What lives as long as the process.

use shared::audit::AccessLog;
use shared::config::{self, ConfigError};
use shared::registry::answers::AnswerStore;
use shared::registry::clients::ClientStore;
use shared::registry::establishments::EstablishmentStore;
use shared::registry::imports::ImportStore;
use shared::registry::records::RecordStore;
use shared::registry::reviews::ReviewStore;

use crate::counting::tasks::Tasks;
use crate::store::SnapshotStore;
use crate::tables::shape::Thresholds;

/// The threshold of what tells the sex, the age or the place of birth, unless the other is higher.
const PERSONAL: i64 = 11;

/// Stores and settings.
pub struct Context {
    pub(crate) snapshots: SnapshotStore,
    pub(crate) tasks: Tasks,
    pub(crate) answers: AnswerStore,
    pub(crate) establishments: EstablishmentStore,
    pub(crate) records: RecordStore,
    pub(crate) reviews: ReviewStore,
    pub(crate) imports: ImportStore,
    pub(crate) clients: ClientStore,
    pub(crate) traces: AccessLog,
    pub(crate) thresholds: Thresholds,
    /// How the MEFSTAT11 of a CPGE begins.
    pub(crate) cpge_prefixes: Vec<String>,
    /// The address that frozen snapshots are published below, with its last slash; empty where there
    /// is none.
    pub(crate) site: String,
    /// Parts that each table is read in, side by side.
    pub(crate) segments: i32,
}

impl Context {
    /// The settings of the environment, and clients for them.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let aws = config::aws().await;
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let students = config::variable("STUDENTS_TABLE")?;
        let plain: i64 = config::variable("SUPPRESSION_THRESHOLD")?;
        let cpge: String = config::variable("CPGE_MEFSTAT_PREFIXES")?;
        let cpge = cpge.split(',').map(str::trim).filter(|prefix| !prefix.is_empty());
        Ok(Self {
            snapshots: SnapshotStore::new(config::s3(&aws), config::variable("STATISTICS_BUCKET")?),
            tasks: Tasks::new(aws_sdk_sqs::Client::new(&aws), config::variable("TASKS_QUEUE_URL")?),
            establishments: EstablishmentStore::new(
                dynamodb.clone(),
                config::variable("ESTABLISHMENTS_TABLE")?,
            ),
            records: RecordStore::new(dynamodb.clone(), config::variable("RECORDS_TABLE")?),
            reviews: ReviewStore::new(dynamodb.clone(), config::variable("REVIEWS_TABLE")?),
            imports: ImportStore::new(dynamodb.clone(), config::variable("IMPORTS_TABLE")?),
            clients: ClientStore::new(dynamodb.clone(), config::variable("CLIENTS_TABLE")?),
            // Nothing is traced here: nobody is read of.
            traces: AccessLog::new(dynamodb.clone(), config::variable("ACCESS_LOG_TABLE")?, 0),
            // Statistics never look anybody up, so they have no right to the blocks.
            answers: AnswerStore::new(dynamodb, students, String::new()),
            thresholds: Thresholds { plain, personal: plain.max(PERSONAL) },
            cpge_prefixes: cpge.map(str::to_owned).collect(),
            site: config::variable("STATISTICS_URL")?,
            segments: config::variable("SCAN_SEGMENTS")?,
        })
    }

    /// Where frozen snapshots are published, if that is known.
    pub(crate) fn site(&self) -> Option<&str> {
        Some(self.site.as_str()).filter(|site| !site.is_empty())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use aws_config::SdkConfig;

    use super::*;

    /// That of the tests.
    pub(crate) fn context(aws: &SdkConfig) -> Context {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        Context {
            snapshots: SnapshotStore::new(config::s3(aws), "statistics".to_owned()),
            tasks: Tasks::new(
                aws_sdk_sqs::Client::new(aws),
                "https://sqs.eu-west-3.amazonaws.com/1/statistics".to_owned(),
            ),
            establishments: EstablishmentStore::new(dynamodb.clone(), "establishments".to_owned()),
            records: RecordStore::new(dynamodb.clone(), "records".to_owned()),
            reviews: ReviewStore::new(dynamodb.clone(), "reviews".to_owned()),
            imports: ImportStore::new(dynamodb.clone(), "imports".to_owned()),
            clients: ClientStore::new(dynamodb.clone(), "clients".to_owned()),
            traces: AccessLog::new(dynamodb.clone(), "access_log".to_owned(), 0),
            answers: AnswerStore::new(dynamodb, "students".to_owned(), String::new()),
            thresholds: Thresholds { plain: 5, personal: PERSONAL },
            cpge_prefixes: Vec::new(),
            site: String::new(),
            segments: 4,
        }
    }
}
