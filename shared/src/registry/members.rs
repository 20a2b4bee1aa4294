//! Who may do what in the portal: memberships, and the invitations that lead to them.
//!
//! | id | holds |
//! |---|---|
//! | `M#<digest>` | a member: what they may do for which establishment, and what they may do besides |
//! | `I#<digest>` | an invitation, used once |
//! | `E#<UAI>` | the digests of whoever is or was a member of an establishment, and of its invitations |
//!
//! The digest of a member is keyed, over the provider and its name for the person; that of an
//! invitation over its code. Each change is a line of the member's own `history`.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys::{Item, number, text};
use super::transaction::put_over;
use super::{StoreError, read};
use crate::access::officer::Officer;
use crate::domain::uai::Uai;
use crate::identity::digest::DigestKey;

mod of_establishment;
pub use of_establishment::{Pending, Roster};

/// An invitation that nobody takes ends after this.
pub const INVITATION: SignedDuration = SignedDuration::from_hours(14 * 24);
/// A membership ends after this, and has to be given again: people change posts.
pub const MEMBERSHIP: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Whom a change by a command is by.
pub const OPERATOR: &str = "operator";

/// What a member may do for an establishment; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EstablishmentRole {
    /// Reads imports and their reports.
    Lecteur,
    /// Sends files besides.
    Deposant,
    /// Invites members and makes write keys besides.
    Gestionnaire,
}

impl EstablishmentRole {
    /// All, from the one that may least.
    pub const ALL: [Self; 3] = [Self::Lecteur, Self::Deposant, Self::Gestionnaire];

    /// The name in forms and commands.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lecteur => "lecteur",
            Self::Deposant => "deposant",
            Self::Gestionnaire => "gestionnaire",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What a person may do that isn't for an establishment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NationalRole {
    /// Decides cases; is a member of no establishment that sends.
    Relecteur,
    /// Sees every establishment, and invites their first managers; answers requests of rights.
    Operateur,
    /// The data protection officer, who answers requests of rights and nothing else.
    Delegue,
}

impl NationalRole {
    /// All.
    pub const ALL: [Self; 3] = [Self::Relecteur, Self::Operateur, Self::Delegue];

    /// The name in forms and commands.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relecteur => "relecteur",
            Self::Operateur => "operateur",
            Self::Delegue => "delegue",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What an invitation gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Grant {
    Establishment { uai: Uai, role: EstablishmentRole },
    National { role: NationalRole },
}

/// A role with its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held<R> {
    pub role: R,
    pub until: Timestamp,
}

/// A change of a member's roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub at: Timestamp,
    /// The role that was given, or ended.
    pub grant: Grant,
    /// The member who invited or changed, by their digest; [`OPERATOR`] for a command.
    pub by: String,
    /// Whether the role ended by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
}

impl Change {
    /// Whether it is about what somebody may do for an establishment.
    #[must_use]
    pub fn is_of(&self, of: Uai) -> bool {
        matches!(self.grant, Grant::Establishment { uai, .. } if uai == of)
    }
}

/// A person who was invited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    #[serde(default)]
    pub version: u64,
    /// As they were called when they last took an invitation.
    pub name: String,
    #[serde(default)]
    pub establishments: BTreeMap<Uai, Held<EstablishmentRole>>,
    #[serde(default)]
    pub national: Option<Held<NationalRole>>,
    /// Whose voice they are as a reviewer; none for one who was invited in nobody's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<Officer>,
    #[serde(default)]
    pub history: Vec<Change>,
}

/// The digest of the member that a provider's person is: `sub` is unique within the provider behind
/// the provider.
#[must_use]
pub fn member_digest(key: &DigestKey, idp_id: Option<&str>, sub: &str) -> String {
    key.of(&["membre", idp_id.unwrap_or_default(), sub])
}

/// The digest of an invitation's code.
#[must_use]
pub fn invitation_digest(key: &DigestKey, code: &str) -> String {
    key.of(&["invitation", code])
}

/// Why an invitation gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Who decides about records may not send any, nor the other way round.
    #[error("a reviewer can't be a member of an establishment")]
    ReviewerAndDepositor,
}

impl Member {
    /// What they may do for an establishment now.
    #[must_use]
    pub fn role(&self, uai: Uai, now: Timestamp) -> Option<EstablishmentRole> {
        self.establishments.get(&uai).filter(|held| held.until > now).map(|held| held.role)
    }

    /// The establishments that they may do something for now.
    pub fn roles(&self, now: Timestamp) -> impl Iterator<Item = (Uai, EstablishmentRole)> + '_ {
        let alive = move |(_, held): &(&Uai, &Held<_>)| held.until > now;
        self.establishments.iter().filter(alive).map(|(uai, held)| (*uai, held.role))
    }

    /// What they may do besides, now.
    #[must_use]
    pub fn national(&self, now: Timestamp) -> Option<NationalRole> {
        self.national.filter(|held| held.until > now).map(|held| held.role)
    }

    /// Gives them a role, until [`MEMBERSHIP`] from now.
    ///
    /// # Errors
    ///
    /// [`GrantError`] when it excludes a role that they have.
    pub fn grant(&mut self, invitation: &Invitation, now: Timestamp) -> Result<(), GrantError> {
        let until = now + MEMBERSHIP;
        match invitation.grant {
            Grant::Establishment { uai, role } => {
                if self.national(now) == Some(NationalRole::Relecteur) {
                    return Err(GrantError::ReviewerAndDepositor);
                }
                self.establishments.insert(uai, Held { role, until });
            }
            Grant::National { role } => {
                if role == NationalRole::Relecteur && self.roles(now).next().is_some() {
                    return Err(GrantError::ReviewerAndDepositor);
                }
                self.national = Some(Held { role, until });
                if role == NationalRole::Relecteur {
                    self.officer.clone_from(&invitation.officer);
                }
            }
        }
        let Invitation { grant, by, .. } = invitation.clone();
        self.history.push(Change { at: now, grant, by, ended: false });
        Ok(())
    }

    /// Ends their role for an establishment; false when they have none.
    pub fn end(&mut self, uai: Uai, by: &str, now: Timestamp) -> bool {
        let Some(role) = self.role(uai, now) else { return false };
        self.establishments.remove(&uai);
        let grant = Grant::Establishment { uai, role };
        self.history.push(Change { at: now, grant, by: by.to_owned(), ended: true });
        true
    }
}

/// An invitation to be a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub grant: Grant,
    /// Of a reviewer: the name under which their administration's directory knows them, by which
    /// voices are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<Officer>,
    pub by: String,
    pub since: Timestamp,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    Yes,
    /// The invitation was taken, or the member changed, meanwhile.
    Overtaken,
}

/// The table `members`.
#[derive(Debug, Clone)]
pub struct MemberStore {
    client: Client,
    table: String,
}

impl MemberStore {
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// A member; `None` for somebody who was never invited.
    pub async fn member(&self, digest: &str) -> Result<Option<Member>, StoreError> {
        read::one(&self.client, &self.table, key("M", digest), "members GetItem").await
    }

    /// Keeps an invitation under the digest of its code. Kept twice, it is the same.
    ///
    /// Its establishment is told first: a crash in between leaves a digest there that leads to
    /// nothing.
    pub async fn invite(&self, digest: &str, invitation: &Invitation) -> Result<(), StoreError> {
        const OPERATION: &str = "members PutItem";
        if let Grant::Establishment { uai, .. } = invitation.grant {
            self.list_invitation(uai, digest).await?;
        }
        let mut item: Item =
            serde_dynamo::to_item(invitation).map_err(|_| StoreError::shape(OPERATION))?;
        item.extend(key("I", digest));
        let ends = invitation.since.as_second() + INVITATION.as_secs();
        item.insert("expires_at".into(), number(ends));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| StoreError::new(OPERATION, &error))
    }

    /// An invitation that can still be taken.
    pub async fn invitation(
        &self,
        digest: &str,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StoreError> {
        let found: Option<Invitation> =
            read::one(&self.client, &self.table, key("I", digest), "members GetItem").await?;
        Ok(found.filter(|invitation| now.duration_since(invitation.since) < INVITATION))
    }

    /// Takes an invitation: it goes, and the member has its role, or neither.
    ///
    /// Repeated after an answer that was lost, it finds the invitation gone: the caller sees the
    /// role in the member. The establishments of the member list them first: a crash in between
    /// leaves one there who has no role.
    pub async fn join(
        &self,
        invitation: &str,
        digest: &str,
        member: &Member,
    ) -> Result<Joined, StoreError> {
        use aws_sdk_dynamodb::types::Delete;
        const OPERATION: &str = "members TransactWriteItems";
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key("I", invitation)))
            .condition_expression("attribute_exists(id)")
            .build()
            .map_err(|error| StoreError::encode(OPERATION, error.into()))?;
        if let Some(Change { grant: Grant::Establishment { uai, .. }, .. }) = member.history.last()
        {
            self.list_member(*uai, digest).await?;
        }
        let taken = TransactWriteItem::builder().delete(delete).build();
        self.write(digest, member, Some(taken)).await
    }

    /// Writes a member whose roles were changed, over the version that was read.
    pub async fn save(&self, digest: &str, member: &Member) -> Result<Joined, StoreError> {
        self.write(digest, member, None).await
    }

    async fn write(
        &self,
        digest: &str,
        member: &Member,
        with: Option<TransactWriteItem>,
    ) -> Result<Joined, StoreError> {
        use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
        const OPERATION: &str = "members TransactWriteItems";
        let mut item: Item =
            serde_dynamo::to_item(Member { version: member.version + 1, ..member.clone() })
                .map_err(|_| StoreError::shape(OPERATION))?;
        item.extend(key("M", digest));
        let put = put_over(&self.table, "id", item, member.version)
            .map_err(|error| StoreError::encode(OPERATION, error))?;
        let writes = with.into_iter().chain([put]).collect();
        let sent = self.client.transact_write_items().set_transact_items(Some(writes)).send();
        match sent.await {
            Ok(_) => Ok(Joined::Yes),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                    if super::transaction::was_overtaken(cancelled.cancellation_reasons()) =>
                {
                    Ok(Joined::Overtaken)
                }
                _ => Err(StoreError::new(OPERATION, &error)),
            },
        }
    }
}

fn key(kind: &str, digest: &str) -> Item {
    Item::from([("id".to_owned(), text(format!("{kind}#{digest}")))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation(grant: Grant) -> Invitation {
        Invitation { grant, officer: None, by: "operator".into(), since: now() }
    }

    fn now() -> Timestamp {
        "2026-09-14T08:00:00Z".parse().unwrap()
    }

    fn depositor() -> Grant {
        let uai = Uai::parse("0751717J").unwrap();
        Grant::Establishment { uai, role: EstablishmentRole::Deposant }
    }

    #[test]
    fn nobody_decides_on_what_they_send() {
        let reviewer = Grant::National { role: NationalRole::Relecteur };
        for (first, second) in [(depositor(), reviewer), (reviewer, depositor())] {
            let mut member = Member::default();
            member.grant(&invitation(first), now()).unwrap();
            let refused = member.grant(&invitation(second), now());
            assert_eq!(refused, Err(GrantError::ReviewerAndDepositor));
            // Once the first role has ended, the other may be given.
            member.grant(&invitation(second), now() + MEMBERSHIP).unwrap();
        }
    }

    #[test]
    fn a_role_ends_and_its_history_stays() {
        let mut member = Member::default();
        member.grant(&invitation(depositor()), now()).unwrap();
        let uai = Uai::parse("0751717J").unwrap();
        assert_eq!(member.role(uai, now()), Some(EstablishmentRole::Deposant));
        assert_eq!(member.role(uai, now() + MEMBERSHIP), None);
        assert_eq!(member.roles(now() + MEMBERSHIP).count(), 0);
        assert_eq!(member.history.len(), 1);
    }

    #[test]
    fn a_role_that_is_ended_is_traced_and_ends_once() {
        let mut member = Member::default();
        member.grant(&invitation(depositor()), now()).unwrap();
        let uai = Uai::parse("0751717J").unwrap();
        assert!(member.end(uai, "another", now()) && !member.end(uai, "another", now()));
        assert_eq!(member.role(uai, now()), None);
        let ended: Vec<_> = member.history.iter().map(|change| change.ended).collect();
        assert_eq!(ended, [false, true]);
        // What was written before roles could end reads back.
        let before = r#"{"at":"2026-09-14T08:00:00Z","grant":{"kind":"national","role":"relecteur"},"by":"operator"}"#;
        assert!(!serde_json::from_str::<Change>(before).unwrap().ended);
    }
}
