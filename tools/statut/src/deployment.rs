//! One deployment, here or on a real account, by the beginning of the names that Terraform gives.

use anyhow::{Context as _, Result, bail};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use shared::config::StoredKey;
use shared::identity::digest::DigestKey;
use shared::registry::StoreError;

use crate::aws::{self, Ambient};
use crate::lambda::Lambda;

/// What the table of the students ends with (infra/storage.tf); its deployment's name comes before.
const STUDENTS: &str = "-students";

/// Its name, and clients for where it is.
#[derive(Debug)]
pub struct Deployment {
    /// What every table, queue, bucket and secret of it starts with: `statut-etudiant-production`.
    pub name: String,
    /// The tables.
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub secrets: aws_sdk_secretsmanager::Client,
    /// The buckets.
    pub s3: aws_sdk_s3::Client,
    /// The queues.
    pub sqs: aws_sdk_sqs::Client,
    pub(crate) lambda: Lambda,
}

impl Deployment {
    /// The local platform, by its emulator's address and the name of its table of students.
    pub fn local(endpoint: &str, students_table: &str) -> Result<Self> {
        let name = students_table.strip_suffix(STUDENTS);
        let name =
            name.with_context(|| format!("{students_table} is not called {STUDENTS} at its end"))?;
        Ok(Self {
            name: name.to_owned(),
            dynamodb: aws::dynamodb(endpoint),
            secrets: aws::secrets_manager(endpoint),
            s3: aws::s3(endpoint),
            sqs: aws::sqs(endpoint),
            lambda: aws::lambda(endpoint),
        })
    }

    /// The one of that name on the account that the environment reaches.
    pub(crate) async fn of_account(name: &str) -> Result<Self> {
        let Ambient { dynamodb, secrets, s3, sqs, lambda, place } = Ambient::new().await?;
        eprintln!("{name}, {place}");
        Ok(Self { name: name.to_owned(), dynamodb, secrets, s3, sqs, lambda })
    }

    /// The name of one of its tables, functions or queues: `<deployment>-<table>`.
    #[must_use]
    pub fn table(&self, table: &str) -> String {
        format!("{}-{table}", self.name)
    }

    /// The key of one of its secrets, `<deployment>/<secret>` (infra/modules/hmac-secret).
    pub(crate) async fn digest_key(&self, secret: &str) -> Result<DigestKey> {
        let key = self.stored_key(secret, "AWSCURRENT").await?;
        key.with_context(|| format!("the secret {}/{secret} has no value", self.name))
    }

    /// The one before, which Secrets Manager keeps; none where the secret was never renewed.
    pub(crate) async fn digest_key_before(&self, secret: &str) -> Result<Option<DigestKey>> {
        self.stored_key(secret, "AWSPREVIOUS").await
    }

    async fn stored_key(&self, secret: &str, stage: &str) -> Result<Option<DigestKey>> {
        let name = format!("{}/{secret}", self.name);
        let read = self.secrets.get_secret_value().secret_id(&name).version_stage(stage);
        let secret = match read.send().await {
            Ok(secret) => secret,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetSecretValueError::is_resource_not_found_exception) =>
            {
                return Ok(None);
            }
            Err(error) => {
                let error = StoreError::new("secretsmanager GetSecretValue", &error);
                return Err(error).with_context(|| format!("the secret {name} can't be read"));
            }
        };
        let stored = secret.secret_string().and_then(|text| serde_json::from_str(text).ok());
        let StoredKey { id, key } =
            stored.with_context(|| format!("the secret {name} is not one of ours"))?;
        Ok(Some(DigestKey::new(id, key)))
    }

    /// The address of one of its queues.
    pub(crate) async fn queue(&self, queue: &str) -> Result<String> {
        let name = format!("{}-{queue}", self.name);
        let found = self.sqs.get_queue_url().queue_name(&name).send().await;
        let found = found.with_context(|| format!("the queue {name} can't be found"))?;
        found.queue_url.with_context(|| format!("the queue {name} has no address"))
    }

    /// The name of one of its buckets. It ends with the number of the account, which only the
    /// account knows.
    pub(crate) async fn bucket(&self, bucket: &str) -> Result<String> {
        let prefix = format!("{}-{bucket}-", self.name);
        let listed = self
            .s3
            .list_buckets()
            .prefix(&prefix)
            .send()
            .await
            .context("the buckets can't be listed")?;
        let names = listed.buckets().iter().filter_map(|bucket| bucket.name());
        // An emulator or an older S3 may ignore the prefix.
        let mut names = names.filter(|name| name.starts_with(&prefix));
        match (names.next(), names.next()) {
            (Some(name), None) => Ok(name.to_owned()),
            (None, _) => bail!("no bucket is called {prefix}…"),
            (Some(_), Some(_)) => bail!("several buckets are called {prefix}…"),
        }
    }
}
