//! The keys at KMS that sign: the private halves never leave it.

use attestation::PublicKey;
use attestation::keys::{KeyError, SIGNATURE, fixed};
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use sha2::{Digest as _, Sha256};
use shared::registry::StoreError;
use tokio::sync::OnceCell;

use crate::refusal::ApiError;

/// Our keys. The public halves never change, so a process asks for them once.
#[derive(Debug)]
pub(crate) struct Signer {
    client: Client,
    /// Their ARNs, the one that signs first.
    arns: Vec<String>,
    public: OnceCell<Vec<PublicKey>>,
}

impl Signer {
    pub(crate) fn new(client: Client, arns: Vec<String>) -> Self {
        Self { client, arns, public: OnceCell::new() }
    }

    /// The public keys, that of the key that signs first.
    pub(crate) async fn keys(&self) -> Result<&[PublicKey], ApiError> {
        let keys = self.public.get_or_try_init(async || {
            let mut keys = Vec::with_capacity(self.arns.len());
            for arn in &self.arns {
                keys.push(self.public_key(arn).await?);
            }
            Ok::<_, ApiError>(keys)
        });
        Ok(keys.await?.as_slice())
    }

    async fn public_key(&self, arn: &str) -> Result<PublicKey, ApiError> {
        let output = self.client.get_public_key().key_id(arn).send().await;
        let output = output.map_err(|error| StoreError::new("kms GetPublicKey", &error))?;
        let der = output.public_key.map(Blob::into_inner).unwrap_or_default();
        PublicKey::from_spki(&der).map_err(unusable)
    }

    /// The key that signs.
    pub(crate) async fn key(&self) -> Result<&PublicKey, ApiError> {
        self.keys().await?.first().ok_or_else(|| StoreError::shape("kms").into())
    }

    /// Signs a message of any length. The signature is verified before anybody sees it: one that
    /// nobody can verify would be found out at a counter.
    pub(crate) async fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE], ApiError> {
        let key = self.key().await?;
        let arn = self.arns.first().ok_or_else(|| StoreError::shape("kms"))?;
        let output = self
            .client
            .sign()
            .key_id(arn)
            .message_type(MessageType::Digest)
            .message(Blob::new(Sha256::digest(message).to_vec()))
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .send()
            .await;
        let output = output.map_err(|error| StoreError::new("kms Sign", &error))?;
        let signature = output.signature.map(Blob::into_inner).unwrap_or_default();
        let signature = fixed(&signature).map_err(unusable)?;
        if key.has_signed(message, &signature) {
            Ok(signature)
        } else {
            Err(unusable(KeyError::Der))
        }
    }
}

/// KMS gave what no key or signature of P-256 is: the key was made for something else.
fn unusable(error: KeyError) -> ApiError {
    tracing::error!(%error, "a key of attestations can't be used");
    StoreError::shape("kms").into()
}
