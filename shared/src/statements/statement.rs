//! What is said of one enrolment, and whether this sender may say it.

use super::{Pair, Sender, StatementError, Statements};
use crate::domain::academic_year::day_in_france;
use crate::domain::enrolment::{Declaration, Enrolment};
use crate::domain::status::Status;
use crate::files::problem::{RowRule, Severity};
use crate::files::row::{self, RowOutcome, Setting, Values};
use crate::identity::digest::RecordId;

/// What an establishment says of one enrolment.
#[derive(Debug)]
pub struct EnrolmentStatement {
    /// The record that it is about.
    pub id: RecordId,
    pub declaration: Box<Declaration>,
}

impl EnrolmentStatement {
    /// Whether it cancels.
    #[must_use]
    pub fn cancels(&self) -> bool {
        self.declaration.inscription.statut == Status::Annule
    }

    /// What it makes of an enrolment that another way told of. Only the first fields of the
    /// contract are required, so what the body leaves out stays as it was said; a cancellation
    /// changes nothing else.
    pub(super) fn over(&self, before: &Enrolment) -> Enrolment {
        if self.cancels() {
            return Enrolment { statut: Status::Annule, ..before.clone() };
        }
        let mut after = self.declaration.inscription.clone();
        if after.non_dit.regime {
            after.regime = before.regime;
            after.non_dit.regime = before.non_dit.regime;
        }
        if after.non_dit.commune {
            after.code_commune = before.code_commune;
            after.code_commune_brut.clone_from(&before.code_commune_brut);
            after.non_dit.commune = before.non_dit.commune;
        }
        after.cursus = after.cursus.or_else(|| before.cursus.clone());
        after.diplome = after.diplome.or_else(|| before.diplome.clone());
        after.niveau_diplome = after.niveau_diplome.or_else(|| before.niveau_diplome.clone());
        after
    }

    /// The pair to check, of one that gives an INE.
    #[must_use]
    pub fn to_check(&self, statements: &Statements) -> Option<Pair> {
        let ine = self.declaration.ine?;
        Some(Pair::of(&statements.keys, ine, self.declaration.identite.birth_date()))
    }
}

impl Statements {
    /// Reads the values of a statement, by the rules of files.
    ///
    /// What is wrong with the values comes before an establishment that isn't the sender's: whether
    /// that one exists, and what its students are, is then never told by the kind of refusal.
    ///
    /// # Errors
    ///
    /// [`StatementError::Invalid`] with every rule that is broken, [`StatementError::NotTheirs`].
    pub fn read(
        &self,
        sender: Sender<'_>,
        values: &impl Values,
    ) -> Result<EnrolmentStatement, StatementError> {
        let setting =
            Setting { depositor: sender.depositor, today: day_in_france(sender.now), year: None };
        match row::read(values, setting) {
            RowOutcome::Accepted { declaration, .. } => {
                let id = RecordId::of(&self.keys.record, &declaration);
                Ok(EnrolmentStatement { id, declaration })
            }
            RowOutcome::Rejected { mut problems, .. } => {
                problems.retain(|problem| problem.rule.severity() == Severity::Reject);
                let not_theirs = problems.len();
                problems.retain(|problem| problem.rule != RowRule::UaiNonAutorise);
                if problems.is_empty() && not_theirs > 0 {
                    return Err(StatementError::NotTheirs);
                }
                Err(StatementError::Invalid(problems))
            }
        }
    }
}
