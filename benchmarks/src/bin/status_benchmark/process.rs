//! One process under measure, with the stub it talks to.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use benchmarks::sample;
use hyper::body::Bytes;
use tokio::process::Child;
use tokio::time::timeout;

use crate::stub::{Addresses, Arrival, Calls, Stub, Tables};
use crate::subject::Subject;

/// How long a start or an answer may take on the slowest machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process that is running; dropping it kills it.
pub(crate) struct Process {
    child: Child,
    pid: u32,
    stub: Stub,
    log: PathBuf,
    started: Instant,
}

/// One answer.
pub(crate) struct HttpAnswer {
    /// From the event's leaving to the answer's arrival.
    pub(crate) took: Duration,
    /// When it arrived.
    pub(crate) at: Instant,
    /// What API Gateway would be given.
    pub(crate) body: Bytes,
}

impl Process {
    /// Starts a subject, with what it prints going to a file, as Lambda's goes to a pipe.
    pub(crate) async fn start(subject: &Subject, tables: &Tables) -> Result<Self> {
        let stub = Stub::serve(tables.clone()).await?;
        let log = subject.log();
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("{} can't be written", log.display()))?;
        let mut command = subject.command();
        command
            .env_clear()
            .envs(environment(stub.addresses()))
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        command.kill_on_drop(true);
        let started = Instant::now();
        let child =
            command.spawn().with_context(|| format!("{} can't be started", subject.name()))?;
        let pid = child.id().ok_or_else(|| anyhow!("{} ended before it began", subject.name()))?;
        Ok(Self { child, pid, stub, log, started })
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// When it was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// The calls that it made so far.
    pub(crate) fn calls(&self) -> Calls {
        self.stub.calls()
    }

    /// How many connections to DynamoDB it opened so far.
    pub(crate) fn connections(&self) -> u32 {
        self.stub.connections()
    }

    /// Waits until it asks for an event.
    pub(crate) async fn ready(&mut self) -> Result<Instant> {
        match self.arrival().await? {
            Arrival::Ready(at) => Ok(at),
            other => bail!(
                "it told {other:?} when it should have asked for an event: see {}",
                self.log.display()
            ),
        }
    }

    /// Hands it an event when it has asked for one, and takes the answer.
    pub(crate) async fn ask(&mut self, event: &Bytes) -> Result<HttpAnswer> {
        let given = Instant::now();
        self.stub.give(event.clone());
        match self.arrival().await? {
            Arrival::Answer(at, body) => Ok(HttpAnswer { took: at - given, at, body }),
            Arrival::Failure(body) => {
                bail!("it failed: {} (see {})", shown(&body), self.log.display())
            }
            Arrival::Ready(_) => {
                bail!("it asked for an event without answering one: see {}", self.log.display())
            }
        }
    }

    pub(crate) async fn end(mut self) -> Result<()> {
        self.child.kill().await.context("a process can't be ended")
    }

    async fn arrival(&mut self) -> Result<Arrival> {
        let arrival = tokio::select! {
            // What it said before it ended says more than how it ended.
            biased;
            arrival = timeout(PATIENCE, self.stub.arrival()) => arrival,
            status = self.child.wait() => bail!("it ended with {}: see {}", status?, self.log.display()),
        };
        let late = || {
            format!("it has said nothing for {} s: see {}", PATIENCE.as_secs(), self.log.display())
        };
        arrival.with_context(late)?.context("the stub has ended")
    }
}

/// All that any subject reads, and no more: neither proxies nor credentials of the person who runs
/// this.
fn environment(stub: Addresses) -> Vec<(&'static str, String)> {
    let lambda = [
        ("AWS_LAMBDA_RUNTIME_API", stub.runtime.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", "status".into()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".into()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/status".into()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "benchmark".into()),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO".into()),
        ("LANG", "en_US.UTF-8".into()),
        // The SDK for JavaScript warns of the end of an old Node at each start.
        ("NODE_NO_WARNINGS", "1".into()),
        ("PATH", std::env::var("PATH").unwrap_or_default()),
    ];
    let aws = [
        ("AWS_ENDPOINT_URL", format!("http://{}", stub.dynamodb)),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", format!("http://{}", stub.secrets)),
        ("AWS_REGION", "eu-west-3".into()),
        ("AWS_DEFAULT_REGION", "eu-west-3".into()),
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ("AWS_CONFIG_FILE", "/dev/null".into()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".into()),
    ];
    let function = [
        ("ENVIRONMENT", "benchmark".into()),
        ("INE_SECRET_ARN", "ine".into()),
        ("IDENTITY_SECRET_ARN", "identity".into()),
        ("ACCESS_LOG_RETENTION_DAYS", "365".into()),
        ("STARTS_WITHIN_DAYS", sample::STARTS_WITHIN_DAYS.to_string()),
        ("CLIENT_CACHE_SECONDS", "60".into()),
        // For Python and Node, which fetch no secret.
        ("INE_KEY_ID", sample::DIGEST_KEY_ID.into()),
        ("INE_KEY", sample::DIGEST_KEY.into()),
    ];
    let tables = sample::TABLES.map(|(variable, table)| (variable, table.to_owned()));
    lambda.into_iter().chain(aws).chain(function).chain(tables).collect()
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}
