//! Which INE a person has, by civil identity: told only of somebody certain (see
//! `identity::engine::lookup`).

use shared::contract::ines::Identity;
use shared::identity::engine::lookup::LookUpResult;
use shared::identity::engine::person::ComparedPerson;
use shared::registry::StoreError;
use shared::registry::blocks::Consistency;

use crate::answer::{About, InesAnswer};
use crate::context::Context;
use crate::person;
use crate::refusal::{ApiError, Refusal};
use crate::situation::Situation;

/// Tells the INE of the only person that an identity means.
pub(crate) async fn search(context: &Context, question: &Identity) -> Result<InesAnswer, ApiError> {
    let identity = person::read(question)?;
    let situation = Situation::observe(context, &identity, Consistency::Eventual).await?;
    let holder = match situation.resembling().find(&ComparedPerson::of(&identity, None)) {
        LookUpResult::Found(holder) => holder,
        LookUpResult::Ambiguous => return Err(Refusal::Ambiguous.into()),
        LookUpResult::None => return Err(Refusal::NobodyFound.into()),
    };
    let master = context.store.registration(&holder).await?;
    let master = master.ok_or_else(|| StoreError::shape("ines GetItem"))?;
    // The blocks may be older than an attachment.
    let master = crate::verification::master_of(context, &master).await?;
    let about = About::Person(context.keys.ine(&master.ine));
    Ok(InesAnswer::ok(&person::told(&master, None), about, "found"))
}
