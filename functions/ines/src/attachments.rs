//! Two INEs of one person, joined under one of them, and parted again.
//!
//! Idempotent: what is joined, or parted, already is answered as if it had just been. Registrations
//! and blocks are written in one transaction, over the versions that were read.

use std::collections::BTreeMap;

use shared::contract::ines::{Attachment, Detachment};
use shared::domain::ine::Ine;
use shared::identity::block::{Block, BlockId};
use shared::identity::digest::IneDigest;
use shared::identity::immatriculation::{Attachments, Registration};
use shared::registry::blocks::Consistency;
use shared::registry::ines::{Committed, Write};
use shared::registry::{StoreError, backoff};

use crate::answer::{About, InesAnswer};
use crate::context::Context;
use crate::refusal::{ApiError, Refusal};
use crate::verification::ine;

/// Makes an INE the alias of another.
pub(crate) async fn attach(context: &Context, body: &Attachment) -> Result<InesAnswer, ApiError> {
    let (alias, master) = (ine(&body.ine)?, ine(&body.ine_maitre)?);
    let mut waits = backoff();
    while !attempt_to_attach(context, &alias, &master).await? {
        let wait = waits.next().ok_or_else(|| StoreError::contention("attaching an INE"))?;
        tokio::time::sleep(wait).await;
    }
    let told =
        Attachment { ine: alias.expose().to_owned(), ine_maitre: master.expose().to_owned() };
    Ok(InesAnswer::ok(&told, About::Person(context.keys.ine(&master)), "attached"))
}

/// Makes an INE stand for itself again.
pub(crate) async fn detach(context: &Context, body: &Detachment) -> Result<InesAnswer, ApiError> {
    let alias = ine(&body.ine)?;
    let mut waits = backoff();
    while !attempt_to_detach(context, &alias).await? {
        let wait = waits.next().ok_or_else(|| StoreError::contention("detaching an INE"))?;
        tokio::time::sleep(wait).await;
    }
    let told = Detachment { ine: alias.expose().to_owned() };
    Ok(InesAnswer::ok(&told, About::Person(context.keys.ine(&alias)), "detached"))
}

/// False when someone else was faster.
async fn attempt_to_attach(context: &Context, alias: &Ine, master: &Ine) -> Result<bool, ApiError> {
    let (alias, master) =
        (registration(context, alias).await?, registration(context, master).await?);
    if alias.maitre == Some(master.ine) {
        return Ok(true);
    }
    let (attachments, mut blocks) = people(context, master, &alias).await?;
    let changed = attachments.attach(alias, &mut blocks).map_err(Refusal::Attachment)?;
    Ok(commit(context, &changed, &blocks).await?)
}

/// False when someone else was faster.
async fn attempt_to_detach(context: &Context, alias: &Ine) -> Result<bool, ApiError> {
    let alias = registration(context, alias).await?;
    let Some(master) = &alias.maitre else { return Ok(true) };
    let master = registration(context, master).await?;
    let (attachments, mut blocks) = people(context, master, &alias).await?;
    let changed = attachments.detach(alias, &mut blocks);
    Ok(commit(context, &changed, &blocks).await?)
}

async fn registration(context: &Context, ine: &Ine) -> Result<Registration, ApiError> {
    Ok(context.store.registration(&context.keys.ine(ine)).await?.ok_or(Refusal::NoSuchIne)?)
}

/// A master's INEs, and all the blocks that they and `other` are indexed in, as of now.
async fn people<'a>(
    context: &'a Context,
    master: Registration,
    other: &Registration,
) -> Result<(Attachments<'a>, BTreeMap<BlockId, Block<IneDigest>>), StoreError> {
    let aliases: Vec<IneDigest> = master.alias.iter().map(|ine| context.keys.ine(ine)).collect();
    let aliases = context.store.registrations(&aliases).await?;
    let attachments = Attachments::of(&context.keys, master, aliases);
    let blocks = context.store.sharing(&attachments.keys(other), Consistency::Strong).await?;
    Ok((attachments, blocks))
}

async fn commit(
    context: &Context,
    changed: &[Registration; 2],
    blocks: &BTreeMap<BlockId, Block<IneDigest>>,
) -> Result<bool, StoreError> {
    let digests = changed.each_ref().map(|registration| context.keys.ine(&registration.ine));
    let registrations = digests
        .iter()
        .zip(changed)
        .map(|(digest, registration)| Write::Registration(digest, registration));
    let writes: Vec<_> =
        registrations.chain(blocks.iter().map(|(key, block)| Write::Block(key, block))).collect();
    Ok(context.store.commit(&writes).await? == Committed::Yes)
}
