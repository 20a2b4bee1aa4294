//! Members of the portal.

use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;
use shared::access::officer::Officer;
use shared::auth::oidc::random;
use shared::domain::uai::Uai;
use shared::identity::digest::DigestKey;
use shared::registry::establishments::EstablishmentStore;
use shared::registry::members::{
    Grant, Invitation, Joined, MemberStore, OPERATOR, invitation_digest, member_digest,
};

use crate::deployment::Deployment;

/// The portal's members, and the key that their digests are made with.
pub struct Members {
    store: MemberStore,
    establishments: EstablishmentStore,
    key: DigestKey,
}

impl Members {
    /// Those of a deployment.
    pub async fn of(deployment: &Deployment) -> Result<Self> {
        let dynamodb = || deployment.dynamodb.clone();
        Ok(Self {
            store: MemberStore::new(dynamodb(), deployment.table("members")),
            establishments: EstablishmentStore::new(dynamodb(), deployment.table("establishments")),
            key: deployment.digest_key("hmac/portal").await?,
        })
    }

    /// Makes an invitation and gives its code, which is nowhere else.
    ///
    /// A reviewer is invited in the name of an officer, whose voice they are.
    pub async fn invite(
        &self,
        grant: Grant,
        officer: Option<Officer>,
        now: Timestamp,
    ) -> Result<String> {
        if let Grant::Establishment { uai, .. } = grant {
            self.is_registered(uai).await?;
        }
        let code = random().map_err(|_| anyhow!("this machine has no randomness to give"))?;
        let invitation = Invitation { grant, officer, by: OPERATOR.to_owned(), since: now };
        let digest = invitation_digest(&self.key, &code);
        self.store.invite(&digest, &invitation).await.context("the invitation can't be kept")?;
        Ok(code)
    }

    /// Makes a person a member at once, as their taking an invitation would: for the accounts of a
    /// test provider.
    pub async fn join(
        &self,
        sub: &str,
        name: &str,
        officer: Option<&Officer>,
        grants: &[Grant],
    ) -> Result<()> {
        let now = Timestamp::now();
        let digest = member_digest(&self.key, None, sub);
        for grant in grants {
            let code = self.invite(*grant, officer.cloned(), now).await?;
            let mut member = self.store.member(&digest).await?.unwrap_or_default();
            name.clone_into(&mut member.name);
            let (officer, by) = (officer.cloned(), OPERATOR.to_owned());
            member.grant(&Invitation { grant: *grant, officer, by, since: now }, now)?;
            let invitation = invitation_digest(&self.key, &code);
            match self.store.join(&invitation, &digest, &member).await? {
                Joined::Yes => {}
                Joined::Overtaken => bail!("somebody changes the same member"),
            }
        }
        Ok(())
    }

    async fn is_registered(&self, uai: Uai) -> Result<()> {
        let known = self.establishments.get(uai).await?;
        known.map(drop).with_context(|| {
            format!("{uai} is not registered: `statut establishment load` or `set` comes first")
        })
    }
}
