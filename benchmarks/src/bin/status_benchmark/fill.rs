//! The tables' content, written by the system's own stores: keys and shapes are theirs, and no test data goes stale.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use benchmarks::sample;
use jiff::Timestamp;
use shared::access::client::{Client, Key, Recipients, State};
use shared::access::key::KeyDigest;
use shared::access::route::Route;
use shared::identity::decide::Rule;
use shared::identity::digest::RecordId;
use shared::identity::publication::{Change, plan};
use shared::identity::student::{Edge, RecordVersion, Student, StudentId};
use shared::registry::clients::ClientStore;
use shared::registry::records::{Record, RecordState, RecordStore};
use shared::registry::students::{Published, Settled, StudentStore};

use crate::stub::{Stub, Tables};

/// Everything that a look-up reads.
pub(crate) async fn tables() -> Result<Tables> {
    let stub = Stub::to_fill().await?;
    let dynamodb = dynamodb(&stub);
    client(&ClientStore::new(dynamodb.clone(), "clients".into())).await.context("the client can't be stored")?;
    student(dynamodb).await.context("the student can't be stored")?;
    Ok(stub.tables())
}

async fn client(clients: &ClientStore) -> Result<()> {
    let routes = BTreeSet::from([Route::StatusByIne, Route::StatusByIdentity]);
    // With the quota that clients have: a larger one is drawn ahead, and would cost less than a write for each request.
    // The stub never says that it is empty.
    let client = Client::new(sample::CLIENT_ID, "Banc d'essai");
    clients.put(&Client { routes: routes.clone(), recipients: Recipients::Any, ..client }).await?;
    let key = Key {
        digest: KeyDigest::of(sample::CLIENT_KEY),
        client_id: sample::CLIENT_ID.into(),
        routes,
        state: State::Active,
        valid_until: None,
        created_at: Timestamp::now(),
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
            rule: Rule::Newcomer,
            rules_version: 1,
        };
        last = Some(edge.clone());
        after.attach(edge);
    }
    let Edge { record, version, declaration, .. } = last.context("nothing was declared")?;
    let (state, statut_ine, finding) = (RecordState::Pending, None, None);
    let record = Record { id: record, version, statut_ine, finding, state, declaration, student: None };
    let settled = Settled::Attached(after.id);
    let writes = plan(&[Change { before, after }], &keys, &BTreeMap::new());

    let students = StudentStore::new(dynamodb.clone(), "students".into(), "postings".into());
    let records = RecordStore::new(dynamodb, "records".into());
    let published = students.publish(&writes, &records, &record, settled).await?;
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
#[expect(deprecated, reason = "later behaviours would send requests for 127.0.0.1 to the person's proxy")]
fn without_proxy() -> BehaviorVersion {
    BehaviorVersion::v2025_01_17()
}
