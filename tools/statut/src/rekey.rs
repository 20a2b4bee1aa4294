//! The register under new secrets, from those before.

use anyhow::{Context as _, Result, bail};
use aws_sdk_secretsmanager::types::Tag;
use shared::identity::digest::{DigestKey, IdentityKeys};
use shared::registry::StoreError;
use shared::registry::rekeying::{Rekeyed, Rekeying, Tables};
use tokio::task::JoinSet;

use crate::deployment::Deployment;

/// Parts of each table, that are gone through side by side.
const SEGMENTS: i32 = 16;
/// What a secret says of itself: the version that everything was derived with.
const TAG: &str = "rekeyed";

/// One secret, as it was and as it is.
struct Renewal {
    /// `hmac/ine`.
    secret: &'static str,
    before: Option<DigestKey>,
    now: DigestKey,
}

impl Renewal {
    async fn of(deployment: &Deployment, secret: &'static str) -> Result<Self> {
        let before = deployment.digest_key_before(secret).await?;
        Ok(Self { secret, before, now: deployment.digest_key(secret).await? })
    }

    /// The key that things may still be under.
    fn before(&self) -> DigestKey {
        self.before.clone().unwrap_or_else(|| self.now.clone())
    }
}

/// Derives every key anew that was derived with the secrets before, and notes it on each secret
/// once nothing is left under them.
///
/// Run again, it goes on where it was stopped.
pub(crate) async fn run(
    deployment: &Deployment,
    mut told: impl FnMut(&str, Rekeyed),
) -> Result<Rekeyed> {
    let ine = Renewal::of(deployment, "hmac/ine").await?;
    let identity = Renewal::of(deployment, "hmac/identity").await?;
    if ine.before.is_none() && identity.before.is_none() {
        bail!("neither secret was renewed: nothing is to be derived anew");
    }
    let tables = Tables {
        students: deployment.table("students"),
        blocks: deployment.table("blocks"),
        records: deployment.table("records"),
        reviews: deployment.table("reviews"),
    };
    let before = IdentityKeys::new(ine.before(), &identity.before());
    let after = IdentityKeys::new(ine.now.clone(), &identity.now);
    let rekeying = Rekeying::new(deployment.dynamodb.clone(), tables, before, after);
    let mut all = Rekeyed::default();
    // What is moved while a table is gone through may be met again under its new key, and counts
    // for nothing then; what was written meanwhile is found by the next round.
    loop {
        let ines =
            each(
                &rekeying,
                |rekeying, segment| async move { rekeying.ines(segment, SEGMENTS).await },
            );
        let ines = ines.await.context("the students can't be re-keyed")?;
        told("INEs", ines);
        let blocks =
            each(
                &rekeying,
                |rekeying, segment| async move { rekeying.blocks(segment, SEGMENTS).await },
            );
        let blocks = blocks.await.context("the blocks can't be re-keyed")?;
        told("blocks", blocks);
        let cases = rekeying.cases().await.context("the cases can't be re-keyed")?;
        told("cases", cases);
        let mut round = ines;
        round += blocks;
        round += cases;
        all.moved += round.moved;
        all.left = round.left;
        if round.moved == 0 {
            break;
        }
    }
    if all.left > 0 {
        bail!(
            "{} items are under the former secrets, and nothing tells what they were derived with: \
             deduplication must be stopped (`rekeying`); see the runbook, \"Renew a secret of keys\"",
            all.left
        );
    }
    for renewal in [ine, identity] {
        if renewal.before.is_some() {
            note(deployment, &renewal).await?;
        }
    }
    Ok(all)
}

/// Runs something for each part of a table, side by side.
async fn each<F>(
    rekeying: &Rekeying,
    run: impl Fn(Rekeying, i32) -> F,
) -> Result<Rekeyed, StoreError>
where
    F: Future<Output = Result<Rekeyed, StoreError>> + Send + 'static,
{
    let mut parts = JoinSet::new();
    for segment in 0..SEGMENTS {
        parts.spawn(run(rekeying.clone(), segment));
    }
    let mut done = Rekeyed::default();
    for part in parts.join_all().await {
        done += part?;
    }
    Ok(done)
}

async fn note(deployment: &Deployment, renewal: &Renewal) -> Result<()> {
    let name = format!("{}/{}", deployment.name, renewal.secret);
    let tag = Tag::builder().key(TAG).value(renewal.now.id()).build();
    let tagged = deployment.secrets.tag_resource().secret_id(&name).tags(tag).send().await;
    tagged.with_context(|| format!("{name} can't be told that it is done: run this again"))?;
    Ok(())
}
