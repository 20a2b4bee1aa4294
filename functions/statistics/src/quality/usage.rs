//! How often each client did what.

use jiff::civil::Date;
use shared::audit::Use;

use crate::context::Context;
use crate::handler::StatisticsError;

/// A client, what it did on the day, and how often.
pub(super) type Used = (String, Use, u64);

/// The use of a day (UTC) by each client that is registered, in the order of their ids.
pub(super) async fn of(context: &Context, day: Date) -> Result<Vec<Used>, StatisticsError> {
    let mut all = Vec::new();
    for client in context.clients.ids().await? {
        let uses = context.traces.use_of(&client, day).await?;
        all.extend(uses.into_iter().map(|(one, times)| (client.clone(), one, times)));
    }
    Ok(all)
}
