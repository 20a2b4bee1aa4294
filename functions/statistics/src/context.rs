//! What lives as long as the process.

use shared::config::{self, ConfigError};
use shared::registry::answers::AnswerStore;

/// Stores and settings.
pub(crate) struct Context {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) answers: AnswerStore,
    pub(crate) bucket: String,
    /// Counts below it are suppressed.
    pub(crate) threshold: u64,
    /// Parts of the table that are scanned side by side.
    pub(crate) segments: i32,
}

impl Context {
    pub(crate) async fn from_env() -> Result<Self, ConfigError> {
        let aws = config::aws().await;
        let students = config::variable("STUDENTS_TABLE")?;
        Ok(Self {
            s3: config::s3(&aws),
            // Statistics never look anybody up, so they have no right to the blocks.
            answers: AnswerStore::new(aws_sdk_dynamodb::Client::new(&aws), students, String::new()),
            bucket: config::variable("STATISTICS_BUCKET")?,
            threshold: config::variable("SUPPRESSION_THRESHOLD")?,
            segments: config::variable("SCAN_SEGMENTS")?,
        })
    }
}
