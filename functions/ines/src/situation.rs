//! All that a decision about a person rests on, and the transaction that follows from it.
//!
//! Every block of the person is read, as of now, and written or held to its version in the
//! transaction: of two requests for one person, at the same moment, the second is overtaken, looks
//! again, and finds the first. A crash before the transaction leaves nothing, one after it leaves
//! all, and the request itself says so when it is repeated.

use std::collections::BTreeMap;

use shared::domain::civil_identity::CivilIdentity;
use shared::domain::ine::Ine;
use shared::identity::block::{Block, BlockId};
use shared::identity::digest::IneDigest;
use shared::identity::immatriculation::{Registration, Request, Resembling, keys_of, traits_of};
use shared::registry::StoreError;
use shared::registry::blocks::Consistency;
use shared::registry::ines::{Committed, Write};

use crate::context::Context;

/// Who shares a key with a person.
pub(crate) struct Situation {
    blocks: BTreeMap<BlockId, Block<IneDigest>>,
}

impl Situation {
    /// Reads who shares a key with a person.
    pub(crate) async fn observe(
        context: &Context,
        identity: &CivilIdentity,
        consistency: Consistency,
    ) -> Result<Self, StoreError> {
        let keys = keys_of(&context.keys.blocks, identity);
        Ok(Self { blocks: context.store.sharing(&keys, consistency).await? })
    }

    /// Those who share a key.
    pub(crate) fn resembling(&self) -> Resembling {
        Resembling::of(self.blocks.values())
    }

    /// Grants a request the INE of somebody who is there, if nobody has joined or left meanwhile;
    /// `None` otherwise.
    pub(crate) async fn grant_known(
        &self,
        context: &Context,
        request: Request,
        holder: &IneDigest,
    ) -> Result<Option<Request>, StoreError> {
        let known = context
            .store
            .registration(holder)
            .await?
            .ok_or_else(|| StoreError::shape("ines GetItem"))?;
        let request = request.granted(known.master(), false);
        let mut writes = vec![Write::Request(&request)];
        writes.extend(self.blocks.iter().map(|(key, block)| Write::Unmoved(key, block.version)));
        let committed = context.store.commit(&writes).await?;
        Ok((committed == Committed::Yes).then_some(request))
    }

    /// Grants a request an INE that nobody has yet, and posts who has it now; `None` when somebody
    /// was faster, or has that very number.
    pub(crate) async fn grant_new(
        mut self,
        context: &Context,
        request: Request,
    ) -> Result<Option<Request>, StoreError> {
        let ine = draw();
        let digest = context.keys.ine(&ine);
        let registration =
            Registration { attribue: true, ..Registration::new(ine, request.identite.clone()) };
        for block in self.blocks.values_mut() {
            block.set(&digest, &[traits_of(&registration)]);
        }
        let request = request.granted(ine, true);
        let mut writes =
            vec![Write::Request(&request), Write::Registration(&digest, &registration)];
        writes.extend(self.blocks.iter().map(|(key, block)| Write::Block(key, block)));
        let committed = context.store.commit(&writes).await?;
        Ok((committed == Committed::Yes).then_some(request))
    }
}

/// A number at random. Not the next one: INEs are dense, and those of people who come together,
/// such as siblings, would be a slip apart. That nobody has it is checked by the write.
fn draw() -> Ine {
    loop {
        // 60 random bits, so that no number is likelier than another by more than one in a billion.
        let number = uuid::Uuid::new_v4().as_u128() & ((1 << 60) - 1);
        if let Some(ine) = u32::try_from(number % 1_000_000_000).ok().and_then(Ine::rnie) {
            return ine;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use shared::domain::ine::{Checksum, IneForm};

    use super::*;

    #[test]
    fn numbers_are_the_national_registers_and_far_apart() {
        let drawn: Vec<Ine> = (0..1_000).map(|_| draw()).collect();
        assert!(
            drawn
                .iter()
                .all(|ine| (ine.form(), ine.checksum()) == (IneForm::Rnie, Checksum::Valid))
        );
        assert!(drawn.iter().collect::<HashSet<_>>().len() > 990);
        let firsts: HashSet<char> =
            drawn.iter().filter_map(|ine| ine.expose().chars().next()).collect();
        assert_eq!(firsts.len(), 10, "numbers of every length");
    }
}
