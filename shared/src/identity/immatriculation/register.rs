//! Who has which INE, and how they are indexed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::civil_identity::CivilIdentity;
use crate::domain::enrolment;
use crate::domain::ine::Ine;
use crate::identity::block::{Block, BlockId, BlockIds, Traits};
use crate::identity::digest::{IdentityKeys, IneDigest};
use crate::identity::engine::person::ComparedPerson;

/// An INE and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    pub ine: Ine,
    /// The person, as registered.
    pub identite: CivilIdentity,
    /// The INE that stands for all of this person's, when it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maitre: Option<Ine>,
    /// The INEs that this one stands for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alias: Vec<Ine>,
    /// Whether the INE was given here, on request, rather than loaded.
    #[serde(default)]
    pub attribue: bool,
    /// The number of writes; 0 when it was never written.
    pub version: u64,
}

/// INEs that one may stand for. All that a person is indexed under is written in one transaction,
/// which takes a hundred items: (8 + 2) people of 7 keys each, and their registrations. Nobody was
/// seen with more than three.
pub const MOST_ALIASES: usize = 8;

impl Registration {
    /// Somebody who has just this INE.
    #[must_use]
    pub fn new(ine: Ine, identite: CivilIdentity) -> Self {
        Self { ine, identite, maitre: None, alias: Vec::new(), attribue: false, version: 0 }
    }

    /// The INE that stands for all of this person's.
    #[must_use]
    pub fn master(&self) -> Ine {
        self.maitre.unwrap_or(self.ine)
    }
}

/// The traits under which somebody who has an INE is indexed.
#[must_use]
pub fn traits_of(registration: &Registration) -> Traits {
    Traits::said(
        Some(registration.ine),
        enrolment::StatedPerson::Civil(registration.identite.clone()),
    )
}

/// The keys that somebody is indexed under, and searched by.
///
/// The INE isn't among them: whoever asks for one has none to be found by, and the seven keys go to
/// what they have.
#[must_use]
pub fn keys_of(keys: &BlockIds, identity: &CivilIdentity) -> Vec<BlockId> {
    keys.of(&ComparedPerson::of(identity, None))
}

/// The reason for which two INEs can't be joined, or parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentError {
    /// They are one.
    #[error("an INE can't stand for itself")]
    Same,
    /// The one that would be an alias stands for others.
    #[error("the INE stands for others, so it can't become an alias")]
    HasAliases,
    /// The one that would be the master is an alias.
    #[error("the master INE is an alias itself")]
    MasterIsAlias,
    /// The one that would be an alias is another's already.
    #[error("the INE is an alias of another")]
    AliasOfAnother,
    /// The master stands for [`MOST_ALIASES`] already.
    #[error("an INE stands for {MOST_ALIASES} others at most")]
    TooMany,
}

/// A person's INEs, and what becomes of their blocks when one joins or leaves.
pub struct Attachments<'a> {
    keys: &'a IdentityKeys,
    /// The master first, then its aliases.
    people: Vec<Registration>,
}

impl<'a> Attachments<'a> {
    /// The INEs of a person: the master's registration, and those of its aliases.
    #[must_use]
    pub fn of(keys: &'a IdentityKeys, master: Registration, aliases: Vec<Registration>) -> Self {
        let mut people = vec![master];
        people.extend(aliases);
        Self { keys, people }
    }

    /// Every key that these people, and `other`, are indexed under.
    #[must_use]
    pub fn keys(&self, other: &Registration) -> BTreeSet<BlockId> {
        self.people
            .iter()
            .chain([other])
            .flat_map(|person| keys_of(&self.keys.blocks, &person.identite))
            .collect()
    }

    /// Makes `alias` one of them: gives the two registrations, changed, and changes the blocks of
    /// [`Self::keys`], in which the master then holds the traits of both.
    pub fn attach(
        mut self,
        mut alias: Registration,
        blocks: &mut BTreeMap<BlockId, Block<IneDigest>>,
    ) -> Result<[Registration; 2], AttachmentError> {
        let mut master = self.people[0].clone();
        if alias.ine == master.ine {
            return Err(AttachmentError::Same);
        }
        if !alias.alias.is_empty() {
            return Err(AttachmentError::HasAliases);
        }
        if master.maitre.is_some() {
            return Err(AttachmentError::MasterIsAlias);
        }
        if alias.maitre.is_some_and(|other| other != master.ine) {
            return Err(AttachmentError::AliasOfAnother);
        }
        if master.alias.len() >= MOST_ALIASES && !master.alias.contains(&alias.ine) {
            return Err(AttachmentError::TooMany);
        }
        if !master.alias.contains(&alias.ine) {
            master.alias.push(alias.ine);
        }
        alias.maitre = Some(master.ine);
        self.people.push(alias.clone());
        self.post(&[], &self.keys.ine(&alias.ine), blocks);
        self.post(&self.people, &self.keys.ine(&master.ine), blocks);
        Ok([master, alias])
    }

    /// Makes one of them, `alias`, stand for itself again, the same way.
    pub fn detach(
        mut self,
        mut alias: Registration,
        blocks: &mut BTreeMap<BlockId, Block<IneDigest>>,
    ) -> [Registration; 2] {
        let mut master = self.people[0].clone();
        master.alias.retain(|ine| *ine != alias.ine);
        alias.maitre = None;
        self.people.retain(|person| person.ine != alias.ine);
        self.post(&self.people, &self.keys.ine(&master.ine), blocks);
        self.post(std::slice::from_ref(&alias), &self.keys.ine(&alias.ine), blocks);
        [master, alias]
    }

    /// Posts exactly these people as one holder.
    fn post(
        &self,
        people: &[Registration],
        holder: &IneDigest,
        blocks: &mut BTreeMap<BlockId, Block<IneDigest>>,
    ) {
        for (key, block) in blocks {
            let indexed =
                |person: &&Registration| keys_of(&self.keys.blocks, &person.identite).contains(key);
            let traits: Vec<Traits> = people.iter().filter(indexed).map(traits_of).collect();
            block.set(holder, &traits);
        }
    }
}
