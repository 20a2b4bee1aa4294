//! What lives as long as the process.

use shared::config::{self, ConfigError};
use shared::identity::digest::IdentityKeys;
use shared::registry::records::RecordStore;
use shared::registry::students::StudentStore;

/// Stores and keys.
pub(crate) struct Context {
    pub(crate) keys: IdentityKeys,
    pub(crate) records: RecordStore,
    pub(crate) students: StudentStore,
}

impl Context {
    pub(crate) async fn from_env() -> Result<Self, ConfigError> {
        let aws = config::aws().await;
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let secrets = aws_sdk_secretsmanager::Client::new(&aws);
        Ok(Self {
            keys: config::identity_keys(&secrets).await?,
            records: RecordStore::new(dynamodb.clone(), config::variable("RECORDS_TABLE")?),
            students: StudentStore::new(
                dynamodb,
                config::variable("STUDENTS_TABLE")?,
                config::variable("POSTINGS_TABLE")?,
            ),
        })
    }
}
