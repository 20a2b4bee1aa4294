//! Our credentials at INES, in Secrets Manager, where an operator puts them and replaces them.

use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;

use crate::registry::StoreError;

/// What the secret holds: `{"client_id":"…","client_secret":"…"}`.
#[derive(Clone, Deserialize)]
pub struct Credentials {
    /// Who we are there.
    pub client_id: String,
    /// How we prove it.
    pub client_secret: SecretString,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// Where credentials are read.
pub trait Secret: Send + Sync {
    /// The credentials, as of now.
    fn read(&self) -> impl Future<Output = Result<Credentials, StoreError>> + Send;
}

/// The secret of that ARN.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    client: aws_sdk_secretsmanager::Client,
    arn: String,
}

impl StoredSecret {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(client: aws_sdk_secretsmanager::Client, arn: String) -> Self {
        Self { client, arn }
    }
}

impl Secret for StoredSecret {
    async fn read(&self) -> Result<Credentials, StoreError> {
        const OPERATION: &str = "secretsmanager GetSecretValue";
        let output = self.client.get_secret_value().secret_id(&self.arn).send().await;
        let output = output.map_err(|error| StoreError::new(OPERATION, &error))?;
        let stored = output.secret_string().and_then(|text| serde_json::from_str(text).ok());
        stored.ok_or_else(|| StoreError::shape(OPERATION))
    }
}
