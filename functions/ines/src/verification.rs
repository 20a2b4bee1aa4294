//! Whether an INE and a birth date go together: the ministry's own call (domain.md §3).

use jiff::Timestamp;
use shared::contract::ines::Verification;
use shared::domain::academic_year::seconds_left_in_france;
use shared::domain::ine::Ine;
use shared::identity::immatriculation::Registration;
use shared::registry::StoreError;
use shared::registry::pairs::Admission;

use crate::answer::{About, InesAnswer};
use crate::caller::Caller;
use crate::context::Context;
use crate::person;
use crate::refusal::{ApiError, Refusal};

/// Tells who has the INE, if that person has the birth date.
///
/// Whoever may ask that finds a birth date by trying them, so a client has few for each INE and
/// day, right or wrong.
pub(crate) async fn verify(
    context: &Context,
    caller: &Caller,
    question: &Verification,
    now: Timestamp,
) -> Result<InesAnswer, ApiError> {
    let ine = ine(&question.ine)?;
    let birth_date = person::birth_date(&question.date_naissance)?;
    let pair = context.keys.pair(&ine, birth_date);
    if context.store.admit(&caller.client_id, &pair, now).await? == Admission::Exhausted {
        return Err(Refusal::TooManyDates { retry_after: seconds_left_in_france(now) }.into());
    }
    let asked =
        context.store.registration(&context.keys.ine(&ine)).await?.ok_or(Refusal::NobodyFound)?;
    let master = master_of(context, &asked).await?;
    // An alias was registered with a date of its own, which whoever holds that number may still
    // give.
    if ![&asked, &master].iter().any(|person| person.identite.date_naissance == birth_date) {
        return Err(Refusal::NobodyFound.into());
    }
    let about = About::Person(context.keys.ine(&master.ine));
    Ok(InesAnswer::ok(&person::told(&master, Some(&asked)), about, "known"))
}

/// The registration that stands for a person.
pub(crate) async fn master_of(
    context: &Context,
    asked: &Registration,
) -> Result<Registration, StoreError> {
    let Some(master) = &asked.maitre else { return Ok(asked.clone()) };
    let master = context.store.registration(&context.keys.ine(master)).await?;
    // Aliases and their master are written together, and registrations are never deleted.
    master.ok_or_else(|| StoreError::shape("ines GetItem"))
}

/// An INE of a question.
pub(crate) fn ine(text: &str) -> Result<Ine, Refusal> {
    Ine::parse(text).map_err(|_| Refusal::Invalid("ine : le format de l'INE n'est pas valide"))
}
