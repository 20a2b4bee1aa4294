//! What each establishment is told of the quality of what it sends, as statistics made it last.
//!
//! One object for each, `interne/etablissements/<UAI>.json` of the statistics' bucket
//! ([`Quality`](crate::contract::quality::Quality)).

use aws_sdk_s3::Client;

use super::{StoreError, objects};
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
        let key = format!("{PREFIX}{uai}.json");
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        let Some(content) = objects::content(get).await? else { return Ok(None) };
        String::from_utf8(content).map(Some).map_err(|_| StoreError::shape("s3 GetObject"))
    }
}
