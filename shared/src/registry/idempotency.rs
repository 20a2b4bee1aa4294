//! The table `idempotency`: what was answered to an `Idempotency-Key`, in the vocabulary of
//! Powertools for AWS Lambda.
//!
//! ```text
//! (none) ── begin ──► INPROGRESS ── complete ──► COMPLETED ── 24 h ──► (none)
//!                       │ ▲   └──── forget ────► (none)       nothing was done
//!                       └─┘ begin again, once `in_progress_until` is past: a crash, or a failure that was released
//! ```
//!
//! Whoever begins again goes on with the time of the first attempt, and so with its version: a
//! statement that is sent again late is as old as it was at first, and overrides nothing that was
//! said since.
//!
//! An answer repeats the INE and the birth date that it is about, as its contract wants, so it is
//! kept encrypted. The key is made of the request, its body included, under our secret: only
//! whoever asks the same again makes it again, and the table and the secret together tell nothing.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::keys::{Item, number, text};
use super::sealed::Seal;
use crate::identity::digest::DigestKey;

/// How long an answer is kept.
const KEPT_SECONDS: i64 = 24 * 60 * 60;
/// How long an attempt may take: no invocation outlives API Gateway's 29 seconds.
const LONGEST_ATTEMPT_MS: i64 = 30_000;
/// Others may begin or end between two of our attempts; beyond that many somebody is at it.
const ATTEMPTS: usize = 3;

/// What is asked to be done once.
pub struct Operation {
    id: String,
    validation: String,
    /// What its answer is encrypted with.
    seal: Seal,
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Operation {
    /// A client's key for a request, and the request's body.
    ///
    /// Both are keyed digests: a client may have made its key of an INE, and a body holds one.
    /// Neither is kept.
    #[must_use]
    pub fn new(
        key: &DigestKey,
        client_id: &str,
        endpoint: &str,
        idempotency_key: &str,
        body: &[u8],
    ) -> Self {
        let asked = [client_id.as_bytes(), endpoint.as_bytes(), idempotency_key.as_bytes()];
        let [client, endpoint, own] = asked;
        let seal = Seal::of(key, &[b"idempotency answer", client, endpoint, own, body]);
        Self {
            id: key.of(&[b"idempotency", client, endpoint, own]),
            validation: key.of(&[b"idempotency body", body]),
            seal,
        }
    }

    /// Encrypts an answer's body; `None` only if the system has no random numbers.
    fn sealed(&self, answered: &Answered) -> Option<Vec<u8>> {
        self.seal.close(&self.about(answered.code), answered.body.clone().into_bytes())
    }

    /// The answer again; `None` if it wasn't encrypted for this operation.
    fn opened(&self, code: u16, sealed: &[u8]) -> Option<Answered> {
        let body = self.seal.open(&self.about(code), sealed)?;
        Some(Answered { code, body: String::from_utf8(body).ok()? })
    }

    /// What an answer is bound to besides: one under another code is none.
    fn about(&self, code: u16) -> String {
        format!("{} {code}", self.id)
    }

    /// A text of hexadecimal digits that is this operation's own: it tells its statements from
    /// others of the same millisecond, the same at each attempt.
    #[must_use]
    pub fn sequence(&self) -> &str {
        self.id.rsplit('.').next().unwrap_or_default()
    }
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status.
    pub code: u16,
    /// The body, to the letter.
    pub body: String,
}

impl Answered {
    /// An answer in JSON.
    #[must_use]
    pub fn new(code: u16, body: &impl Serialize) -> Self {
        Self { code, body: serde_json::to_string(body).unwrap_or_default() }
    }
}

/// Where an operation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is ours to do.
    Ours {
        /// When it was first begun: now, or at an attempt that came to nothing.
        since: Timestamp,
    },
    /// It is done: this was answered.
    Completed(Answered),
    /// Another attempt is at it.
    InProgress,
    /// The key was used for another body.
    Mismatch,
}

#[derive(Debug, Deserialize)]
struct Stored {
    status: Status,
    validation: String,
    /// In milliseconds since 1970.
    since: i64,
    /// In milliseconds since 1970.
    in_progress_until: i64,
    /// Read apart: bytes are no JSON.
    #[serde(skip)]
    data: Option<Sealed>,
}

/// An answer as it is kept.
#[derive(Debug)]
struct Sealed {
    code: u16,
    body: Vec<u8>,
}

impl Sealed {
    fn of(item: &Item) -> Option<Self> {
        let data = item.get("data")?.as_m().ok()?;
        let code = data.get("code")?.as_n().ok()?.parse().ok()?;
        Some(Self { code, body: data.get("sealed")?.as_b().ok()?.as_ref().to_vec() })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Status {
    #[serde(rename = "INPROGRESS")]
    InProgress,
    #[serde(rename = "COMPLETED")]
    Completed,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::InProgress => "INPROGRESS",
            Self::Completed => "COMPLETED",
        }
    }
}

/// The table `idempotency`.
#[derive(Debug, Clone)]
pub struct IdempotencyStore {
    client: Client,
    table: String,
}

impl IdempotencyStore {
    const UPDATE: &'static str = "idempotency UpdateItem";

    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Begins an operation, unless it is done or in another's hands: one write, two after an
    /// attempt that came to nothing.
    pub async fn begin(&self, operation: &Operation, now: Timestamp) -> Result<Begun, StoreError> {
        for _ in 0..ATTEMPTS {
            // DynamoDB forgets in its own time, up to days late: what is over counts as forgotten.
            let Err(stored) = self
                .attempt(
                    self.update(operation, now)
                        .update_expression(
                            "SET #status = :in_progress, validation = :validation, since = :now, \
                             in_progress_until = :until, expires_at = :expires REMOVE #data",
                        )
                        .condition_expression("attribute_not_exists(id) OR expires_at <= :seconds")
                        .expression_attribute_names("#data", "data")
                        .expression_attribute_values(":validation", text(&operation.validation))
                        .expression_attribute_values(":now", number(now.as_millisecond()))
                        .expression_attribute_values(":seconds", number(now.as_second()))
                        .expression_attribute_values(
                            ":expires",
                            number(now.as_second() + KEPT_SECONDS),
                        ),
                )
                .await?
            else {
                return Ok(Begun::Ours { since: now });
            };
            // Forgotten between the condition and the answer to it: begin anew.
            let Some(stored) = stored else { continue };
            if stored.validation != operation.validation {
                return Ok(Begun::Mismatch);
            }
            let since = || {
                Timestamp::from_millisecond(stored.since)
                    .map_err(|_| StoreError::shape(Self::UPDATE))
            };
            if stored.status == Status::Completed {
                // What can't be read any more is said again, under the time of the first attempt:
                // nothing changes.
                let answered =
                    stored.data.as_ref().and_then(|data| operation.opened(data.code, &data.body));
                return Ok(match answered {
                    Some(answered) => Begun::Completed(answered),
                    None => Begun::Ours { since: since()? },
                });
            }
            if stored.in_progress_until > now.as_millisecond() {
                return Ok(Begun::InProgress);
            }
            let taken_over = self
                .attempt(
                    self.update(operation, now)
                        .update_expression("SET in_progress_until = :until")
                        .condition_expression(
                            "#status = :in_progress AND in_progress_until = :before",
                        )
                        .expression_attribute_values(":before", number(stored.in_progress_until)),
                )
                .await?;
            if taken_over.is_ok() {
                return Ok(Begun::Ours { since: since()? });
            }
        }
        Ok(Begun::InProgress)
    }

    /// Keeps the answer, for whoever asks again.
    pub async fn complete(
        &self,
        operation: &Operation,
        answered: &Answered,
    ) -> Result<(), StoreError> {
        let sealed = operation.sealed(answered).ok_or_else(|| StoreError::shape(Self::UPDATE))?;
        let data = HashMap::from([
            ("code".to_owned(), number(answered.code)),
            ("sealed".to_owned(), AttributeValue::B(Blob::new(sealed))),
        ]);
        self.client
            .update_item()
            .table_name(&self.table)
            .key("id", text(&operation.id))
            .update_expression("SET #status = :completed, #data = :data")
            .condition_expression("validation = :validation")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#data", "data")
            .expression_attribute_values(":completed", text(Status::Completed.name()))
            .expression_attribute_values(":data", AttributeValue::M(data))
            .expression_attribute_values(":validation", text(&operation.validation))
            .send()
            .await
            .map_err(|error| StoreError::new(Self::UPDATE, &error))?;
        Ok(())
    }

    /// Lets the next attempt begin at once: this one failed halfway.
    pub async fn release(&self, operation: &Operation) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("id", text(&operation.id))
            .update_expression("SET in_progress_until = :now")
            .condition_expression("#status = :in_progress AND validation = :validation")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":in_progress", text(Status::InProgress.name()))
            .expression_attribute_values(":now", number(0))
            .expression_attribute_values(":validation", text(&operation.validation))
            .send()
            .await
            .map_err(|error| StoreError::new(Self::UPDATE, &error))?;
        Ok(())
    }

    /// Forgets an operation that did nothing: its key may be used again, for a body that is better.
    pub async fn forget(&self, operation: &Operation) -> Result<(), StoreError> {
        let result = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("id", text(&operation.id))
            .condition_expression("#status = :in_progress AND validation = :validation")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":in_progress", text(Status::InProgress.name()))
            .expression_attribute_values(":validation", text(&operation.validation))
            .send()
            .await;
        match result {
            // Another attempt has ended it meanwhile: what it answered stands.
            Err(error)
                if !error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Err(StoreError::new("idempotency DeleteItem", &error))
            }
            _ => Ok(()),
        }
    }

    fn update(&self, operation: &Operation, now: Timestamp) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("id", text(&operation.id))
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":in_progress", text(Status::InProgress.name()))
            .expression_attribute_values(
                ":until",
                number(now.as_millisecond() + LONGEST_ATTEMPT_MS),
            )
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// Sends an update; the inner error is what is stored when its condition doesn't hold.
    async fn attempt(
        &self,
        update: UpdateItemFluentBuilder,
    ) -> Result<Result<(), Option<Stored>>, StoreError> {
        match update.send().await {
            Ok(_) => Ok(Ok(())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Err(stored(failed.item.clone())?))
                }
                _ => Err(StoreError::new(Self::UPDATE, &error)),
            },
        }
    }
}

fn stored(item: Option<Item>) -> Result<Option<Stored>, StoreError> {
    let Some(mut item) = item.filter(|item| !item.is_empty()) else { return Ok(None) };
    let data = Sealed::of(&item);
    item.remove("data");
    let stored: Stored =
        serde_dynamo::from_item(item).map_err(|_| StoreError::shape(IdempotencyStore::UPDATE))?;
    Ok(Some(Stored { data, ..stored }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_key_or_a_body_is_kept() {
        let key = DigestKey::new("1".into(), "records".to_owned().into());
        let of =
            |client, endpoint, own, body: &[u8]| Operation::new(&key, client, endpoint, own, body);
        let operation = of("client", "inscription", "070578267KH", b"{}");
        assert!(!format!("{operation:?}").contains("070578267KH"));
        let again = of("client", "inscription", "070578267KH", b"{}");
        assert_eq!((&operation.id, &operation.validation), (&again.id, &again.validation));
        for other in [
            of("client2", "inscription", "070578267KH", b"{}"),
            of("client", "lot", "070578267KH", b"{}"),
            of("client", "inscription", "070578267K", b"{}"),
        ] {
            assert_ne!(operation.id, other.id);
        }
        let another_body = of("client", "inscription", "070578267KH", b"{ }");
        assert_eq!(operation.id, another_body.id);
        assert_ne!(operation.validation, another_body.validation);
        assert_eq!(operation.sequence().len(), 32);
    }

    #[test]
    fn an_answer_is_read_again_by_whoever_asks_the_same_again() {
        let key = DigestKey::new("1".into(), "records".to_owned().into());
        let of = |own: &str, body: &[u8]| Operation::new(&key, "client", "inscription", own, body);
        let answered = Answered { code: 200, body: r#"{"ine":"070578267KH"}"#.to_owned() };
        let sealed = of("k", b"{}").sealed(&answered).unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("070578267KH"));
        assert_ne!(
            of("k", b"{}").sealed(&answered).unwrap(),
            sealed,
            "each time under another nonce"
        );
        assert_eq!(of("k", b"{}").opened(200, &sealed), Some(answered));
        assert_eq!(of("k", b"{}").opened(201, &sealed), None);
        assert_eq!(of("k2", b"{}").opened(200, &sealed), None);
        assert_eq!(of("k", b"{ }").opened(200, &sealed), None);
        assert_eq!(of("k", b"{}").opened(200, &sealed[..8]), None);
    }
}
