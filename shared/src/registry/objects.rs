//! Objects of S3 as documents that are there or not.

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;

use super::StoreError;

const OPERATION: &str = "s3 GetObject";

/// The object that is asked for; `None` where there is none. Without the right to list its bucket
/// S3 says that it is forbidden, which is an error.
pub async fn found(get: GetObjectFluentBuilder) -> Result<Option<GetObjectOutput>, StoreError> {
    // The SDK's calls are large futures, nested deeper than callers have room for.
    match Box::pin(get.send()).await {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.code() == Some("NoSuchKey") => Ok(None),
        Err(error) => Err(StoreError::new(OPERATION, &error)),
    }
}

/// A body to its end.
pub async fn bytes(body: ByteStream) -> Result<Vec<u8>, StoreError> {
    let body = body.collect().await.map_err(|_| StoreError::timeout(OPERATION))?;
    Ok(body.to_vec())
}

/// The content of the object that is asked for, if there is one.
pub async fn content(get: GetObjectFluentBuilder) -> Result<Option<Vec<u8>>, StoreError> {
    match found(get).await? {
        Some(object) => bytes(object.body).await.map(Some),
        None => Ok(None),
    }
}
