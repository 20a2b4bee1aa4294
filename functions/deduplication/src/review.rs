//! Cases, as far as a decision about a record opens and closes them.

use shared::identity::engine::RULE_VERSION;
use shared::identity::publication::Write;
use shared::identity::review::{Case, CaseId, Question};
use shared::registry::StoreError;

use crate::ports::{Register, World};

/// Asks a person, or asks anew with what is known now; nothing to write when the same is asked already.
pub(crate) async fn ask<W: World>(world: &W, question: Question) -> Result<Option<Write>, StoreError> {
    let stored = world.register().case(&question.case()).await?;
    let case = match stored {
        None => Some(Case::open(question, RULE_VERSION, world.now())),
        Some(mut case) => case.ask_again(question, RULE_VERSION, world.now()).then_some(case),
    };
    Ok(case.map(|case| Write::PutCase(Box::new(case))))
}

/// Nobody needs to decide any more.
pub(crate) async fn withdraw<W: World>(world: &W, id: &CaseId) -> Result<Option<Write>, StoreError> {
    let stored = world.register().case(id).await?;
    Ok(stored.and_then(|mut case| case.withdraw().then_some(Write::PutCase(Box::new(case)))))
}
