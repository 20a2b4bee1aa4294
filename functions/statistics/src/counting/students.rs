//! The students, counted for the tables.

use serde::{Deserialize, Serialize};
use shared::registry::StoreError;
use shared::registry::answers::AnswerStore;
use shared::registry::segment::{Position, Segment};

use super::part::Counting;
use crate::dimensions::Nomenclature;
use crate::facts::{Observed, Scope};
use crate::tables::tally::Tally;

/// What some students come to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Students {
    pub(crate) tally: Tally,
    #[serde(rename = "observations")]
    pub(crate) observed: Observed,
}

impl Students {
    pub(crate) fn none(nomenclature: Nomenclature) -> Self {
        Self { tally: Tally::new(nomenclature), observed: Observed::default() }
    }

    /// Adds what others come to.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.tally.absorb(other.tally);
        self.observed.absorb(other.observed);
    }
}

/// How they are counted.
pub(crate) struct CountingStudents<'a> {
    pub(crate) answers: &'a AnswerStore,
    pub(crate) segment: Segment,
    pub(crate) scope: Scope,
    /// What is registered of establishments.
    pub(crate) registered: Nomenclature,
}

impl Counting for CountingStudents<'_> {
    type Counted = Students;

    fn nothing(&self) -> Students {
        Students::none(self.registered.clone())
    }

    fn go_on(&self, counted: &mut Students) {
        counted.tally.nomenclature.register_as(&self.registered);
    }

    async fn page(
        &self,
        after: Option<Position>,
        counted: &mut Students,
    ) -> Result<Option<Position>, StoreError> {
        let (students, next) = self.answers.statistics_page(self.segment, after).await?;
        let Students { tally, observed } = counted;
        for fact in self.scope.facts(students, observed) {
            tally.add(&fact);
        }
        Ok(next)
    }
}
