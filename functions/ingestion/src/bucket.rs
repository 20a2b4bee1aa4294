//! The inbox and the reports, in S3.

use std::fmt;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;
use shared::registry::StoreError;

use crate::object::extraction_date;

/// The two buckets.
#[derive(Debug)]
pub(crate) struct Buckets {
    s3: aws_sdk_s3::Client,
    inbox: String,
    reports: String,
}

impl Buckets {
    pub(crate) fn new(s3: aws_sdk_s3::Client, inbox: String, reports: String) -> Self {
        Self { s3, inbox, reports }
    }

    /// Opens exactly that version of an object of the inbox, from a byte on; `None` when it is
    /// gone.
    pub(crate) async fn open(
        &self,
        key: &str,
        version: &str,
        from: u64,
    ) -> Result<Option<Opened>, StoreError> {
        let request = self.s3.get_object().bucket(&self.inbox).key(key).version_id(version);
        let request = if from > 0 { request.range(format!("bytes={from}-")) } else { request };
        let output = match request.send().await {
            Ok(output) => output,
            Err(error) => {
                return match error.as_service_error().and_then(ProvideErrorMetadata::code) {
                    Some("NoSuchKey" | "NoSuchVersion" | "MethodNotAllowed") => Ok(None),
                    // There is nothing from there on.
                    Some("InvalidRange") => {
                        let chunks = Body { stream: ByteStream::default(), skip: 0 };
                        Ok(Some(Opened {
                            last_modified: Timestamp::UNIX_EPOCH,
                            extraction_date: None,
                            chunks,
                        }))
                    }
                    _ => Err(StoreError::new("s3 GetObject", &error)),
                };
            }
        };
        // The local platform's emulator answers a range of a version with the whole object.
        let skip = if output.content_range().is_some() { 0 } else { from };
        Ok(Some(Opened {
            last_modified: last_modified(&output),
            extraction_date: output.metadata().and_then(extraction_date).map(str::to_owned),
            chunks: Body { stream: output.body, skip },
        }))
    }

    /// Puts an object among the reports. Put twice, it is the same.
    pub(crate) async fn put(
        &self,
        key: &str,
        kind: &'static str,
        body: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.s3
            .put_object()
            .bucket(&self.reports)
            .key(key)
            .content_type(kind)
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(|error| StoreError::new("s3 PutObject", &error))?;
        Ok(())
    }

    /// An object of the reports.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        const OPERATION: &str = "s3 GetObject";
        match self.s3.get_object().bucket(&self.reports).key(key).send().await {
            Ok(output) => {
                let body =
                    output.body.collect().await.map_err(|_| StoreError::timeout(OPERATION))?;
                Ok(Some(body.to_vec()))
            }
            Err(error)
                if error.as_service_error().is_some_and(
                    aws_sdk_s3::operation::get_object::GetObjectError::is_no_such_key,
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(StoreError::new(OPERATION, &error)),
        }
    }
}

fn last_modified(output: &GetObjectOutput) -> Timestamp {
    output
        .last_modified()
        .and_then(|time| {
            Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).unwrap_or_default()).ok()
        })
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// An object that is being read.
#[derive(Debug)]
pub(crate) struct Opened {
    /// When it came, to the second.
    pub(crate) last_modified: Timestamp,
    /// Its metadata `date-extraction`: when the depositor says that what it holds was true.
    pub(crate) extraction_date: Option<String>,
    /// Its bytes.
    pub(crate) chunks: Body,
}

/// The bytes of an object, as they come.
pub(crate) struct Body {
    stream: ByteStream,
    /// Bytes that were not asked for and come all the same.
    skip: u64,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("skip", &self.skip).finish_non_exhaustive()
    }
}

impl Body {
    /// The next bytes; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        loop {
            let Some(bytes) = self.stream.next().await else { return Ok(None) };
            let bytes = bytes.map_err(|_| StoreError::timeout("s3 GetObject"))?;
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
            self.skip -= skipped as u64;
            if skipped < bytes.len() {
                return Ok(Some(bytes[skipped..].to_vec()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn open(status: u16, code: &'static str) -> Result<bool, StoreError> {
        let aws = fakes::aws::config(move |_| fakes::s3::refuse(status, code));
        let buckets =
            Buckets::new(aws_sdk_s3::Client::new(&aws), "inbox".to_owned(), "reports".to_owned());
        buckets.open("0751967F/rentree.csv", "v1", 0).await.map(|opened| opened.is_some())
    }

    /// The first is the file's end and the second ours: what is forbidden may be allowed tomorrow.
    /// S3 says the first only to who may list the bucket (`TellMissingFromForbidden` in
    /// `infra/ingestion.tf`), and the second of a version that is gone to anybody else.
    #[tokio::test]
    async fn a_version_that_is_gone_ends_its_import_and_one_that_is_forbidden_does_not() {
        assert!(!open(404, "NoSuchVersion").await.unwrap());
        assert!(!open(404, "NoSuchKey").await.unwrap());
        open(403, "AccessDenied").await.unwrap_err();
    }
}
