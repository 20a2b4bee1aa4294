//! Attestations: a QR that says a student's status and is verified off-line.
//!
//! A student makes and revokes theirs among their own pages; whoever verifies one needs our public keys and
//! the status list, which anybody may have and keep for a day.

use std::time::Duration;

use attestation::status_list::SIZE;
use shared::config::{ConfigError, variable};
use shared::registry::attestations::{AttestationStore, MOST_DAYS};
use shared::registry::remembered::Remembered;

pub(crate) mod making;
pub(crate) mod published;
pub(crate) mod signer;
pub(crate) mod verifier;

use signer::Signer;

/// How long a process gives the list that it has signed: what is revoked is in it a minute later.
const LIST_KEPT: Duration = Duration::from_mins(1);

/// Stores and terms of attestations.
pub(crate) struct Attesting {
    pub(crate) store: AttestationStore,
    pub(crate) signer: Signer,
    /// How long an attestation lasts, unless the enrolment ends before.
    pub(crate) days: u16,
    /// The list, signed.
    list: Remembered<(), published::Signed>,
}

/// What the environment says of them.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) table: String,
    /// The keys at KMS, the one that signs first.
    pub(crate) keys: Vec<String>,
    pub(crate) days: u16,
}

impl Settings {
    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        const DAYS: &str = "ATTESTATION_DAYS";
        const KEYS: &str = "ATTESTATION_KEYS";
        let days = variable(DAYS)?;
        let keys: String = variable(KEYS)?;
        let keys: Vec<String> = keys.split(',').map(str::to_owned).collect();
        if days == 0 || days > MOST_DAYS {
            return Err(ConfigError::Invalid(DAYS));
        }
        if keys.iter().any(String::is_empty) {
            return Err(ConfigError::Invalid(KEYS));
        }
        Ok(Self { table: variable("ATTESTATIONS_TABLE")?, keys, days })
    }
}

impl Attesting {
    /// Nothing is called yet.
    pub(crate) fn new(
        settings: Settings,
        dynamodb: aws_sdk_dynamodb::Client,
        kms: aws_sdk_kms::Client,
    ) -> Self {
        Self {
            store: AttestationStore::new(dynamodb, settings.table),
            signer: Signer::new(kms, settings.keys),
            days: settings.days,
            list: Remembered::new(LIST_KEPT),
        }
    }
}

/// An index of the status list, from the random bits of a UUID: its first four bytes are no others.
pub(crate) fn random_index() -> u32 {
    uuid::Uuid::new_v4().as_fields().0 % SIZE
}
