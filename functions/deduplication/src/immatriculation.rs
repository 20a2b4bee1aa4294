//! INES is asked for the INE of somebody whom nobody knows, within the quota of the establishment
//! that sends them.

use shared::domain::civil_identity::CivilIdentity;
use shared::feeding::record::Record;
use shared::identity::ines::{Immatriculated, Ines};
use shared::registry::new_identities::Reservation;

use crate::resolve::ResolveError;
use crate::world::World;

/// Asks INES for an INE; `None` when the establishment's quota has no room for one more.
///
/// The reservation comes first, under the reference that INES is asked by: whatever stops in
/// between, the message comes again and is charged nothing.
pub(crate) async fn ask<W: World>(
    world: &W,
    ines: &W::Ines,
    record: &Record,
    identity: &CivilIdentity,
) -> Result<Option<Immatriculated>, ResolveError> {
    let reference = world.keys().reference(&record.id, identity);
    if world.register().reserve_identity(record, &reference, world.now()).await?
        == Reservation::Exhausted
    {
        let inscription = &record.declaration.inscription;
        let (uai, year) = (inscription.uai, inscription.academic_year());
        tracing::warn!(%uai, %year, "new identities beyond the quota");
        return Ok(None);
    }
    Ok(Some(ines.immatriculate(identity, &reference).await?))
}
