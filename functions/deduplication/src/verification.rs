//! What INES says of a record's INE, asked once: what it confirmed for one record of a student
//! holds for the others.

use std::time::Duration;

use shared::domain::ine::Ine;
use shared::feeding::record::Record;
use shared::identity::edge::{Edge, InesVerification};
use shared::identity::engine::compare::Comparison;
use shared::identity::engine::decide::{MatchVerdict, verdict};
use shared::identity::engine::person::ComparedPerson;
use shared::identity::ines::{Ines, InesError, Registered, Verified};
use shared::identity::student::Student;
use shared::registry::StoreError;

use crate::resolve::ResolveError;
use crate::world::World;

/// When INES is asked again about a request that waits, or after it couldn't be reached: SQS delays
/// no longer.
pub(crate) const ASK_AGAIN: Duration = Duration::from_mins(15);

/// The student that the record's INE leads to.
pub(crate) async fn known<W: World>(
    world: &W,
    record: &Record,
    current: Option<&Student>,
) -> Result<Option<Student>, StoreError> {
    let Some(ine) = record.declaration.ine else { return Ok(None) };
    match world.register().owner(&world.keys().ine(&ine)).await? {
        Some(owner) if current.is_none_or(|current| current.id != owner) => {
            world.register().student(owner).await
        }
        _ => Ok(None),
    }
}

/// INES's verification of the record; `None` while INES has to decide. `students` may have been
/// asked about before.
pub(crate) async fn of<W: World>(
    world: &W,
    record: &Record,
    students: impl Iterator<Item = &Student>,
) -> Result<Option<InesVerification>, ResolveError> {
    let Some(ines) = world.ines() else { return Ok(Some(InesVerification::Unasked)) };
    let students: Vec<&Student> = students.collect();
    // What INES gave the record itself, in place of an INE that was missing, as long as it says the
    // same: what it gave to somebody else, whom the record named before, is not this person's.
    let before = students.iter().find_map(|student| student.edge(&record.id));
    let says_the_same = |edge: &&Edge| {
        let before = &edge.declaration;
        before.ine == record.declaration.ine && before.identite == record.declaration.identite
    };
    let before = before.filter(says_the_same);
    // A record that gives an INE is asked about again each time it is decided on, until INES
    // confirms it.
    let granted =
        before.filter(|edge| edge.declaration.ine.is_none()).map(|edge| &edge.verification);
    let granted =
        granted.filter(|verification| matches!(verification, InesVerification::Granted { .. }));
    if let Some(granted) = granted {
        return Ok(Some(granted.clone()));
    }
    let Some(ine) = record.declaration.ine else { return Ok(Some(InesVerification::Unasked)) };
    let birth = record.declaration.identite.birth_date();
    let asked = students.iter().flat_map(|student| student.edges()).find_map(|edge| {
        let same =
            edge.declaration.ine == Some(ine) && edge.declaration.identite.birth_date() == birth;
        match &edge.verification {
            InesVerification::Confirmed { registre, ine_maitre } if same => {
                Some(Registered { identite: (**registre).clone(), ine_maitre: *ine_maitre })
            }
            _ => None,
        }
    });
    let verified = match asked {
        Some(registered) => Verified::Known(Box::new(registered)),
        None => match record.depositor {
            Some(depositor) => ines.verify_for(depositor, &ine, birth).await?,
            None => ines.verify(&ine, birth).await?,
        },
    };
    Ok(match verified {
        Verified::Known(registered) => Some(held_against(record, ine, *registered)),
        Verified::Unknown => Some(InesVerification::Unknown),
        Verified::Pending => None,
    })
}

/// An equal INE and an equal date are no proof: siblings' get swapped. The names have to be INES's
/// as well.
fn held_against(record: &Record, ine: Ine, registered: Registered) -> InesVerification {
    let Registered { identite, ine_maitre } = registered;
    if let Some(said) = record.declaration.identite.said() {
        let comparison = Comparison::of(
            &ComparedPerson::of(said, Some(&ine)),
            &ComparedPerson::of(&identite, Some(&ine)),
        );
        if verdict(&comparison) != MatchVerdict::Match {
            return InesVerification::Differs;
        }
    }
    InesVerification::Confirmed { registre: Box::new(identite), ine_maitre }
}

/// Whether INES will answer later what it didn't answer now.
pub(crate) fn is_passing(error: InesError) -> bool {
    match error {
        InesError::Unavailable
        | InesError::Resting
        | InesError::OverRate
        | InesError::Unauthorized => true,
        InesError::Unreadable => false,
    }
}
