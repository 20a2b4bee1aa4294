//! What is a student's own: their page, who consulted it, what they share, what they ask by their
//! rights, and the page where a share is read.
//!
//! A student is whom the engine finds for the identity that their provider vouches for, in strict
//! mode, anew for each page: nobody, several and a doubt are one answer, in words, and what is
//! shown is traced before it is.

use std::num::NonZeroU32;

use secrecy::SecretString;
use shared::access::quota::Rate;
use shared::auth::http::LazyHttpClient;
use shared::auth::oidc::{OidcClient, Provider};
use shared::config::{ConfigError, variable};
use shared::registry::answers::AnswerStore;
use shared::registry::quotas::QuotaStore;
use shared::registry::shares::ShareStore;

use crate::attesting::{self, Attesting};

pub(crate) mod accesses;
pub(crate) mod export;
pub(crate) mod found;
pub(crate) mod known;
pub(crate) mod login;
pub(crate) mod page;
pub(crate) mod reading;
pub(crate) mod recipients;
pub(crate) mod rights;
pub(crate) mod shares;
pub(crate) mod told;

/// Stores and terms of these pages.
pub(crate) struct Own {
    pub(crate) provider: OidcClient<LazyHttpClient>,
    pub(crate) answers: AnswerStore,
    pub(crate) shares: ShareStore,
    pub(crate) quotas: QuotaStore,
    pub(crate) attesting: Attesting,
    /// Enrolments that start within so many days are told.
    pub(crate) starts_within_days: u16,
    /// How long a share lives.
    pub(crate) share_days: u16,
    /// How many shares are tried to be read, by everybody together.
    pub(crate) readings: Rate,
    /// How long traces are kept.
    pub(crate) retention_days: u32,
}

/// What the environment says of them.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) provider: Provider,
    pub(crate) blocks_table: String,
    pub(crate) shares_table: String,
    pub(crate) starts_within_days: u16,
    pub(crate) share_days: u16,
    pub(crate) share_readings_per_hour: NonZeroU32,
    pub(crate) attesting: attesting::Settings,
}

/// Tables that other pages use too.
pub(crate) struct Tables {
    pub(crate) students: String,
    pub(crate) quotas: String,
}

impl Settings {
    /// What is said besides the provider.
    pub(crate) fn from_env(provider: Provider) -> Result<Self, ConfigError> {
        Ok(Self {
            provider,
            blocks_table: variable("BLOCKS_TABLE")?,
            shares_table: variable("SHARES_TABLE")?,
            starts_within_days: variable("STARTS_WITHIN_DAYS")?,
            share_days: variable("SHARE_DAYS")?,
            share_readings_per_hour: variable("SHARE_READINGS_PER_HOUR")?,
            attesting: attesting::Settings::from_env()?,
        })
    }
}

impl Own {
    /// Nothing is called yet.
    pub(crate) fn new(
        settings: Settings,
        client_secret: SecretString,
        http: LazyHttpClient,
        (dynamodb, kms): (&aws_sdk_dynamodb::Client, aws_sdk_kms::Client),
        tables: Tables,
        retention_days: u32,
    ) -> Self {
        Self {
            provider: OidcClient::new(settings.provider, client_secret, http),
            answers: AnswerStore::new(dynamodb.clone(), tables.students, settings.blocks_table),
            shares: ShareStore::new(dynamodb.clone(), settings.shares_table),
            quotas: QuotaStore::new(dynamodb.clone(), tables.quotas),
            attesting: Attesting::new(settings.attesting, dynamodb.clone(), kms),
            starts_within_days: settings.starts_within_days,
            share_days: settings.share_days,
            readings: Rate::per_hour(settings.share_readings_per_hour),
            retention_days,
        }
    }
}
