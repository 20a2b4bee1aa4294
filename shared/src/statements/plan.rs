//! Which records a statement is written to.
//!
//! Its own words name one: by the student's number if it gives one, else by the INE. A file that
//! gives numbers made another one of the same enrolment. It is found by what both ways know: the
//! person, the establishment, the year and the diploma. The statement is then written there, and
//! what it leaves out stays as the file said it.
//!
//! Only records that say of the student what they said when they were attached are found. One that
//! waits to be attached may name somebody else by now.

use super::{Checked, EnrolmentStatement, StatementError, Statements};
use crate::domain::enrolment::{Declaration, StatedPerson};
use crate::identity::digest::RecordId;
use crate::identity::edge::Edge;
use crate::identity::same_enrolment::{self, Found};
use crate::identity::student::Student;
use crate::registry::StoreError;
use crate::registry::records::Record;

/// A statement, and where it goes.
#[derive(Debug)]
pub struct Plan {
    pub statement: EnrolmentStatement,
    pub target: Target,
}

/// The records of an enrolment.
#[derive(Debug)]
pub enum Target {
    /// The one that the statement's own words name, whether or not it is there.
    Own,
    /// Those that tell of it, as they were read.
    Records(Vec<Record>),
}

impl Plan {
    /// Finds the records of a statement whose pair was checked. `follows` says that an earlier
    /// statement of the same request makes the record that it is about, which isn't there to be
    /// found yet.
    ///
    /// # Errors
    ///
    /// A cancellation of nothing, or of one of several enrolments.
    pub async fn of(
        statements: &Statements,
        statement: EnrolmentStatement,
        checked: &Checked,
        follows: bool,
    ) -> Result<Self, StatementError> {
        let student = match checked {
            Checked::Known(Some(student)) => Some(&**student),
            Checked::Known(None) | Checked::Unanswered | Checked::Nobody | Checked::Beyond => None,
        };
        let told = student.map_or(Found::Nowhere, |student| {
            same_enrolment::find(student.edges(), &statement.declaration)
        });
        let mut records = Vec::new();
        match told {
            Found::One(found) => {
                for edge in found.records() {
                    records.extend(statements.attached(edge).await?);
                }
            }
            Found::Several if statement.cancels() => return Err(StatementError::SeveralEnrolments),
            Found::Several | Found::Nowhere => {}
        }
        if statement.cancels() && !records.iter().any(|record| record.id == statement.id) {
            let own = statements.records.get(&statement.id).await?;
            records.extend(own.filter(|own| is_about(own, &statement.declaration, student)));
            if records.is_empty() && !follows {
                return Err(StatementError::NothingToCancel);
            }
        }
        // A record that names nobody, under its own id, is rewritten as a whole.
        let rewritten = |record: &Record| {
            record.id == statement.id
                && matches!(record.declaration.identite, StatedPerson::Pair(_))
                && !statement.cancels()
        };
        let target =
            if records.iter().all(rewritten) { Target::Own } else { Target::Records(records) };
        Ok(Self { statement, target })
    }

    /// The id to answer with: the statement's own if it has a record, so that ids already given go
    /// on being given, else that of the latest one.
    #[must_use]
    pub fn id(&self) -> &RecordId {
        let own = &self.statement.id;
        match &self.target {
            Target::Records(records) if records.iter().all(|record| record.id != *own) => {
                records.iter().max_by_key(|record| &record.version).map_or(own, |record| &record.id)
            }
            Target::Records(_) | Target::Own => own,
        }
    }

    /// Every record that is written.
    #[must_use]
    pub fn records(&self) -> Vec<RecordId> {
        match &self.target {
            Target::Own => vec![self.statement.id.clone()],
            Target::Records(records) => records.iter().map(|record| record.id.clone()).collect(),
        }
    }
}

impl Statements {
    /// The record of an edge, if it names whom it named when it was attached.
    pub(super) async fn attached(&self, edge: &Edge) -> Result<Option<Record>, StoreError> {
        let record = self.records.get(&edge.record).await?;
        Ok(record.filter(|record| record.declaration.names_as(&edge.declaration)))
    }
}

/// Whether a record that has a statement's own id is about the same person, attached or not: an
/// establishment may have given a number to somebody else since.
fn is_about(record: &Record, said: &Declaration, student: Option<&Student>) -> bool {
    let Record { id, declaration, .. } = record;
    let edge = student.and_then(|student| student.edge(id));
    let same_birth = declaration.identite.birth_date() == said.identite.birth_date();
    edge.is_some_and(|edge| edge.declaration.names_as(declaration))
        || (same_birth && declaration.ine.is_none_or(|ine| said.ine == Some(ine)))
}
