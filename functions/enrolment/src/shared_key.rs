//! One student number, or one INE, on statements of several people: a problem of each of them,
//! since one record could only keep the last.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::uai::Uai;
use shared::files::column::Column;
use shared::files::problem::{Problem, RowRule};
use shared::identity::digest::{PairDigest, RecordId};
use shared::identity::student::StudentId;
use shared::statements::{Checked, EnrolmentStatement};

use crate::context::Context;
use crate::refusal::ApiError;

/// Who a statement is about, as far as its pair says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    /// A student of the register, whichever of the student's INEs is given.
    Student(StudentId),
    /// Somebody whom the register doesn't have yet.
    Pair(PairDigest),
}

/// What one person alone may have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Number(Uai, &'a str),
    Record(&'a RecordId),
}

/// The places, from 0, of statements that share a key with somebody else's, with the problem that
/// this is.
pub(crate) fn problems<'a>(
    context: &Context,
    statements: impl IntoIterator<
        Item = (&'a Result<EnrolmentStatement, ApiError>, &'a Option<Checked>),
    >,
) -> BTreeMap<usize, Problem> {
    let mut people: BTreeMap<Key<'_>, (BTreeSet<Who>, Vec<usize>)> = BTreeMap::new();
    for (place, (statement, checked)) in statements.into_iter().enumerate() {
        let Ok(statement) = statement else { continue };
        let who = match checked {
            Some(Checked::Known(Some(student))) => Some(Who::Student(student.id)),
            Some(Checked::Known(None) | Checked::Unanswered) => {
                statement.to_check(&context.statements).map(|pair| Who::Pair(pair.digest))
            }
            // It is refused, and nothing was looked up of it or found.
            Some(Checked::Nobody | Checked::Beyond) | None => continue,
        };
        let number = statement.declaration.numero_etudiant.as_deref();
        let uai = statement.declaration.inscription.uai;
        let keys =
            [Some(Key::Record(&statement.id)), number.map(|number| Key::Number(uai, number))];
        for key in keys.into_iter().flatten() {
            let (whose, places) = people.entry(key).or_default();
            whose.extend(who.clone());
            places.push(place);
        }
    }
    let mut problems = BTreeMap::new();
    for (key, (whose, places)) in people {
        if whose.len() > 1 {
            let (column, rule) = match key {
                Key::Number(..) => (Column::NumeroEtudiant, RowRule::NumeroDePlusieurs),
                Key::Record(_) => (Column::Ine, RowRule::IneDePlusieurs),
            };
            for place in places {
                // A number sorts before a record, whose id it makes: it is what is wrong.
                problems.entry(place).or_insert(Problem { column: Some(column), rule });
            }
        }
    }
    problems
}
