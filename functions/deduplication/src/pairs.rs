//! Whether the INE and the birth date of a record may be checked today (decision 18).
//!
//! A row that names nobody says of its pair alone whether it is right, so its check is charged to
//! its depositor's day before anything is looked up. One that names the person is checked first:
//! where the names agree as well, whoever sent it knew the person; where they don't, or nobody has
//! the pair, what was found is told for few birth dates of one INE alone. Beyond that nothing is
//! told or changed: the record waits as it is, and is looked at again the next day.
//!
//! Idempotent: a message that comes twice finds its pair admitted, and is charged nothing; a record
//! that is decided on again with the pair that it was attached with is charged nothing either, for
//! it learns nothing new.

use jiff::Timestamp;
use shared::domain::academic_year::day_in_france;
use shared::feeding::record::Record;
use shared::identity::digest::PairDigest;
use shared::identity::edge::InesVerification;
use shared::identity::finding::{Finding, FindingCode, StatutIne};
use shared::identity::student::Student;
use shared::registry::StoreError;
use shared::registry::pairs::Admission;
use shared::registry::publications::Published;

use crate::register::{Holder, PairCheck};
use crate::resolve::ResolveError;
use crate::world::World;

/// A check that is under way.
#[derive(Debug)]
pub(crate) struct Check {
    pair: PairDigest,
    is_named: bool,
    now: Timestamp,
    /// The charge made for this record earlier today, if there was one.
    admission: Option<Admission>,
}

/// Whether a pair may be checked.
#[derive(Debug)]
pub(crate) enum Begun {
    /// The pair may be checked, and nothing is charged.
    Free,
    /// The pair may be checked, and [`Check::end`] must be told the result.
    Charged(Check),
    /// Not today.
    Exhausted,
}

/// Begins the check of a record's pair.
pub(crate) async fn begin<W: World>(
    world: &W,
    record: &Record,
    current: Option<&Student>,
) -> Result<Begun, StoreError> {
    let Some(ine) = record.declaration.ine else { return Ok(Begun::Free) };
    let birth_date = record.declaration.identite.birth_date();
    let attached =
        current.and_then(|current| current.edge(&record.id)).map(|edge| &edge.declaration);
    if attached
        .is_some_and(|said| said.ine == Some(ine) && said.identite.birth_date() == birth_date)
    {
        return Ok(Begun::Free);
    }
    let is_named = record.declaration.identite.said().is_some();
    let mut check = Check {
        pair: world.keys().pair(&ine, birth_date),
        is_named,
        now: world.now(),
        admission: None,
    };
    if !is_named {
        let admission = world
            .register()
            .admit_pair(record, &check.pair, PairCheck { is_named, now: check.now })
            .await?;
        if admission == Admission::Exhausted {
            return Ok(Begun::Exhausted);
        }
        check.admission = Some(admission);
    }
    Ok(Begun::Charged(check))
}

impl Check {
    /// Ends the check with what was found; says whether it may be told. `known` is the student that
    /// has the INE.
    pub(crate) async fn end<W: World>(
        self,
        world: &W,
        record: &Record,
        known: Option<&Student>,
        found: &Result<Option<InesVerification>, ResolveError>,
    ) -> Result<bool, StoreError> {
        let register = world.register();
        let check = PairCheck { is_named: self.is_named, now: self.now };
        let Ok(Some(verification)) = found else {
            if self.admission == Some(Admission::First) {
                register.release_pair(record, &self.pair, check).await?;
            }
            return Ok(true);
        };
        let Some(admission) = self.admission else {
            let is_told_freely =
                !matches!(verification, InesVerification::Unknown | InesVerification::Differs);
            let exhausted = !is_told_freely
                && register.admit_pair(record, &self.pair, check).await? == Admission::Exhausted;
            return Ok(!exhausted);
        };
        if admission == Admission::First {
            register.note_pair(record, check, holder(record, known, verification)).await?;
        }
        Ok(true)
    }
}

/// The person that the pair names. `known` is the student that has the INE.
fn holder(record: &Record, known: Option<&Student>, verification: &InesVerification) -> Holder {
    let birth_date = record.declaration.identite.birth_date();
    let is_born = |student: &&Student| {
        student
            .edges_besides(&record.id)
            .any(|edge| edge.declaration.identite.birth_date() == birth_date)
    };
    match (verification, known.filter(is_born)) {
        // Without an INES, the register alone says whose it is.
        (InesVerification::Confirmed { .. } | InesVerification::Unasked, Some(holder)) => {
            Holder::Student(holder.id)
        }
        (InesVerification::Confirmed { .. }, None) => Holder::Unattached,
        _ => Holder::Nobody,
    }
}

/// Leaves a record as it is until tomorrow, and tells its establishment so, in the same words
/// whether or not its pair is right. `None` when somebody else was faster.
pub(crate) async fn put_off<W: World>(
    world: &W,
    record: &Record,
) -> Result<Option<()>, StoreError> {
    let depositor = record.depositor.unwrap_or(record.declaration.inscription.uai);
    tracing::warn!(uai = %depositor, "pairs beyond the allowance");
    let today = day_in_france(world.now());
    let finding = Finding {
        record: record.id.clone(),
        version: record.version.clone(),
        code: FindingCode::CoupleEnAttente,
        statut_ine: StatutIne::AVerifier,
    };
    let until = today.tomorrow().unwrap_or(today);
    Ok((world.register().put_off(&finding, until).await? == Published::Yes).then_some(()))
}

#[cfg(test)]
mod tests;
