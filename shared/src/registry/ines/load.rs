//! Filling the register in bulk, from an extract of another one.
//!
//! People come in portions. Of each portion, those who are there already are left as they are, the
//! others' registrations are written first, then their blocks, each over the version that was
//! read. So it is idempotent: what died halfway is taken up by running it again, and what the
//! service writes meanwhile is never lost. A person whose blocks aren't written yet isn't found by
//! who asks for an INE: the register is filled before the service is opened, or filled again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::blocks::Consistency;
use super::super::{StoreError, backoff};
use super::{Committed, InesStore, Write};
use crate::identity::block::{Block, BlockId, Traits};
use crate::identity::digest::{IdentityKeys, IneDigest};
use crate::identity::immatriculation::{Registration, keys_of, traits_of};

/// People of a call: DynamoDB reads and writes a hundred items at most.
pub const PEOPLE_AT_ONCE: usize = 100;
/// Blocks of a call: fifty full ones have some 3 MB, and a transaction 4 at most.
pub const BLOCKS_AT_ONCE: usize = 50;

/// What became of a portion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loaded {
    /// People who were not there.
    pub added: usize,
    /// People who were there, as they are now.
    pub unchanged: usize,
    /// INEs that were there with another identity or master: theirs stands.
    pub different: usize,
}

impl std::ops::AddAssign for Loaded {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.unchanged += other.unchanged;
        self.different += other.different;
    }
}

/// What is to be indexed of a portion: traits by holder, for each key.
pub type BlockEntries = BTreeMap<BlockId, HashMap<IneDigest, Vec<Traits>>>;

/// What a portion is indexed under.
#[must_use]
pub fn block_entries(keys: &IdentityKeys, people: &[Registration]) -> BlockEntries {
    let mut blocks = BlockEntries::new();
    for person in people {
        let holder = keys.ine(&person.master());
        for key in keys_of(&keys.blocks, &person.identite) {
            let traits = blocks.entry(key).or_default().entry(holder.clone()).or_default();
            traits.push(traits_of(person));
        }
    }
    blocks
}

impl InesStore {
    /// Writes up to [`PEOPLE_AT_ONCE`] registrations; gives those that stand as they were to be
    /// written, there before or not.
    pub async fn load_registrations(
        &self,
        keys: &IdentityKeys,
        people: &[Registration],
    ) -> Result<(Loaded, Vec<Registration>), StoreError> {
        let mut waits = backoff();
        loop {
            let digests: Vec<IneDigest> =
                people.iter().map(|person| keys.ine(&person.ine)).collect();
            let known = self.registrations(&digests).await?;
            let known: HashMap<_, _> =
                known.into_iter().map(|person| (person.ine, person)).collect();
            let mut loaded = Loaded::default();
            let (mut standing, mut writes) = (Vec::with_capacity(people.len()), Vec::new());
            for (digest, person) in digests.iter().zip(people) {
                match known.get(&person.ine) {
                    None => {
                        loaded.added += 1;
                        writes.push(Write::Registration(digest, person));
                        standing.push(person.clone());
                    }
                    Some(there)
                        if (&there.identite, there.maitre) == (&person.identite, person.maitre) =>
                    {
                        loaded.unchanged += 1;
                        standing.push(person.clone());
                    }
                    Some(_) => loaded.different += 1,
                }
            }
            if writes.is_empty() || self.commit(&writes).await? == Committed::Yes {
                return Ok((loaded, standing));
            }
            let wait =
                waits.next().ok_or_else(|| StoreError::contention("loading registrations"))?;
            tokio::time::sleep(wait).await;
        }
    }

    /// Adds what is to be indexed to up to [`BLOCKS_AT_ONCE`] blocks.
    pub async fn load_blocks(&self, wanted: &BlockEntries) -> Result<(), StoreError> {
        let mut waits = backoff();
        loop {
            let keys: BTreeSet<&BlockId> = wanted.keys().collect();
            let mut blocks = self.sharing(keys, Consistency::Strong).await?;
            blocks.retain(|key, block| wanted.get(key).is_some_and(|holders| add(block, holders)));
            let writes: Vec<_> =
                blocks.iter().map(|(key, block)| Write::Block(key, block)).collect();
            if writes.is_empty() || self.commit(&writes).await? == Committed::Yes {
                return Ok(());
            }
            let wait = waits.next().ok_or_else(|| StoreError::contention("loading blocks"))?;
            tokio::time::sleep(wait).await;
        }
    }
}

/// Whether the block had to change.
fn add(block: &mut Block<IneDigest>, holders: &HashMap<IneDigest, Vec<Traits>>) -> bool {
    let mut changed = false;
    for (holder, wanted) in holders {
        let mut traits: Vec<Traits> = block
            .entries
            .iter()
            .filter(|entry| entry.holder == *holder)
            .map(|entry| entry.traits.clone())
            .collect();
        let before = traits.len();
        traits
            .extend(wanted.iter().filter(|one| !traits.contains(one)).cloned().collect::<Vec<_>>());
        if traits.len() > before {
            block.set(holder, &traits);
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ine::Ine;
    use crate::identity::fixtures::{identity, keys};

    #[test]
    fn what_is_posted_already_changes_nothing() {
        let keys = keys();
        let person =
            Registration::new(Ine::rnie(7).unwrap(), identity("Castelbou", "Léa", "2004-03-12"));
        let alias = Registration {
            maitre: Some(person.ine),
            ..Registration::new(Ine::rnie(8).unwrap(), person.identite.clone())
        };
        let blocks = block_entries(&keys, &[person, alias]);
        for holders in blocks.values() {
            let mut block = Block::default();
            assert!(add(&mut block, holders));
            assert_eq!(block.entries.len(), 2, "an alias is indexed as its master's");
            assert!(
                block.entries.iter().all(|entry| entry.holder == keys.ine(&Ine::rnie(7).unwrap()))
            );
            assert!(!add(&mut block, holders));
        }
    }
}
