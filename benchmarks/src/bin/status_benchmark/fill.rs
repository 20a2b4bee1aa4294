//! The tables' content, written by the system's own stores: keys and shapes are theirs, and no test
//! data goes stale.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use benchmarks::sample;
use jiff::{SignedDuration, Timestamp};
use shared::access::client::{Client, Key, Recipients, State};
use shared::access::key::KeyDigest;
use shared::access::route::Route;
use shared::domain::record_state::RecordState;
use shared::identity::digest::RecordId;
use shared::identity::edge::{Edge, InesVerification, Links, Reason};
use shared::identity::engine::RULE_VERSION;
use shared::identity::finding::StatutIne;
use shared::identity::moves::Moves;
use shared::identity::publication::{Blocks, Change, RecordUpdate, Write, plan};
use shared::identity::student::{RecordVersion, Student, StudentId};
use shared::registry::blocks::BlockStore;
use shared::registry::clients::ClientStore;
use shared::registry::findings::FindingStore;
use shared::registry::publications::{Published, Publisher};
use shared::registry::reviews::ReviewStore;

use crate::stub::{Stub, Tables};

/// Everything that a look-up reads.
pub(crate) async fn tables() -> Result<Tables> {
    let stub = Stub::to_fill().await?;
    let dynamodb = dynamodb(&stub);
    client(&ClientStore::new(dynamodb.clone(), "clients".into()))
        .await
        .context("the client can't be stored")?;
    student(dynamodb).await.context("the student can't be stored")?;
    Ok(stub.tables())
}

async fn client(clients: &ClientStore) -> Result<()> {
    let routes = BTreeSet::from([Route::StatusByIne, Route::StatusByIdentity]);
    // With the quota that clients have: a larger one is drawn ahead, and would cost less than a
    // write for each request. The stub never says that it is empty.
    let client = Client::new(sample::CLIENT_ID, "Banc d'essai");
    clients.put(&Client { routes: routes.clone(), recipients: Recipients::Any, ..client }).await?;
    let key = Key {
        digest: KeyDigest::of(sample::CLIENT_KEY),
        client_id: sample::CLIENT_ID.into(),
        routes,
        state: State::Active,
        valid_until: None,
        created_at: Timestamp::now(),
        made_by: None,
        ended_by: None,
    };
    clients.put_key(&key).await?;
    Ok(())
}

async fn student(dynamodb: aws_sdk_dynamodb::Client) -> Result<()> {
    let keys = sample::identity_keys();
    let before = Student::newcomer(StudentId::random());
    let mut after = before.clone();
    let mut last = None;
    for (line, declaration) in (2..).zip(sample::declarations()?) {
        let edge = Edge {
            record: RecordId::of(&keys.ine, &declaration),
            version: RecordVersion::new(Timestamp::now(), "", "benchmark", line),
            declaration,
            verification: InesVerification::Unasked,
            reason: Reason::Newcomer,
            evidence: None,
            runner_up: None,
            rules_version: RULE_VERSION,
            links: Links::default(),
            moves: Moves::default(),
        };
        last = Some(edge.clone());
        after.attach(edge);
    }
    let Edge { record, version, .. } = last.context("nothing was declared")?;
    let update = RecordUpdate {
        record,
        version,
        before: None,
        links: Links::default(),
        state: RecordState::Resolved,
        student: after.id,
        doubt: None,
        statut_ine: StatutIne::AVerifier,
        finding: None,
        unknown_since: None,
        verify_on: None,
    };
    let mut writes = plan(&[Change { before, after, merged_into: None }], &keys, &Blocks::new());
    writes.push(Write::UpdateRecord(Box::new(update)));

    let blocks = BlockStore::new(dynamodb.clone(), "blocks".into());
    let reviews = ReviewStore::new(dynamodb.clone(), "reviews".into());
    let findings = (FindingStore::new(dynamodb.clone(), "findings".into()), SignedDuration::ZERO);
    let tables =
        Publisher::new(dynamodb, ("students".into(), "records".into()), blocks, reviews, findings);
    let published = tables.publish(&writes, jiff::Timestamp::now()).await?;
    ensure!(published == Published::Yes, "the stub refused the publication");
    Ok(())
}

fn dynamodb(stub: &Stub) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(without_proxy())
        .region(Region::new("eu-west-3"))
        .endpoint_url(format!("http://{}", stub.addresses().dynamodb))
        .credentials_provider(Credentials::new("test", "test", None, None, "benchmark"))
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// The last behaviour that ignores the proxies of the environment: the stub is on this machine.
#[expect(
    deprecated,
    reason = "later behaviours would send requests for 127.0.0.1 to the person's proxy"
)]
fn without_proxy() -> BehaviorVersion {
    BehaviorVersion::v2025_01_17()
}
