//! The members of an establishment and its invitations, listed on an item of its own.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Deserialize;

use super::{INVITATION, Invitation, Member, MemberStore, key};
use crate::domain::uai::Uai;
use crate::registry::keys::Item;
use crate::registry::{StoreError, read};

/// Items are read so many at a time.
const SIDE_BY_SIDE: usize = 100;

/// An invitation that nobody has taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub digest: String,
    pub invitation: Invitation,
}

/// Whoever is or was a member of an establishment, by their digest, and whom else it invited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    pub members: Vec<(String, Member)>,
    pub pending: Vec<Pending>,
}

#[derive(Debug, Default, Deserialize)]
struct Listed {
    #[serde(default)]
    members: BTreeSet<String>,
    #[serde(default)]
    invitations: BTreeSet<String>,
}

impl MemberStore {
    /// Who has access to an establishment, and who may have.
    pub async fn of_establishment(&self, uai: Uai, now: Timestamp) -> Result<Roster, StoreError> {
        let listed = self.listed(uai).await?;
        let members = self.many("M", &listed.members).await?;
        let mut pending: Vec<Pending> = self
            .many::<Invitation>("I", &listed.invitations)
            .await?
            .into_iter()
            .filter(|(_, invitation)| now.duration_since(invitation.since) < INVITATION)
            .map(|(digest, invitation)| Pending { digest, invitation })
            .collect();
        pending.sort_by_key(|pending| pending.invitation.since);
        Ok(Roster { members, pending })
    }

    /// Takes an invitation of an establishment back; one that is gone already stays so.
    pub async fn withdraw(&self, uai: Uai, digest: &str) -> Result<(), StoreError> {
        const OPERATION: &str = "members DeleteItem";
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(key("I", digest))).send().await;
        delete.map_err(|error| StoreError::new(OPERATION, &error))?;
        self.change_list(uai, "DELETE invitations :digests", [digest.to_owned()].into()).await
    }

    pub(super) async fn list_member(&self, uai: Uai, digest: &str) -> Result<(), StoreError> {
        self.change_list(uai, "ADD members :digests", [digest.to_owned()].into()).await
    }

    /// Those that were taken or have expired make room, so that the item stays small.
    pub(super) async fn list_invitation(&self, uai: Uai, digest: &str) -> Result<(), StoreError> {
        let mut gone = self.listed(uai).await?.invitations;
        for (alive, _) in self.many::<Invitation>("I", &gone).await? {
            gone.remove(&alive);
        }
        if !gone.is_empty() {
            self.change_list(uai, "DELETE invitations :digests", gone).await?;
        }
        self.change_list(uai, "ADD invitations :digests", [digest.to_owned()].into()).await
    }

    async fn listed(&self, uai: Uai) -> Result<Listed, StoreError> {
        let key = key("E", uai.as_str());
        let listed = read::one(&self.client, &self.table, key, "members GetItem").await?;
        Ok(listed.unwrap_or_default())
    }

    async fn change_list(
        &self,
        uai: Uai,
        change: &str,
        digests: BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let digests = AttributeValue::Ss(digests.into_iter().collect());
        let update = self.client.update_item().table_name(&self.table);
        let update = update
            .set_key(Some(key("E", uai.as_str())))
            .update_expression(change)
            .expression_attribute_values(":digests", digests);
        let sent = update.send().await;
        sent.map(drop).map_err(|error| StoreError::new("members UpdateItem", &error))
    }

    /// The items of these digests that are there, with their digests.
    async fn many<T: serde::de::DeserializeOwned>(
        &self,
        kind: &str,
        digests: &BTreeSet<String>,
    ) -> Result<Vec<(String, T)>, StoreError> {
        const OPERATION: &str = "members BatchGetItem";
        let mut found = Vec::with_capacity(digests.len());
        let keys: Vec<Item> = digests.iter().map(|digest| key(kind, digest)).collect();
        for some in keys.chunks(SIDE_BY_SIDE) {
            let items = read::many(&self.client, &self.table, some.to_vec(), true, OPERATION);
            for item in items.await? {
                let id = item.get("id").and_then(|id| id.as_s().ok());
                let digest = id.and_then(|id| id.split_once('#')).map(|(_, digest)| digest);
                let digest = digest.ok_or_else(|| StoreError::shape(OPERATION))?.to_owned();
                let value = serde_dynamo::from_item(item);
                found.push((digest, value.map_err(|_| StoreError::shape(OPERATION))?));
            }
        }
        Ok(found)
    }
}
