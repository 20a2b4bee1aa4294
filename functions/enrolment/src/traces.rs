//! Who read the findings of a file, in the access log: before the answer, and without it there is
//! none. Statements leave traces of their own ([`shared::statements`]).

use shared::access::route::Route;
use shared::audit::{Action, Disclosure, Request};
use shared::registry::StoreError;
use shared::registry::imports::ImportId;

use crate::caller::Caller;
use crate::context::Context;
use crate::handler::RequestContext;

/// A page of findings is about to be told: one trace for all of it, under the file whose rows they
/// are about.
pub(crate) async fn of_findings(
    context: &Context,
    caller: &Caller,
    request_context: &RequestContext,
    import: &ImportId,
) -> Result<(), StoreError> {
    let told = Disclosure { import: Some(import.as_str().to_owned()), ..Disclosure::default() };
    let request = Request {
        uid: &request_context.uid,
        at: request_context.now,
        client: Some(&caller.client.client_id),
        depositor: Some(caller.depositor.establishment().uai),
        route: Route::Deposit,
        action: Action::FindingsRead,
        caller: None,
        recipient: None,
    };
    context.statements.traces.write(&request, &[told]).await
}
