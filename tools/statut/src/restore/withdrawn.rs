//! What was taken back since the instant is taken back again.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use shared::access::client::{Client, Key, State};
use shared::access::key::KeyDigest;
use shared::domain::uai::Uai;
use shared::identity::engine::RULE_VERSION;
use shared::identity::review::{Case, CaseQuestion};
use shared::identity::student::StudentId;
use shared::registry::clients::ClientStore;
use shared::registry::identity_queue::IdentityQueue;
use shared::registry::members::{
    EstablishmentRole, Grant, Invitation, Joined, MemberStore, OPERATOR,
};
use shared::registry::reviews::{ReviewStore, Saved};
use shared::registry::students::StudentStore;
use shared::registry::withdrawals::{Withdrawal, WithdrawalStore, Withdrawn};

use crate::deployment::Deployment;

/// What became of a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It had come back, and was taken back again.
    Applied,
    /// It had not come back.
    StoodAlready,
    /// What it was about is younger than the instant, and went with the restore.
    Gone,
}

impl Outcome {
    /// The word of the table and of the JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Applied => "taken back again",
            Self::StoodAlready => "stood already",
            Self::Gone => "gone with the restore",
        }
    }
}

/// Applies every withdrawal since an instant, and says what became of each.
///
/// Idempotent: what stands is left as it is, and run again it goes over all of it again.
pub(crate) async fn apply(
    deployment: &Deployment,
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<(Withdrawal, Outcome)>> {
    let stores = Stores::of(deployment).await?;
    let withdrawals =
        WithdrawalStore::new(deployment.dynamodb.clone(), deployment.table("withdrawals"));
    let noted = withdrawals.since(since, now).await;
    let mut applied = Vec::new();
    for withdrawal in noted.context("the withdrawals can't be read")? {
        let outcome = match &withdrawal.withdrawn {
            Withdrawn::Client { client_id } => stores.client(client_id).await,
            Withdrawn::Key { key, until, .. } => stores.key(key, *until).await,
            Withdrawn::Token { token, until } => stores.token(token, *until).await,
            Withdrawn::Student { student } => stores.student(*student, now).await,
            Withdrawn::Role { member, uai, left } => stores.role(member, *uai, *left, now).await,
        };
        applied.push((withdrawal, outcome?));
    }
    Ok(applied)
}

struct Stores {
    clients: ClientStore,
    members: MemberStore,
    reviews: ReviewStore,
    students: StudentStore,
    queue: IdentityQueue,
}

impl Stores {
    async fn of(deployment: &Deployment) -> Result<Self> {
        let dynamodb = || deployment.dynamodb.clone();
        Ok(Self {
            clients: ClientStore::new(dynamodb(), deployment.table("clients")),
            members: MemberStore::new(dynamodb(), deployment.table("members")),
            reviews: ReviewStore::new(dynamodb(), deployment.table("reviews")),
            students: StudentStore::new(dynamodb(), deployment.table("students")),
            queue: IdentityQueue::new(deployment.sqs.clone(), deployment.queue("identity").await?),
        })
    }

    async fn client(&self, id: &str) -> Result<Outcome> {
        let read = self.clients.by_id(id).await.context("a client can't be read")?;
        Ok(match read {
            None => Outcome::Gone,
            Some(client) if client.state == State::Revoked => Outcome::StoodAlready,
            Some(client) => {
                let revoked = Client { state: State::Revoked, ..client };
                self.clients.put(&revoked).await.context("a client can't be revoked")?;
                Outcome::Applied
            }
        })
    }

    async fn key(&self, digest: &KeyDigest, until: Timestamp) -> Result<Outcome> {
        let key = self.clients.key(digest).await.context("a key can't be read")?;
        let Some(key) = key else { return Ok(Outcome::Gone) };
        let ends = key.valid_until.is_some_and(|end| end <= until);
        if ends || key.state == State::Revoked {
            return Ok(Outcome::StoodAlready);
        }
        let ended = Key { valid_until: Some(until), ..key };
        self.clients.put_key(&ended).await.context("a key can't be given its end")?;
        Ok(Outcome::Applied)
    }

    async fn token(&self, token: &KeyDigest, until: Timestamp) -> Result<Outcome> {
        let revoked = self.clients.is_token_revoked(token).await;
        if revoked.context("the revoked tokens can't be read")? {
            return Ok(Outcome::StoodAlready);
        }
        self.clients.revoke_token(token, until).await.context("a token can't be revoked")?;
        Ok(Outcome::Applied)
    }

    /// A role that came back is lowered to what was left of it, or ended.
    async fn role(
        &self,
        digest: &str,
        uai: Uai,
        left: Option<EstablishmentRole>,
        now: Timestamp,
    ) -> Result<Outcome> {
        let read = self.members.member(digest).await.context("a member can't be read")?;
        let Some(mut member) = read else { return Ok(Outcome::Gone) };
        let Some(role) = member.role(uai, now) else { return Ok(Outcome::StoodAlready) };
        match left {
            Some(left) if role <= left => return Ok(Outcome::StoodAlready),
            Some(role) => {
                let grant = Grant::Establishment { uai, role };
                let by = OPERATOR.to_owned();
                member.grant(&Invitation { grant, officer: None, by, since: now }, now)?;
            }
            None => drop(member.end(uai, OPERATOR, now)),
        }
        let saved = self.members.save(digest, &member).await.context("a role can't be ended")?;
        anyhow::ensure!(saved == Joined::Yes, "somebody changes the same member: run this again");
        Ok(Outcome::Applied)
    }

    /// Opens the case that hides the student, wherever it was joined to meanwhile. The case first,
    /// then the pointer that has it applied: stopped between the two, a second run sends it.
    async fn student(&self, student: StudentId, now: Timestamp) -> Result<Outcome> {
        let found = self.students.get(student).await.context("a student can't be read")?;
        let Some(student) = found.map(|student| student.id) else { return Ok(Outcome::Gone) };
        let question = CaseQuestion::Dispute { student };
        let read = self.reviews.get(&question.case()).await.context("a case can't be read")?;
        let (case, changed) = match read {
            None => (Case::open(question, RULE_VERSION, now), true),
            Some(mut case) => {
                let changed = case.ask_again(question, RULE_VERSION, now);
                (case, changed)
            }
        };
        if changed {
            let saved = self.reviews.save(&case).await.context("a case can't be opened")?;
            anyhow::ensure!(
                saved == Saved::Yes,
                "somebody decides on the case {}: run this again",
                case.id
            );
        }
        if case.pending().is_some() {
            self.queue.send_case(&case.id).await.context("the identity queue can't be told")?;
        }
        Ok(if changed { Outcome::Applied } else { Outcome::StoodAlready })
    }
}
