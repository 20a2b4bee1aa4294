//! Other rules than today's: a register that they left, what today's would change in it, and the
//! change applied.

use shared::contract::pointer::Pointer;
use shared::identity::digest::RecordId;
use shared::identity::edge::Edge;
use shared::identity::engine::RULE_VERSION;
use shared::identity::engine::blocking::Blocking;
use shared::identity::publication::{Change, Write, concerned, plan};
use shared::identity::reconsider::{Difference, difference};
use shared::identity::student::{Student, StudentId};
use shared::registry::blocks::Consistency;
use shared::registry::publications::Published;

use crate::check;
use crate::world::Sim;

/// Takes a record without INE out of a student that has others and can be seen, as rules that were
/// blind to it would have; gives the record, and the student.
pub(crate) fn part(sim: &Sim) -> Option<(RecordId, StudentId)> {
    let students = check::students(&sim.tables());
    let (student, edge) = students.iter().find_map(|student| {
        let several = student.edges().count() > 1 && student.answer().is_some();
        let mut without =
            student.edges().filter(|edge| edge.ines().next().is_none() && edge.links.is_empty());
        let edge = without.find(|edge| edge.declaration.identite.said().is_some())?;
        several.then_some((student, edge.clone()))
    })?;
    let newcomer = Student::newcomer(sim.new_student());
    let (mut left, mut apart) = (student.clone(), newcomer.clone());
    left.detach(&edge.record);
    apart.attach(Edge { rules_version: RULE_VERSION - 1, ..edge.clone() });
    let link = Write::Link {
        record: edge.record.clone(),
        links: edge.links.clone(),
        student: apart.id,
        on_hold: false,
    };
    let changes = [
        Change { before: student.clone(), after: left, merged_into: None },
        Change { before: newcomer, after: apart, merged_into: None },
    ];
    let keys = concerned(&changes, &sim.keys);
    let blocks = sim.meanwhile(sim.stores.blocks.read(&keys, Consistency::Strong)).unwrap();
    let mut writes = plan(&changes, &sim.keys, &blocks);
    writes.push(link);
    assert_eq!(
        sim.meanwhile(sim.stores.publisher.publish(&writes, jiff::Timestamp::now())).unwrap(),
        Published::Yes
    );
    check::derived(&sim.tables(), &sim.keys);
    Some((edge.record, student.id))
}

/// What today's rules would change.
pub(crate) fn compare(sim: &Sim) -> Difference {
    let students = check::students(&sim.tables());
    let edges =
        students.iter().flat_map(|student| student.edges().map(|edge| (student.id, edge.clone())));
    difference(edges.collect(), Blocking::new(&"rules".to_owned().into()), RULE_VERSION)
}

/// Has the records decided on again.
pub(crate) fn apply(sim: &Sim, difference: &Difference) {
    for record in difference.records() {
        sim.send(Pointer::Reconsider(record), 0);
    }
}
