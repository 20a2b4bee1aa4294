//! An INE leads to one student: who keeps it when two have it.

use std::collections::BTreeSet;

use shared::domain::ine::Ine;
use shared::identity::edge::InesVerification;
use shared::identity::student::{Student, StudentId};
use shared::registry::StoreError;

use crate::changes::Changes;
use crate::world::World;

/// Lets each INE that starts to lead somewhere have one owner: whom INES vouches for, else whoever
/// had it first. Those who are `back`, for a decision was undone, had theirs first.
pub(crate) async fn reconcile<W: World>(
    world: &W,
    changes: &mut Changes,
    back: &BTreeSet<StudentId>,
) -> Result<(), StoreError> {
    let claims: Vec<(StudentId, Ine)> = changes
        .iter()
        .filter(|change| change.after.answer().is_some())
        .flat_map(|change| {
            let had = if change.before.answer().is_some() {
                change.before.ines()
            } else {
                BTreeSet::new()
            };
            change
                .after
                .ines()
                .into_iter()
                .filter(move |ine| !had.contains(ine))
                .map(|ine| (change.after.id, ine))
        })
        .collect();
    for (claimant, ine) in claims {
        let rival = changes.iter().map(|change| &change.after).find(|student| {
            student.id != claimant && student.answer().is_some() && student.ines().contains(&ine)
        });
        let owner = match rival.map(|rival| rival.id) {
            Some(rival) => Some(rival),
            None => world.register().owner(&world.keys().ine(&ine)).await?,
        };
        let Some(owner) = owner.filter(|owner| *owner != claimant) else { continue };
        if changes.get(owner).is_none() {
            // An alias leads to a student that is among the changes, or has the INE no more.
            match world.register().student(owner).await? {
                Some(student) if changes.get(student.id).is_none() => {
                    changes.of(&student);
                }
                _ => {}
            }
        }
        // Whoever has it no more gives it up in the same transaction.
        if changes
            .get(owner)
            .is_some_and(|owner| owner.answer().is_none() || !owner.ines().contains(&ine))
        {
            continue;
        }
        let vouched = |id: StudentId| changes.get(id).is_some_and(|student| vouches(student, ine));
        let prevails = vouched(claimant) || back.contains(&claimant) && !vouched(owner);
        let loser = if prevails { owner } else { claimant };
        if let Some(student) = changes.get_mut(loser) {
            disbelieve(student, ine);
        }
    }
    Ok(())
}

fn vouches(student: &Student, ine: Ine) -> bool {
    student.edges().any(|edge| edge.verified().is_some() && edge.ines().any(|own| own == ine))
}

/// The INE is another student's.
pub(crate) fn disbelieve(student: &mut Student, ine: Ine) {
    for edge in student.edges_mut() {
        if edge.ines().any(|own| own == ine) {
            edge.verification = InesVerification::Taken;
        }
    }
}
