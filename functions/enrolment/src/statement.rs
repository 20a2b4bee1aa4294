//! What one body says, and whether this caller may say it.

use jiff::Timestamp;
use shared::contract::enrolment::{EnrolmentBody, message, sentence};
use shared::domain::academic_year::day_in_france;
use shared::domain::enrolment::{Declaration, Enrolment};
use shared::domain::status::Status;
use shared::files::column::Column;
use shared::files::problem::{RowRule, Severity};
use shared::files::row::{self, RowOutcome, Setting, Values as _};
use shared::identity::digest::RecordId;

use crate::caller::Caller;
use crate::context::Context;
use crate::pairs::Pair;
use crate::refusal::Refusal;

/// What an establishment says of one enrolment.
#[derive(Debug)]
pub(crate) struct EnrolmentStatement {
    /// The record that it is about.
    pub(crate) id: RecordId,
    pub(crate) declaration: Box<Declaration>,
    /// The pair in the caller's own words.
    pub(crate) pair: [String; 2],
}

impl EnrolmentStatement {
    /// Reads a body, by the rules of files.
    ///
    /// What is wrong with the values comes before an establishment that isn't the caller's: whether
    /// that one exists, and what its students are, is then never told by the kind of refusal.
    pub(crate) fn read(
        context: &Context,
        caller: &Caller,
        body: &EnrolmentBody,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        if let Some(sentence) = body.unreadable() {
            return Err(Refusal::Invalid(sentence));
        }
        // The contract names the person by the INE, which rows may lack.
        if body.value(Column::Ine).is_empty() {
            return Err(Refusal::Invalid(message::INVALID_INE.to_owned()));
        }
        let pair = body.pair().map(str::to_owned);
        let setting =
            Setting { depositor: &caller.depositor, today: day_in_france(now), year: None };
        match row::read(body, setting) {
            RowOutcome::Accepted { declaration, .. } => {
                Ok(Self { id: RecordId::of(&context.keys.record, &declaration), declaration, pair })
            }
            RowOutcome::Rejected { mut problems, .. } => {
                problems.retain(|problem| problem.rule.severity() == Severity::Reject);
                let (not_own, wrong): (Vec<_>, Vec<_>) = problems
                    .into_iter()
                    .partition(|problem| problem.rule == RowRule::UaiNonAutorise);
                if wrong.is_empty() && !not_own.is_empty() {
                    return Err(Refusal::PairNotFound { pair });
                }
                Err(Refusal::Invalid(sentence(&wrong)))
            }
        }
    }

    /// What it makes of an enrolment that another way told of. Only the first fields of the
    /// contract are required, so what the body leaves out stays as it was said; a cancellation
    /// changes nothing else.
    pub(crate) fn over(&self, before: &Enrolment) -> Enrolment {
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

    /// The pair to check; every statement that was read has one.
    pub(crate) fn to_check(&self, context: &Context) -> Option<Pair> {
        let ine = self.declaration.ine?;
        Some(Pair::of(context, ine, self.declaration.identite.birth_date()))
    }
}
