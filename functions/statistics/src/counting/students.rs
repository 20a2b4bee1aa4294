//! The students, counted for the tables.

use serde::{Deserialize, Serialize};
use shared::registry::StoreError;
use shared::registry::answers::AnswerStore;
use shared::registry::segment::{Position, Segment};

use super::part::Counting;
use super::whereabouts::Whereabouts;
use crate::dimensions::Nomenclature;
use crate::facts::{Observed, Scope};
use crate::tables::tally::Tally;

/// What some students come to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Students {
    pub(crate) tally: Tally,
    #[serde(rename = "observations")]
    pub(crate) observed: Observed,
    /// Of a snapshot alone.
    #[serde(rename = "parcours", default)]
    pub(crate) whereabouts: Whereabouts,
}

impl Students {
    pub(crate) fn none(nomenclature: Nomenclature) -> Self {
        Self {
            tally: Tally::new(nomenclature),
            observed: Observed::default(),
            whereabouts: Whereabouts::default(),
        }
    }

    /// Adds what others come to.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.tally.absorb(other.tally);
        self.observed.absorb(other.observed);
        self.whereabouts.absorb(other.whereabouts);
    }
}

/// How they are counted.
pub(crate) struct CountingStudents<'a> {
    pub(crate) answers: &'a AnswerStore,
    pub(crate) segment: Segment,
    pub(crate) scope: Scope,
    /// What is registered of establishments.
    pub(crate) registered: Nomenclature,
    /// Whether it notes where each student is counted.
    pub(crate) notes_whereabouts: bool,
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
        let Students { tally, observed, whereabouts } = counted;
        for fact in self.scope.facts(students, observed) {
            tally.add(&fact);
            if self.notes_whereabouts {
                whereabouts.add(&fact);
            }
        }
        Ok(next)
    }
}
