//! Who did what about whom, in the access log: before the answer, and without it there is none.
//!
//! A trace is kept under the enrolment, whose student may not be there yet, or be another one
//! tomorrow; one of a pair that nobody has, under the client. A request that comes twice leaves
//! two: both were made.

use super::{Checked, Sender, Statements};
use crate::access::route::Route;
use crate::audit::{Action, Disclosure, MOST_AT_ONCE, Request};
use crate::identity::digest::RecordId;
use crate::registry::StoreError;
use crate::registry::records::Record;

impl Statements {
    /// Enrolments were sent, and their pairs checked. One that wasn't looked up was answered nothing,
    /// and leaves none.
    ///
    /// A statement that is refused after its pair was checked names no record.
    pub async fn trace_sent<'a>(
        &self,
        sender: Sender<'_>,
        statements: impl IntoIterator<Item = (Vec<RecordId>, &'a Checked)>,
    ) -> Result<(), StoreError> {
        let mut told = Vec::new();
        for (records, checked) in statements {
            // Whom the register has under the pair was found, whatever becomes of the enrolment: it
            // stays found from there.
            match checked {
                Checked::Known(Some(student)) => {
                    told.push(Disclosure { student: Some(student.id), ..Disclosure::default() });
                }
                Checked::Nobody => told.push(Disclosure::default()),
                Checked::Known(None) | Checked::Unanswered | Checked::Beyond => {}
            }
            if matches!(checked, Checked::Known(_) | Checked::Unanswered) {
                told.extend(records.into_iter().map(|record| Disclosure {
                    record: Some(record),
                    enrolments: 1,
                    ..Disclosure::default()
                }));
            }
        }
        for some in told.chunks(MOST_AT_ONCE) {
            self.traces.write(&request(sender, Action::Sent), some).await?;
        }
        Ok(())
    }

    /// An enrolment was read, or is about to be cancelled.
    pub async fn trace_record(
        &self,
        sender: Sender<'_>,
        action: Action,
        record: &Record,
    ) -> Result<(), StoreError> {
        let told = Disclosure {
            student: record.student,
            record: Some(record.id.clone()),
            enrolments: 1,
            ..Disclosure::default()
        };
        self.traces.write(&request(sender, action), &[told]).await
    }
}

fn request(sender: Sender<'_>, action: Action) -> Request<'_> {
    Request {
        uid: sender.uid,
        at: sender.now,
        client: Some(sender.client),
        depositor: Some(sender.depositor.establishment().uai),
        route: Route::Enrolment,
        action,
        caller: None,
        recipient: None,
    }
}
