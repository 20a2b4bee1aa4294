//! What each establishment is told of the quality of what it sends, as statistics made it last.
//!
//! One object for each, `interne/etablissements/<UAI>.json` of the statistics' bucket
//! ([`Quality`](crate::contract::quality::Quality)).

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;

use super::StoreError;
use crate::domain::uai::Uai;

/// What the keys begin with.
pub const PREFIX: &str = "interne/etablissements/";

/// The objects, read only.
#[derive(Debug, Clone)]
pub struct OwnQuality {
    client: Client,
    bucket: String,
}

impl OwnQuality {
    /// Those of that bucket.
    #[must_use]
    pub fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    /// The latest, as JSON; `None` before statistics first counted it.
    pub async fn of(&self, uai: Uai) -> Result<Option<String>, StoreError> {
        const OPERATION: &str = "s3 GetObject";
        let key = format!("{PREFIX}{uai}.json");
        let sent = self.client.get_object().bucket(&self.bucket).key(key).send().await;
        let object = match sent {
            Ok(object) => object,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(StoreError::new(OPERATION, &error)),
        };
        let body = object.body.collect().await.map_err(|_| StoreError::shape(OPERATION))?;
        String::from_utf8(body.to_vec()).map(Some).map_err(|_| StoreError::shape(OPERATION))
    }
}
