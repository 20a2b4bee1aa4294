//! One S3 event, in order: each object that is ours is imported.

use aws_lambda_events::event::s3::S3Event;

use crate::context::Context;
use crate::import::{self, ImportError};
use crate::object::InboxObject;

/// Imports the objects of an event. An error means that the whole event is worth another try: Lambda retries it
/// twice and then sends it to the dead-letter queue; imports that ended before are passed over.
pub(crate) async fn handle(context: &Context, event: S3Event, owner: &str) -> Result<(), ImportError> {
    for record in &event.records {
        match InboxObject::of(record, &context.inbox) {
            Ok(object) => import::run(context, &object, owner)
                .await
                .inspect_err(|error| tracing::error!(%error, "import interrupted"))?,
            // Trying again would find the same event.
            Err(error) => tracing::error!(%error, "event passed over"),
        }
    }
    Ok(())
}
