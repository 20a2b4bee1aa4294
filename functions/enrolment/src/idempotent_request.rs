//! An `Idempotency-Key` is answered request: whoever asks again within a day is told the same, and
//! nothing is done again.
//!
//! Only what was done is kept. A refusal that did nothing is forgotten, so that the same key may
//! bring a better body; a failure halfway is released, so that the next attempt goes on at once,
//! under the time of the first (see [`shared::registry::idempotency`]). A crash leaves the key in
//! progress until no invocation can be at it any more.

use jiff::Timestamp;
use lambda_http::Request;
use shared::registry::idempotency::{Answered, Begun, Operation};
use shared::statements::{VersionStamp, Way};

use crate::caller::Caller;
use crate::context::Context;
use crate::refusal::{ApiError, Refusal};

/// Characters of a key at most.
const LONGEST: usize = 255;

/// A request that may be repeated.
#[derive(Debug)]
pub(crate) struct IdempotentRequest {
    operation: Option<Operation>,
    /// When what it says was first said.
    pub(crate) moment: VersionStamp,
}

/// Whether there is something to do.
pub(crate) enum Start {
    /// There is.
    Do(IdempotentRequest),
    /// It was done: this is what was answered.
    Done(Answered),
}

/// What a request came to.
#[derive(Debug)]
pub(crate) enum RequestOutcome {
    /// All that could be done.
    Done(Answered),
    /// Something of it is worth another try later.
    Partly(Answered),
}

impl IdempotentRequest {
    /// Begins a request, under its key if it has one.
    pub(crate) async fn begin(
        context: &Context,
        caller: &Caller,
        endpoint: &str,
        request: &Request,
        now: Timestamp,
    ) -> Result<Start, ApiError> {
        let Some(key) = request.headers().get("idempotency-key") else {
            return Ok(Start::Do(Self {
                operation: None,
                moment: VersionStamp::of_request(now, Way::Push),
            }));
        };
        let key = key.to_str().unwrap_or_default().trim();
        if key.is_empty() || key.len() > LONGEST {
            return Err(Refusal::Invalid(
                "Idempotency-Key : de 1 à 255 caractères ASCII".to_owned(),
            )
            .into());
        }
        let body: &[u8] = request.body().as_ref();
        let operation = Operation::new(
            &context.statements.keys.record,
            &caller.client.client_id,
            endpoint,
            key,
            body,
        );
        match context.idempotency.begin(&operation, now).await? {
            Begun::Ours { since } => {
                let moment = VersionStamp::of_first_attempt(since, operation.sequence());
                Ok(Start::Do(Self { operation: Some(operation), moment }))
            }
            Begun::Completed(answered) => Ok(Start::Done(answered)),
            Begun::InProgress => Err(Refusal::InProgress.into()),
            Begun::Mismatch => Err(Refusal::KeyReused.into()),
        }
    }

    /// Ends it as [`IdempotentRequest::end`] does, unless some of it is worth another try: then the
    /// key may be used again.
    pub(crate) async fn end_with(
        self,
        context: &Context,
        result: Result<RequestOutcome, ApiError>,
    ) -> Result<Answered, ApiError> {
        match result {
            Ok(RequestOutcome::Done(answered)) => self.end(context, Ok(answered)).await,
            Err(refusal) => self.end(context, Err(refusal)).await,
            Ok(RequestOutcome::Partly(answered)) => {
                self.release(context).await;
                Ok(answered)
            }
        }
    }

    /// Lets the key be used again, under the time of this attempt: what it did is then done again,
    /// and says the same.
    async fn release(self, context: &Context) {
        let Some(operation) = self.operation else { return };
        if let Err(error) = context.idempotency.release(&operation).await {
            tracing::warn!(%error, "idempotency key not ended");
        }
    }

    /// Ends it: keeps the answer, or lets the key be used again. The answer is given even if it
    /// can't be kept: it is true, and whoever repeats the request will have the statements stored
    /// again, which changes nothing.
    pub(crate) async fn end(
        self,
        context: &Context,
        result: Result<Answered, ApiError>,
    ) -> Result<Answered, ApiError> {
        let Some(operation) = self.operation else { return result };
        let kept = match &result {
            Ok(answered) => context.idempotency.complete(&operation, answered).await,
            Err(ApiError::Unavailable(_)) => context.idempotency.release(&operation).await,
            Err(_) => context.idempotency.forget(&operation).await,
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "idempotency key not ended");
        }
        result
    }
}
