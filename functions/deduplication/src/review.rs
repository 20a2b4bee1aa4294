//! Cases, as far as a transaction about records and students opens, closes or completes them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use shared::identity::digest::RecordId;
use shared::identity::engine::RULE_VERSION;
use shared::identity::publication::Write;
use shared::identity::review::{Case, CaseId, CaseQuestion};
use shared::registry::StoreError;

use crate::world::World;

/// The cases of one transaction: each is read once, whatever happens to it, and written if it
/// changed.
#[derive(Debug, Default)]
pub(crate) struct Cases(BTreeMap<CaseId, Read>);

#[derive(Debug)]
struct Read {
    case: Option<Case>,
    was_open: bool,
    changed: bool,
}

impl Cases {
    /// Asks a person, or asks anew with what is known now; nothing to write when the same is asked
    /// already.
    pub(crate) async fn ask<W: World>(
        &mut self,
        world: &W,
        question: CaseQuestion,
    ) -> Result<(), StoreError> {
        let read = self.read(world, &question.case()).await?;
        match &mut read.case {
            None => {
                read.case = Some(Case::open(question, RULE_VERSION, world.now()));
                read.changed = true;
            }
            Some(case) => read.changed |= case.ask_again(question, RULE_VERSION, world.now()),
        }
        Ok(())
    }

    /// Evidence decides that two students are one.
    pub(crate) async fn decide<W: World>(
        &mut self,
        world: &W,
        question: CaseQuestion,
    ) -> Result<(), StoreError> {
        let read = self.read(world, &question.case()).await?;
        let case = read.case.get_or_insert_with(|| Case::open(question, RULE_VERSION, world.now()));
        read.changed |= case.decide_by_evidence(world.now());
        Ok(())
    }

    /// Nobody needs to decide any more.
    pub(crate) async fn withdraw<W: World>(
        &mut self,
        world: &W,
        id: &CaseId,
    ) -> Result<(), StoreError> {
        let read = self.read(world, id).await?;
        read.changed |= read.case.as_mut().is_some_and(Case::withdraw);
        Ok(())
    }

    /// Opens again a case that later evidence had closed, and says whether the case is open now.
    pub(crate) async fn reopen<W: World>(
        &mut self,
        world: &W,
        id: &CaseId,
    ) -> Result<bool, StoreError> {
        let read = self.read(world, id).await?;
        read.changed |= read.case.as_mut().is_some_and(|case| case.ask_after_all(world.now()));
        Ok(read.case.as_ref().is_some_and(Case::is_open))
    }

    /// Records moved because of what is decided in the case.
    pub(crate) async fn remember<W: World>(
        &mut self,
        world: &W,
        id: &CaseId,
        moved: &BTreeSet<RecordId>,
    ) -> Result<(), StoreError> {
        let read = self.read(world, id).await?;
        read.changed |= read.case.as_mut().is_some_and(|case| case.remember(moved));
        Ok(())
    }

    /// Somebody has to look who hadn't to.
    pub(crate) fn open_any(&self) -> bool {
        self.0.values().any(|read| !read.was_open && read.case.as_ref().is_some_and(Case::is_open))
    }

    /// The cases to write.
    pub(crate) fn writes(&self) -> impl Iterator<Item = Write> {
        let changed = self.0.values().filter(|read| read.changed);
        changed.filter_map(|read| read.case.clone()).map(|case| Write::PutCase(Box::new(case)))
    }

    async fn read<W: World>(&mut self, world: &W, id: &CaseId) -> Result<&mut Read, StoreError> {
        Ok(match self.0.entry(id.clone()) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(unread) => {
                let case = world.register().case(id).await?;
                let was_open = case.as_ref().is_some_and(Case::is_open);
                unread.insert(Read { case, was_open, changed: false })
            }
        })
    }
}
