//! The bare look-up: the INE, its key, one read, the answer's text.

use anyhow::{Context as _, Result};
use benchmarks::sample;
use jiff::Timestamp;
use shared::config;
use shared::contract::student_status::StudentStatus;
use shared::domain::academic_year::day_in_france;
use shared::domain::ine::Ine;
use shared::identity::digest::IdentityKeys;
use shared::registry::answers::AnswerStore;

/// What it needs.
pub(crate) struct LookUp {
    keys: IdentityKeys,
    answers: AnswerStore,
}

impl LookUp {
    /// From the environment; the key is at hand, as Python and Node have it.
    pub(crate) fn new(dynamodb: &aws_sdk_dynamodb::Client) -> Result<Self> {
        let [students, blocks] = ["STUDENTS_TABLE", "BLOCKS_TABLE"].map(config::variable);
        let answers = AnswerStore::new(dynamodb.clone(), students?, blocks?);
        Ok(Self { keys: sample::identity_keys(), answers })
    }

    /// The answer's body.
    pub(crate) async fn by_ine(&self, ine: &str) -> Result<String> {
        let ine = Ine::parse(ine)?;
        let answer =
            self.answers.by_ine(&ine, &self.keys).await?.context("the student isn't there")?;
        let today = day_in_france(Timestamp::now());
        let told =
            StudentStatus::on(&answer, today, sample::STARTS_WITHIN_DAYS, Some(ine.expose()));
        Ok(serde_json::to_string(&told.context("nothing is current")?)?)
    }
}
