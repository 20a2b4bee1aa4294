//! Which INE a person has, by civil identity: told only of somebody certain (see
//! `identity::engine::lookup`).

use shared::contract::ines::Identity;
use shared::identity::engine::lookup::Answer as Found;
use shared::identity::engine::person::Person;
use shared::registry::StoreError;
use shared::registry::postings::Consistency;

use crate::answer::{About, Answer};
use crate::context::Context;
use crate::person;
use crate::refusal::{ApiError, Refusal};
use crate::situation::Situation;

/// Tells the INE of the only person that an identity means.
pub(crate) async fn search(context: &Context, question: &Identity) -> Result<Answer, ApiError> {
    let identity = person::read(question)?;
    let situation = Situation::observe(context, &identity, Consistency::Eventual).await?;
    let holder = match situation.resembling().find(&Person::of(&identity, None)) {
        Found::Found(holder) => holder,
        Found::Ambiguous => return Err(Refusal::Ambiguous.into()),
        Found::None => return Err(Refusal::NobodyFound.into()),
    };
    let master = context.store.registration(&holder).await?;
    let master = master.ok_or_else(|| StoreError::shape("ines GetItem"))?;
    // The buckets may be older than an attachment.
    let master = crate::verification::master_of(context, &master).await?;
    let about = About::Person(context.keys.ine(&master.ine));
    Ok(Answer::ok(&person::told(&master, None), about, "found"))
}
