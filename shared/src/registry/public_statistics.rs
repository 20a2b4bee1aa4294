//! Statistics as anybody may read them.
//!
//! | key of the statistics' bucket | |
//! |---|---|
//! | `public/quotidien.json` | the students of the day, to the nearest hundred ([`Daily`]) |
//! | `public/etats.json` | the dates of the frozen snapshots ([`Snapshots`]) |
//! | `snapshots/<date>/…` | the files of one |

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::presigning::PresigningConfig;
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{StoreError, objects};

/// What the keys of frozen snapshots begin with.
pub const FROZEN: &str = "snapshots/";
/// What the keys of the rest begin with.
pub const PUBLIC: &str = "public/";
/// The names of the two.
pub const DAILY: &str = "quotidien.json";
pub const SNAPSHOTS: &str = "etats.json";

/// How long a link to a file lasts.
const LINK_LIFETIME: Duration = Duration::from_mins(5);

/// How many students there are today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daily {
    pub date: Date,
    /// The academic year, `2026-2027`.
    pub rentree: String,
    /// To the nearest hundred.
    pub etudiants: i64,
    /// What it is rounded to, in a word.
    pub arrondi: String,
}

/// The frozen snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshots {
    /// Their dates, in order.
    pub etats: Vec<Date>,
}

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    File(Vec<u8>),
    /// It is larger than was asked for.
    Larger,
}

/// The public objects, read only.
#[derive(Debug, Clone)]
pub struct PublicStatistics {
    client: Client,
    bucket: String,
}

impl PublicStatistics {
    /// Those of that bucket.
    #[must_use]
    pub fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    /// The students of the day; `None` before the first night.
    pub async fn daily(&self) -> Result<Option<Daily>, StoreError> {
        self.public(DAILY).await
    }

    /// The frozen snapshots, as of the last night or the last one.
    pub async fn snapshots(&self) -> Result<Snapshots, StoreError> {
        Ok(self.public(SNAPSHOTS).await?.unwrap_or_default())
    }

    /// A file of a snapshot, if it is there; its content if that has `most` bytes at most.
    pub async fn file(
        &self,
        date: Date,
        name: &str,
        most: usize,
    ) -> Result<Option<Found>, StoreError> {
        let Some(object) = objects::found(self.of_snapshot(date, name)).await? else {
            return Ok(None);
        };
        let length = object.content_length.and_then(|length| usize::try_from(length).ok());
        if length.is_none_or(|length| length > most) {
            return Ok(Some(Found::Larger));
        }
        objects::bytes(object.body).await.map(|content| Some(Found::File(content)))
    }

    /// A link to a file, that S3 itself answers.
    pub async fn link(&self, date: Date, name: &str) -> Result<String, StoreError> {
        let unsigned = || StoreError::refused("s3 signing", "unsigned");
        let lifetime = PresigningConfig::expires_in(LINK_LIFETIME).map_err(|_| unsigned())?;
        let request = self.of_snapshot(date, name).presigned(lifetime).await;
        Ok(request.map_err(|_| unsigned())?.uri().to_owned())
    }

    fn of_snapshot(&self, date: Date, name: &str) -> GetObjectFluentBuilder {
        self.client.get_object().bucket(&self.bucket).key(format!("{FROZEN}{date}/{name}"))
    }

    async fn public<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let get = self.client.get_object().bucket(&self.bucket).key(format!("{PUBLIC}{name}"));
        let Some(content) = objects::content(get).await? else { return Ok(None) };
        let read = serde_json::from_slice(&content);
        read.map(Some).map_err(|_| StoreError::shape("s3 GetObject"))
    }
}
