//! FranceConnect with our secret, read when it is first needed: most instances never meet a
//! FranceConnect token.

use std::sync::Arc;
use std::time::Duration;

use shared::auth::france_connect::{FranceConnect, Secret, Settings};
use shared::registry::StoreError;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long a secret is used before it is read again, so that a new key is known to every warm
/// instance soon after it is stored (docs/deploying.md).
const SECRET_KEPT: Duration = Duration::from_mins(10);

/// FranceConnect, if it is configured.
#[derive(Debug)]
pub(crate) struct LazyFranceConnect {
    configured: Option<(Settings, String)>,
    secrets: aws_sdk_secretsmanager::Client,
    loaded: Mutex<Option<(Instant, Arc<FranceConnect>)>>,
}

impl LazyFranceConnect {
    /// `configured` is where it is, and the ARN of our secret.
    pub(crate) fn new(
        configured: Option<(Settings, String)>,
        secrets: aws_sdk_secretsmanager::Client,
    ) -> Self {
        Self { configured, secrets, loaded: Mutex::default() }
    }

    /// FranceConnect; `None` when it isn't configured.
    pub(crate) async fn get(&self) -> Result<Option<Arc<FranceConnect>>, StoreError> {
        let Some((settings, arn)) = &self.configured else { return Ok(None) };
        let mut loaded = self.loaded.lock().await;
        if let Some((at, known)) = &*loaded
            && at.elapsed() < SECRET_KEPT
        {
            return Ok(Some(Arc::clone(known)));
        }
        match self.load(settings.clone(), arn).await {
            Ok(fresh) => {
                *loaded = Some((Instant::now(), Arc::clone(&fresh)));
                Ok(Some(fresh))
            }
            // A secret that was good a moment ago is better than none.
            Err(error) => match &mut *loaded {
                Some((at, known)) => {
                    tracing::error!(%error, "FranceConnect's secret not read again");
                    *at = Instant::now();
                    Ok(Some(Arc::clone(known)))
                }
                None => Err(error),
            },
        }
    }

    async fn load(&self, settings: Settings, arn: &str) -> Result<Arc<FranceConnect>, StoreError> {
        const OPERATION: &str = "secretsmanager GetSecretValue";
        let output = self
            .secrets
            .get_secret_value()
            .secret_id(arn)
            .send()
            .await
            .map_err(|error| StoreError::new(OPERATION, &error))?;
        let secret: Secret = output
            .secret_string()
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| StoreError::shape(OPERATION))?;
        let france_connect = FranceConnect::new(settings, secret).map_err(|error| {
            tracing::error!(%error, "FranceConnect's secret can't be used");
            StoreError::shape(OPERATION)
        })?;
        Ok(Arc::new(france_connect))
    }
}
