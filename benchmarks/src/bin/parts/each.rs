//! What each part costs, called one after another: in a loop of its own, each would find all its
//! code in the caches.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};
use benchmarks::sample;
use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use shared::access::client::{Client, Key, Quota};
use shared::access::key::KeyDigest;
use shared::access::quota::{Rate, micros};
use shared::access::route::Route;
use shared::api::metrics::{Metrics, RequestMetrics};
use shared::audit::{AccessLog, Action, Disclosure, Request};
use shared::config;
use shared::contract::error::Uid;
use shared::identity::student::StudentId;
use shared::registry::clients::ClientStore;
use shared::registry::quotas::{QuotaStore, Subject, Taken};
use status::metrics::RequestLine;

use crate::look_up::LookUp;

/// The parts' names and processor times, in nanoseconds, in the function's order.
pub(crate) type Took = [(&'static str, u64); 5];

/// What the parts need.
pub(crate) struct Parts {
    keys: HashMap<KeyDigest, Arc<Key>>,
    clients: HashMap<String, Arc<Client>>,
    quotas: QuotaStore,
    look_up: LookUp,
    access_log: AccessLog,
    told: Disclosure,
    metrics: Metrics,
}

impl Parts {
    /// From the environment and the tables.
    pub(crate) async fn new(dynamodb: &aws_sdk_dynamodb::Client, look_up: LookUp) -> Result<Self> {
        let clients = ClientStore::new(dynamodb.clone(), config::variable("CLIENTS_TABLE")?);
        let digest = KeyDigest::of(sample::CLIENT_KEY);
        let key = clients.key(&digest).await?.context("the key isn't there")?;
        let client = clients.by_id(&key.client_id).await?.context("the client isn't there")?;
        let (log, retention) =
            (config::variable("ACCESS_LOG_TABLE")?, config::variable("ACCESS_LOG_RETENTION_DAYS")?);
        Ok(Self {
            clients: HashMap::from([(key.client_id.clone(), Arc::new(client))]),
            keys: HashMap::from([(digest, Arc::new(key))]),
            quotas: QuotaStore::new(dynamodb.clone(), config::variable("QUOTAS_TABLE")?),
            look_up,
            access_log: AccessLog::new(dynamodb.clone(), log, retention),
            told: Disclosure {
                student: Some(StudentId::random()),
                enrolments: 1,
                fields: vec!["ine", "nomFamille", "prenom", "dateNaissance", "inscriptions"],
                ..Disclosure::default()
            },
            metrics: Metrics::new(config::variable("ENVIRONMENT")?, Box::new(std::io::stdout())),
        })
    }

    /// Calls every part once.
    pub(crate) async fn call(&self, ine: &str) -> Result<Took> {
        let now = Timestamp::now();
        let mut clock = Clock::start();
        self.check_client(now)?;
        let client = clock.lap();
        self.take_quota(now).await?;
        let quota = clock.lap();
        black_box(self.look_up.by_ine(ine).await?);
        let look_up = clock.lap();
        self.trace(now).await?;
        let trace = clock.lap();
        self.write_metrics(now);
        let metrics = clock.lap();
        Ok([
            ("client check, remembered", client),
            ("quota", quota),
            ("bare look-up", look_up),
            ("trace", trace),
            ("metrics line", metrics),
        ])
    }

    /// The key's digest, and the key and the client as they were read before.
    fn check_client(&self, now: Timestamp) -> Result<()> {
        let digest = KeyDigest::of(black_box(sample::CLIENT_KEY));
        let key = self.keys.get(&digest).cloned().context("the key isn't known")?;
        let route = Route::StatusByIne;
        ensure!(key.is_active(now) && key.routes.contains(&route), "the key may not ask");
        let client = self.clients.get(&key.client_id).cloned().context("the client isn't known")?;
        ensure!(client.is_active(now) && client.may(route), "the client may not ask");
        black_box(client);
        Ok(())
    }

    /// One taken out of an idle bucket: one write.
    async fn take_quota(&self, now: Timestamp) -> Result<()> {
        let (subject, rate) =
            (Subject::client(sample::CLIENT_ID), Rate::per_second(Quota::PER_SECOND));
        let taken = self.quotas.take(&subject, rate, 1, micros(now)).await?;
        ensure!(matches!(taken, Taken::Granted(_)), "the quota refused");
        Ok(())
    }

    /// One trace: one write.
    async fn trace(&self, now: Timestamp) -> Result<()> {
        let request = Request {
            uid: &Uid::at(now),
            at: now,
            client: Some(sample::CLIENT_ID),
            depositor: None,
            route: Route::StatusByIne,
            action: Action::Consulted,
            caller: Some(sample::CALLER),
            recipient: None,
        };
        self.access_log.write(&request, std::slice::from_ref(&self.told)).await?;
        Ok(())
    }

    /// The line that every request leaves.
    fn write_metrics(&self, now: Timestamp) {
        let request = RequestMetrics {
            timestamp: SystemTime::now(),
            environment: self.metrics.environment.clone(),
            route: Route::StatusByIne.name(),
            request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".into(),
            uid: Uid::at(now).to_string(),
            client: Some(sample::CLIENT_ID.into()),
            outcome: "found",
            status: 200,
            requests: 1,
            duration_ms: black_box(0.5),
            cold_starts: 0,
            server_errors: 0,
        };
        self.metrics.emit(RequestLine {
            request,
            people: 1,
            refused_quota: 0,
            enumeration_suspected: 0,
            france_connect_failures: 0,
        });
    }
}

/// The processor time of this process, user and system, part by part. Reading it takes some 0.3 µs.
struct Clock(Duration);

impl Clock {
    fn start() -> Self {
        Self(Self::now())
    }

    fn lap(&mut self) -> u64 {
        let before = std::mem::replace(&mut self.0, Self::now());
        u64::try_from(self.0.saturating_sub(before).as_nanos()).unwrap_or(u64::MAX)
    }

    fn now() -> Duration {
        Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
    }
}
