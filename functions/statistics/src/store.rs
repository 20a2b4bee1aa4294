//! Where snapshots are kept.
//!
//! | key | |
//! |---|---|
//! | `snapshots/<date>/…` | a frozen snapshot: written once; without its manifest it is none |
//! | `interne/<date>/…` | the tables of a day, what was met on the way, quality and use: never public |
//! | `interne/etablissements/<UAI>.json` | the latest quality of what an establishment sent, for itself |
//! | `interne/comptages/<id>/…` | what a count came to, step by step ([`crate::counting`]): for days, and never public |
//! | `interne/parcours/<date>/…` | where each student of a frozen snapshot was counted, until a year later: never public |
//! | `public/quotidien.json` | the national total of the day, rounded |
//! | `public/etats.json` | the dates of the frozen snapshots |

use std::collections::{BTreeSet, HashMap};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use jiff::civil::Date;
use shared::registry::{StoreError, objects};

use crate::outputs::{File, MANIFEST};

/// Where frozen snapshots are.
pub use shared::registry::public_statistics::FROZEN;
/// Where the tables of a day are.
pub const INTERNAL: &str = "interne/";
/// Where what counts came to is.
pub(crate) const COUNTS: &str = "interne/comptages/";
/// Where it is kept where students were counted.
pub(crate) const WHEREABOUTS: &str = "interne/parcours/";

/// Where what each establishment is told of its quality is.
pub use shared::registry::own_quality::PREFIX as OWN_QUALITY;

/// The bucket of statistics.
#[derive(Debug, Clone)]
pub struct SnapshotStore {
    client: Client,
    bucket: String,
}

impl SnapshotStore {
    #[must_use]
    pub fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Writes an object, in place of one that is there.
    pub async fn put(&self, prefix: &str, file: &File) -> Result<(), StoreError> {
        let put = self.client.put_object().bucket(&self.bucket);
        put.key(format!("{prefix}{}", file.name))
            .content_type(file.media_type)
            .body(ByteStream::from(file.content.clone()))
            .send()
            .await
            .map_err(|error| StoreError::new("s3 PutObject", &error))?;
        Ok(())
    }

    /// Writes an object where there is none; false where there is one.
    pub async fn put_new(&self, prefix: &str, file: &File) -> Result<bool, StoreError> {
        let put = self.client.put_object().bucket(&self.bucket);
        let sent = put
            .key(format!("{prefix}{}", file.name))
            .content_type(file.media_type)
            .if_none_match("*")
            .body(ByteStream::from(file.content.clone()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(false),
            Err(error) => Err(StoreError::new("s3 PutObject", &error)),
        }
    }

    /// An object, if there is one.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        objects::content(self.client.get_object().bucket(&self.bucket).key(key)).await
    }

    /// The dates of the frozen snapshots that have a manifest, in order.
    pub async fn frozen(&self) -> Result<Vec<Date>, StoreError> {
        let mut dates = Vec::new();
        for key in self.list(FROZEN).await? {
            let name = key.strip_prefix(FROZEN).and_then(|key| key.split_once('/'));
            if let Some((date, MANIFEST)) = name {
                dates.extend(date.parse::<Date>().ok());
            }
        }
        dates.sort_unstable();
        Ok(dates)
    }

    /// The keys that begin with a prefix.
    pub(crate) async fn list(&self, prefix: &str) -> Result<BTreeSet<String>, StoreError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let mut pages = list.into_paginator().send();
        let mut keys = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| StoreError::new("s3 ListObjectsV2", &error))?;
            keys.extend(
                page.contents().iter().filter_map(|object| object.key().map(str::to_owned)),
            );
        }
        Ok(keys)
    }

    /// Every file that a prefix has, by its name after the prefix.
    pub async fn files(
        &self,
        prefix: &str,
        names: impl Iterator<Item = &str>,
    ) -> Result<HashMap<String, Vec<u8>>, StoreError> {
        let mut files = HashMap::new();
        for name in names {
            if let Some(content) = self.get(&format!("{prefix}{name}")).await? {
                files.insert(name.to_owned(), content);
            }
        }
        Ok(files)
    }
}
